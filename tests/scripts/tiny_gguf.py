"""A Llama model of a few hundred weights as llama.cpp's converter would write it, byte by byte."""

import random
import struct

WIDTH, INNER, HEADS, KEY_VALUE_HEADS, HEAD, BLOCKS = 64, 96, 4, 2, 16, 2
TOKENS = ["<|end|>", "<|start|>", "a", "b", "\u0120", "ab", "\u0120ab", "1"]
MERGES = ["a b", "\u0120 ab"]
F32, Q4_1, Q8_0 = 0, 3, 8

METADATA = {
    "general.architecture": "llama",
    "llama.block_count": BLOCKS,
    "llama.context_length": 512,
    "llama.embedding_length": WIDTH,
    "llama.feed_forward_length": INNER,
    "llama.attention.head_count": HEADS,
    "llama.attention.head_count_kv": KEY_VALUE_HEADS,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
    "llama.rope.freq_base": 100000.0,
    "llama.rope.dimension_count": HEAD,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "smollm",
    "tokenizer.ggml.add_bos_token": False,
    "tokenizer.ggml.tokens": TOKENS,
    "tokenizer.ggml.token_type": [3, 3, 1, 1, 1, 1, 1, 1],
    "tokenizer.ggml.merges": MERGES,
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 0,
    "tokenizer.ggml.unknown_token_id": 0,
    "tokenizer.ggml.padding_token_id": 0,
}


def single(value):
    """The fp32 number nearest to `value`."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def half(value):
    return struct.unpack("<e", struct.pack("<e", value))[0]


def _text(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


def _typed(value):
    """GGUF's number of the type, and the value's bytes."""
    if isinstance(value, bool):
        return 7, struct.pack("<?", value)
    if isinstance(value, int):
        return 4, struct.pack("<I", value)
    if isinstance(value, float):
        return 6, struct.pack("<f", value)
    if isinstance(value, str):
        return 8, _text(value)
    kind = _typed(value[0])[0]
    return 9, struct.pack("<IQ", kind, len(value)) + b"".join(_typed(element)[1] for element in value)


class Quantised:
    """Rows of blocks drawn at random; `values` are what they stand for, computed one by one."""

    def __init__(self, kind, shape, seed):
        self.kind, self.shape = kind, shape
        self.raw, self.values = b"", []
        draw = random.Random(seed)
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        if kind == F32:
            self.values = [single(draw.gauss(0, 1)) for _ in range(count)]
            self.raw = struct.pack(f"<{count}f", *self.values)
            return
        for _ in range(count // 32):
            scale = half(draw.uniform(1e-3, 0.1))
            if kind == Q4_1:
                minimum, codes = half(draw.uniform(-1, 0)), [draw.randrange(16) for _ in range(32)]
                self.raw += struct.pack("<ee", scale, minimum)
                self.raw += bytes(codes[i] | codes[i + 16] << 4 for i in range(16))
                self.values += [single(single(scale * code) + minimum) for code in codes]
            else:
                codes = [draw.randrange(-127, 128) for _ in range(32)]
                self.raw += struct.pack("<e32b", scale, *codes)
                self.values += [single(scale * code) for code in codes]

    def rows(self):
        width = self.shape[-1]
        return [self.values[i : i + width] for i in range(0, len(self.values), width)]


def tensors():
    keys = HEAD * KEY_VALUE_HEADS
    shapes = {"token_embd.weight": (Q8_0, (len(TOKENS), WIDTH)), "output_norm.weight": (F32, (WIDTH,))}
    for layer in range(BLOCKS):
        for name, kind, shape in (
            ("attn_norm", F32, (WIDTH,)), ("attn_q", Q4_1, (WIDTH, WIDTH)), ("attn_k", Q4_1, (keys, WIDTH)),
            ("attn_v", Q4_1, (keys, WIDTH)), ("attn_output", Q4_1, (WIDTH, WIDTH)), ("ffn_norm", F32, (WIDTH,)),
            ("ffn_gate", Q4_1, (INNER, WIDTH)), ("ffn_up", Q4_1, (INNER, WIDTH)), ("ffn_down", Q4_1, (WIDTH, INNER)),
        ):  # fmt: skip
            shapes[f"blk.{layer}.{name}.weight"] = (kind, shape)
    return {name: Quantised(kind, shape, name) for name, (kind, shape) in shapes.items()}


def header(metadata, entries, alignment=32):
    text = b"GGUF" + struct.pack("<IQQ", 3, len(entries), len(metadata))
    for key, value in metadata.items():
        kind, raw = _typed(value)
        text += _text(key) + struct.pack("<I", kind) + raw
    offset = 0
    for name, tensor in entries.items():
        text += _text(name) + struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *reversed(tensor.shape))
        text += struct.pack("<IQ", tensor.kind, offset)
        offset += -(-len(tensor.raw) // alignment) * alignment
    return text + b"\0" * (-len(text) % alignment)


def file_of(metadata=None, entries=None, alignment=32):
    """The file's bytes."""
    entries = tensors() if entries is None else entries
    data = b"".join(tensor.raw + b"\0" * (-len(tensor.raw) % alignment) for tensor in entries.values())
    return header({**METADATA, **(metadata or {})}, entries, alignment) + data
