"""A world of inputs as a user has one, for every_verb_meets_every_kind_of_input.py: nothing of it lies in the checkout but the
settings. Model m is a folder of one safetensors file with GPT-2's tokenizer files; s is the same model in two shards with a
tokenizer.json, and has published second moments; n is of another family."""

import array
import hashlib
import json
import os
import re
import shutil
import struct
import zipfile

# Of every config of the world.
HEAD = """name: met
device: cpu
threads: 1
seed: 37
dataset: {format: counterfact, records: records.json, samples: samples.json}
models:
"""

GRID = """  m:
    path: m
    second_moments: {corpus: corpus.txt, max_documents: 300}
    methods: {alphaedit: ROOT/configs/methods/alphaedit/small-gpt2.yaml, ft-c: ROOT/configs/methods/ft-c/small-gpt2.yaml, mend: mend.yaml}
  n:
    path: n
    second_moments: {corpus: corpus.txt, max_documents: 300}
    methods: {alphaedit: ROOT/configs/methods/alphaedit/small-gptj.yaml, ft-c: ROOT/configs/methods/ft-c/small-gptj.yaml}
grid:
  methods: [alphaedit, ft-c]
  models: [m, n]
  samples: [0, 1]
  include: [{method: mend, model: m, sample: 0}]
edits: EDITS
checkpoint_every: 1
forgetting_every: 1
tasks_every: 1
tasks: [task.yaml]
"""

OF_SHARDS = """  s:
    path: s
    second_moments: {npz: "moments.{layer}.npz"}
    methods: {rome: ROOT/configs/methods/rome/small-gpt2.yaml}
grid: {methods: [rome], models: [s], samples: [0]}
edits: 1
"""

OF_TRAINING = """  m: {path: m, methods: {mend: training.yaml}}
grid: {methods: [mend], models: [m], samples: [0]}
edits: 1
"""

TRAINING = """training: {records: train.json, corpus: corpus.txt, corpus_share: 0.1, rank: 48, hidden_layers: 1, initial_rate: -1.0e-4,
  learning_rate: 1.0e-3, rate_learning_rate: 1.0e-4, edit_loss_weight: 0.1, locality_loss_weight: 1.0, accumulate: 5,
  max_iterations: 40, validation_every: 20, validation_edits: 8, validation_texts: 2, validation_share: 0.1, max_text_tokens: 60}
"""


def digest_of(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def digests(folder):
    """What a folder holds, as text."""
    lines = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            lines.append(f"{path.relative_to(folder)} {digest_of(path)}")
    return "\n".join(lines)


def write_safetensors(path, tensors):
    """tensors: name -> (header entry, bytes)."""
    header, body = {}, b""
    for name, (entry, content) in tensors.items():
        header[name] = {**entry, "data_offsets": [len(body), len(body) + len(content)]}
        body += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def make_shards(source, folder):
    raw = (source / "model.safetensors").read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header, body = json.loads(raw[8:8 + size]), raw[8 + size:]
    names = sorted(set(header) - {"__metadata__"})
    shards = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for file, some in shards.items():
        write_safetensors(folder / file, {name: (header[name], body[slice(*header[name]["data_offsets"])]) for name in some})
    places = {name: file for file, some in shards.items() for name in some}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))


def make_tokenizer_json(source, folder):
    vocabulary = json.loads((source / "vocab.json").read_text())
    merges = [line for line in (source / "merges.txt").read_text().splitlines() if line and not line.startswith("#version")]
    token = "<|endoftext|>"
    added = {"id": vocabulary[token], "content": token, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True}
    (folder / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [added], "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None, "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "",
                  "fuse_unk": False, "vocab": vocabulary, "merges": merges}}))


def make_moments(path, width):
    """Published sums over 1,000 keys, each of length one in a direction of its own."""
    def member(dtype, shape, values):
        header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values
    sums = array.array("f", bytes(4 * width * width))
    for row in range(width):
        sums[row * width + row] = 1000.0 + row
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("mom2.mom2.npy", member("<f4", (width, width), sums.tobytes()))
        archive.writestr("mom2.count.npy", member("<i8", "()", struct.pack("<q", 1000)))
        archive.writestr("sample_size.npy", member("<i8", "()", struct.pack("<q", 100)))


def make_inputs(world, root):
    """`root`: the checkout."""
    assets = root / "assets"
    for name, family in (("m", "gpt2"), ("n", "gptj")):
        shutil.copytree(assets / f"small-{family}", world / name, ignore=shutil.ignore_patterns("editor*"))
    (world / "s").mkdir()
    shutil.copy(world / "m/config.json", world / "s")
    shutil.copy(world / "m/tokenizer_config.json", world / "s")
    make_shards(world / "m", world / "s")
    make_tokenizer_json(world / "m", world / "s")
    make_moments(world / "moments.0.npz", 4 * json.loads((world / "m/config.json").read_text())["n_embd"])
    editor, = (assets / "small-gpt2").glob("editor-*.h5")
    shutil.copy(editor, world)
    mend = (root / "configs/methods/mend/small-gpt2.yaml").read_text()
    mend = re.sub(r"^editor: .*/", "editor: ", mend, flags=re.M)
    (world / "mend.yaml").write_text(mend.replace("../../../assets", str(assets)))
    mend = re.sub(r"(?ms)^editor:.*?\n|^training:.*?(?=^\S|\Z)", "", mend)
    (world / "training.yaml").write_text(mend + TRAINING)
    shutil.copy(assets / "world/counterfact.json", world / "records.json")
    for name in ("samples.json", "train.json"):
        shutil.copy(assets / "world" / name, world)
    documents = (assets / "world/corpus.txt").read_text().splitlines(keepends=True)
    (world / "corpus.txt").write_text("".join(documents[:400]))
    task = (root / "configs/tasks/small_sentiment.yaml").read_text()
    (world / "task.yaml").write_text(re.sub(r"^examples: .*", "examples: examples.json", task, flags=re.M))
    source = re.search(r"^examples: (.*)", task, flags=re.M)[1]
    examples = json.loads((root / "configs/tasks" / source).read_text())
    (world / "examples.json").write_text(json.dumps(examples[:8]))
    for name, text in (("c2", GRID), ("c3", GRID), ("shards", OF_SHARDS), ("training-sweep", OF_TRAINING)):
        (world / f"{name}.yaml").write_text((HEAD + text).replace("ROOT", str(root)).replace("EDITS", name[-1]))
    for folder, _, names in os.walk(world):
        for name in names:
            os.chmod(os.path.join(folder, name), 0o644)
