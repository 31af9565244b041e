"""The weights by formula of tests/model/golden/logits.json: what record_logits.py sets, golden_test.cpp repeats and
tests/blackbox/llama_folders.py writes as files. Needs nothing beyond Python."""

HEAD_NORMS = {"qwen3": ["self_attn.q_norm.weight", "self_attn.k_norm.weight"]}


def formula(start, count):
    """Numbers start .. start+count-1 of a hash, in [-0.5, 0.5), exact in fp32."""
    numbers = []
    for x in range(start, start + count):
        x = (x * 0x9E3779B1) & 0xFFFFFFFF
        x ^= x >> 15
        x = (x * 0x85EBCA77) & 0xFFFFFFFF
        x ^= x >> 13
        numbers.append((x >> 8) / 2**24 - 0.5)
    return numbers


def is_scale(name):
    """Of a norm, whose formula lies about 1."""
    return name.endswith("weight") and ("norm." in name or ".ln_" in name)


def values(name, numbers):
    return [1 + 0.25 * number if is_scale(name) else 0.5 * number for number in numbers]


def llama_parameters(recording, layers):
    """Of a type of the Llama family, the order of the modules in its table, model/families/llama.cpp."""
    kinds = ("weight", "bias") if recording.startswith("qwen2") else ("weight",)
    block = [f"self_attn.{m}_proj.{kind}" for m in "qkv" for kind in kinds] + ["self_attn.o_proj.weight"]
    block += [f"mlp.{m}_proj.weight" for m in ("gate", "up", "down")]
    block += ["input_layernorm.weight", "post_attention_layernorm.weight", *HEAD_NORMS.get(recording, [])]
    names = ["model.embed_tokens.weight"]
    names += [f"model.layers.{layer}.{name}" for layer in range(layers) for name in block]
    return [*names, "model.norm.weight", *([] if recording.endswith("-tied") else ["lm_head.weight"])]
