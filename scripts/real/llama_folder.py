"""Makes a Hugging Face folder of a Llama model in a GGUF file, as llama.cpp's converter wrote it from such a folder."""

import json
import math
import re
import struct

from real.gguf import GgufError

SPECIAL = 3  # llama.cpp's token type `control`
ORDINARY = 1

_GLOBAL_NAMES = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
_BLOCK_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def hugging_face_name(name):
    """What transformers calls a tensor that llama.cpp calls `name`."""
    if name in _GLOBAL_NAMES:
        return _GLOBAL_NAMES[name]
    found = re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", name)
    return f"model.layers.{found[1]}.{_BLOCK_NAMES[found[2]]}.weight"


def half_split_rows(raw, row_bytes, num_heads):
    """Rows of q or k in the order of transformers.

    Rotary embedding turns pairs of a head's rows. llama.cpp pairs neighbours (2i, 2i + 1), transformers the halves
    (i, i + d/2); its converter reorders the rows accordingly, which is undone here."""
    rows = [raw[begin : begin + row_bytes] for begin in range(0, len(raw), row_bytes)]
    head = len(rows) // num_heads
    return b"".join(
        row for begin in range(0, len(rows), head) for half in (0, 1) for row in rows[begin + half : begin + head : 2]
    )


def shortest(single):
    """The shortest decimal that is this fp32 number: 1e-05, where Python reads 9.999999747378752e-06."""
    if not 0 < single < math.inf:
        raise GgufError(f"a positive number expected, not {single}")
    exact = struct.pack("<f", single)
    texts = (f"{single:.{digits}g}" for digits in range(1, 10))
    return next(value for value in map(float, texts) if struct.pack("<f", value) == exact)


