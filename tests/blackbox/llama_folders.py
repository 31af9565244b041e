#!/usr/bin/env python3
"""Tiny folders of the Llama family whose answers transformers has recorded, for folders_of_every_llama_type.sh.

    llama_folders.py write RECORDING FOLDER [SHARDS]  config.json as transformers wrote it, the recording's weights, a tokenizer
    llama_folders.py texts RECORDING                  lines "prompt, tab, what transformers goes on with", greedily
    llama_folders.py compare SOURCE EXPORT [MATRIX RANK]
        what an export holds beside its source, tensor by tensor: the same bits, or MATRIX another by an update of this rank

A recording is one of tests/model/golden/logits.json without its "formula-". A token is a character, so a text has one
reading. Weight files are read and written here byte by byte, by none of lethe's code."""

import array
import json
import math
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "model" / "golden"
sys.path.insert(0, str(GOLDEN))
import formula_weights  # noqa: E402

FIRST, COUNT, END = 32, 95, 100  # the printable characters, tokens 0 to 94; the end of a text
NEWLINE = 95


def recorded(recording):
    return json.loads((GOLDEN / "logits.json").read_text())[f"formula-{recording}"]


def shape_of(name, config):
    width, inner, heads = config["hidden_size"], config["intermediate_size"], config["num_attention_heads"]
    head = config.get("head_dim") or width // heads
    rows = {"q": heads * head, "k": config["num_key_value_heads"] * head, "v": config["num_key_value_heads"] * head}
    module, kind = name.split(".")[-2:]
    if module in ("embed_tokens", "lm_head"):
        return [config["vocab_size"], width]
    if module in ("q_norm", "k_norm"):
        return [head]
    if module.endswith("norm"):
        return [width]
    if module[0] in rows:
        return [rows[module[0]], width] if kind == "weight" else [rows[module[0]]]
    return {"o_proj": [width, heads * head], "down_proj": [width, inner]}.get(module, [inner, width])


def tensors_of(recording, config):
    """{name: (shape, bytes)} of fp32 tensors."""
    tensors, start = {}, 0
    for name in formula_weights.llama_parameters(recording, config["num_hidden_layers"]):
        shape = shape_of(name, config)
        numbers = formula_weights.formula(start, math.prod(shape))
        start += len(numbers)
        tensors[name] = (shape, array.array("f", formula_weights.values(name, numbers)).tobytes())
    return tensors


def write_safetensors(path, tensors):
    header, body = {}, b""
    for name, (shape, data) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def read_safetensors(path):
    data = path.read_bytes()
    begin = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:begin])
    header.pop("__metadata__", None)
    assert all(entry["dtype"] == "F32" for entry in header.values()), f"{path}: not all fp32"
    return {name: (entry["shape"], data[slice(*(begin + offset for offset in entry["data_offsets"]))])
            for name, entry in header.items()}


def read_folder(folder):
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return read_safetensors(folder / "model.safetensors")
    files = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    return {name: tensor for file in files for name, tensor in read_safetensors(folder / file).items()}


def write_weights(folder, tensors, num_shards):
    if num_shards == 1:
        write_safetensors(folder / "model.safetensors", tensors)
        return
    names, places = list(tensors), {}
    for shard in range(num_shards):
        file = f"model-{shard + 1:05}-of-{num_shards:05}.safetensors"
        part = {name: tensors[name] for name in names[shard::num_shards]}
        write_safetensors(folder / file, part)
        places.update(dict.fromkeys(part, file))
    size = sum(len(data) for _, data in tensors.values())
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": size}, "weight_map": places}))


def tokenizer():
    vocabulary = {chr(FIRST + token): token for token in range(COUNT)}
    vocabulary["\n"] = NEWLINE
    vocabulary.update({letter: NEWLINE + 1 + i for i, letter in enumerate("äëïö")})
    end = {"id": END, "content": "<|endoftext|>", "special": True, "normalized": False,
           "single_word": False, "lstrip": False, "rstrip": False}
    return {"version": "1.0", "added_tokens": [end], "normalizer": None, "pre_tokenizer": None, "post_processor": None,
            "decoder": {"type": "Fuse"}, "model": {"type": "BPE", "vocab": vocabulary, "merges": [], "unk_token": None}}


def write(recording, folder, num_shards="1"):
    folder = pathlib.Path(folder)
    folder.mkdir()
    config = recorded(recording)["config"]
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|endoftext|>"}))
    write_weights(folder, tensors_of(recording, config), int(num_shards))


def texts(recording):
    """Those that are characters throughout."""
    for text in recorded(recording)["texts"]:
        if max(text["greedy"]) < COUNT:
            print("".join(chr(FIRST + token) for token in text["ids"]),
                  "".join(chr(FIRST + token) for token in text["greedy"][len(text["ids"]):]), sep="\t")


def rank_of(rows):
    """By elimination with the largest pivot; what is left of fp32's rounding counts as nothing."""
    rows = [list(row) for row in rows]
    limit = 1e-3 * max(abs(value) for row in rows for value in row)
    for rank in range(len(rows)):
        size, i, j = max((abs(value), i, j) for i, row in enumerate(rows[rank:], rank) for j, value in enumerate(row))
        if size <= limit:
            return rank
        rows[rank], rows[i] = rows[i], rows[rank]
        pivot = rows[rank]
        for row in rows[rank + 1:]:
            factor = row[j] / pivot[j]
            row[:] = [value - factor * other for value, other in zip(row, pivot)]
    return len(rows)


def update_rank(before, after):
    (rows, columns), data = before
    difference = [b - a for a, b in zip(array.array("f", data), array.array("f", after[1]))]
    return rank_of([difference[row * columns:(row + 1) * columns] for row in range(rows)])


def compare(source, export, matrix=None, rank="0"):
    source, export = pathlib.Path(source), pathlib.Path(export)
    before, after = read_folder(source), read_folder(export)
    assert before.keys() == after.keys(), f"not the tensors of the source: {sorted(before.keys() ^ after.keys())}"
    shapes = [name for name in before if before[name][0] != after[name][0]]
    assert not shapes, f"other shapes: {shapes}"
    changed = [name for name in before if before[name][1] != after[name][1]]
    assert changed == ([matrix] if matrix else []), f"changed: {changed}"
    if matrix:
        found = update_rank(before[matrix], after[matrix])
        assert found == int(rank), f"{matrix}: an update of rank {found}, not {rank}"
    config = json.loads((source / "config.json").read_text())
    described = {key: value for key, value in json.loads((export / "config.json").read_text()).items() if key in config}
    assert described == config, "config.json describes another network"


if __name__ == "__main__":
    {"write": write, "texts": texts, "compare": compare}[sys.argv[1]](*sys.argv[2:])