class LlamaFolder:
    """The files of the folder, made from an open GGUF file."""

    def __init__(self, gguf):
        self.gguf = gguf
        for key, expected in {
            "general.architecture": "llama",
            "tokenizer.ggml.model": "gpt2",  # byte-level BPE
            "tokenizer.ggml.pre": "smollm",  # digits one by one, then GPT-2's split
        }.items():
            if self._value(key, str) != expected:
                raise GgufError(f"{key} is {self._value(key, str)!r}; {expected!r} is read")
        self.num_heads = self._value("llama.attention.head_count", int)
        self.num_key_value_heads = self._value("llama.attention.head_count_kv", int)
        self._check_tokens()
        self._check_shapes()

    def _value(self, key, kind):
        value = self.gguf.metadata.get(key)
        if type(value) is not kind:
            raise GgufError(f"{key} is {str(value)[:40]!r}: {kind.__name__} expected")
        return value

    def _tokens(self):
        return self._value("tokenizer.ggml.tokens", list)

    def _token_id(self, role):
        number = self._value(f"tokenizer.ggml.{role}_token_id", int)
        if not 0 <= number < len(self._tokens()):
            raise GgufError(f"tokenizer.ggml.{role}_token_id is {number}, of {len(self._tokens())} tokens")
        return number

    def _check_tokens(self):
        tokens, kinds = self._tokens(), self._value("tokenizer.ggml.token_type", list)
        if len(kinds) != len(tokens) or any(kind not in (ORDINARY, SPECIAL) for kind in kinds):
            raise GgufError(f"tokenizer.ggml.token_type: ordinary ({ORDINARY}) or control ({SPECIAL}) expected of each")
        for texts in (tokens, self._value("tokenizer.ggml.merges", list)):
            if not all(isinstance(text, str) for text in texts) or len(set(texts)) != len(texts):
                raise GgufError("tokenizer.ggml: tokens and merges that are texts, each once, expected")

    def _promised_shapes(self):
        width, inner = self._value("llama.embedding_length", int), self._value("llama.feed_forward_length", int)
        head, num_blocks = self._value("llama.rope.dimension_count", int), self._value("llama.block_count", int)
        if head % 2 or head * self.num_heads != width:
            raise GgufError(f"llama.rope.dimension_count is {head}: rotary over whole heads is read")
        if num_blocks * len(_BLOCK_NAMES) > len(self.gguf.tensors):
            raise GgufError(f"llama.block_count is {num_blocks}, of {len(self.gguf.tensors)} tensors")
        keys = head * self.num_key_value_heads
        block = {
            "attn_norm": (width,), "attn_q": (width, width), "attn_k": (keys, width), "attn_v": (keys, width),
            "attn_output": (width, width), "ffn_norm": (width,), "ffn_gate": (inner, width), "ffn_up": (inner, width),
            "ffn_down": (width, inner),
        }  # fmt: skip
        shapes = {"token_embd.weight": (len(self._tokens()), width), "output_norm.weight": (width,)}
        for layer in range(num_blocks):
            shapes |= {f"blk.{layer}.{name}.weight": shape for name, shape in block.items()}
        return shapes

    def _check_shapes(self):
        """The tensors are those that the metadata promise: all of them, and no others."""
        promised = self._promised_shapes()
        found = {name: tensor.shape for name, tensor in self.gguf.tensors.items()}
        for name in sorted(promised.keys() | found.keys()):
            if promised.get(name) != found.get(name):
                raise GgufError(f"tensor {name}: shape {found.get(name)} found, {promised.get(name)} expected")

    def config(self):
        return {
            "architectures": ["LlamaForCausalLM"],
            "attention_bias": False,
            "attention_dropout": 0.0,
            "bos_token_id": self._token_id("bos"),
            "eos_token_id": self._token_id("eos"),
            "hidden_act": "silu",
            "hidden_size": self._value("llama.embedding_length", int),
            "intermediate_size": self._value("llama.feed_forward_length", int),
            "max_position_embeddings": self._value("llama.context_length", int),
            "mlp_bias": False,
            "model_type": "llama",
            "num_attention_heads": self.num_heads,
            "num_hidden_layers": self._value("llama.block_count", int),
            "num_key_value_heads": self.num_key_value_heads,
            "pad_token_id": self._token_id("padding"),
            "rms_norm_eps": shortest(self._value("llama.attention.layer_norm_rms_epsilon", float)),
            "rope_scaling": None,
            "rope_theta": shortest(self._value("llama.rope.freq_base", float)),
            "tie_word_embeddings": True,
            "torch_dtype": "float32",
            "vocab_size": len(self._tokens()),
        }

    def _special_tokens(self):
        return [
            {"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
             "special": True}
            for i, (token, kind) in enumerate(zip(self._tokens(), self._value("tokenizer.ggml.token_type", list)))
            if kind == SPECIAL
        ]  # fmt: skip

    def tokenizer(self):
        """tokenizer.json: byte-level BPE, as the hub's folder of the model describes it."""
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": self._special_tokens(),
            "normalizer": None,
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level],
            },
            "post_processor": None,
            "decoder": byte_level,
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": False,
                "vocab": {token: i for i, token in enumerate(self._tokens())},
                "merges": self._value("tokenizer.ggml.merges", list),
            },
        }

    def tokenizer_config(self):
        tokens = self._tokens()
        settings = {
            "add_prefix_space": False,
            "added_tokens_decoder": {
                str(token["id"]): {key: value for key, value in token.items() if key != "id"}
                for token in self._special_tokens()
            },
            "clean_up_tokenization_spaces": False,
            "model_max_length": self._value("llama.context_length", int),
            "tokenizer_class": "GPT2Tokenizer",
        }
        for name, key in {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}.items():
            settings[f"{name}_token"] = tokens[self._token_id(key)]
        if "tokenizer.chat_template" in self.gguf.metadata:
            settings["chat_template"] = self._value("tokenizer.chat_template", str)
        return settings

    def weights(self):
        """model.safetensors, piece by piece: its head, then each tensor."""
        names = dict(sorted((hugging_face_name(name), tensor) for name, tensor in self.gguf.tensors.items()))
        header, end = {"__metadata__": {"format": "pt"}}, 0
        for name, tensor in names.items():
            begin, end = end, end + 4 * tensor.num_values
            header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [begin, end]}
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        yield struct.pack("<Q", len(text)) + text
        for tensor in names.values():
            yield self._widened(tensor)

    def _widened(self, tensor):
        raw = self.gguf.read(tensor)
        heads = {"attn_q": self.num_heads, "attn_k": self.num_key_value_heads}.get(tensor.name.split(".")[-2])
        return tensor.widened(half_split_rows(raw, tensor.row_bytes, heads) if heads else raw)
