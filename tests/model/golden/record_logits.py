#!/usr/bin/env python3
"""Records what Hugging Face transformers computes, for golden_test.cpp.

    python3 tests/model/golden/record_logits.py          # writes tests/model/golden/logits.json

Needs torch, transformers and numpy. Recorded are tiny networks whose weights follow a formula that the test repeats,
with the config.json that transformers writes for them, and assets/small-gpt2 and assets/small-gptj where present: run
it again whenever those are trained anew. What was recorded before stays as it is unless --again is given.
Logits are computed in fp64 (what the network means, free of any library's rounding), greedy continuations in fp32.
"""
import argparse
import json
import pathlib

import numpy as np
import torch
import transformers

import formula_weights

HERE = pathlib.Path(__file__).resolve().parent
ASSETS = HERE.parents[2] / "assets"
TOP = 5
NEW_TOKENS = 12


LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=16)
# Of the Llama family, each variant with what it shows.
LLAMAS = {
    "llama": (transformers.LlamaConfig, dict(num_key_value_heads=2, head_dim=12, rope_scaling=LLAMA3)),
    "llama-linear-tied": (transformers.LlamaConfig, dict(rope_scaling=dict(rope_type="linear", factor=4.0),
                                                         tie_word_embeddings=True)),
    "mistral": (transformers.MistralConfig, dict(num_key_value_heads=2, rope_theta=1e6, sliding_window=None,
                                                 rms_norm_eps=1e-5)),
    "mistral-window": (transformers.MistralConfig, dict(num_key_value_heads=1, head_dim=16, sliding_window=43)),
    "qwen2": (transformers.Qwen2Config, dict(num_key_value_heads=2, rope_theta=1e6)),
    "qwen3": (transformers.Qwen3Config, dict(num_key_value_heads=2, head_dim=12, rope_theta=1e6)),
    "qwen2-tied": (transformers.Qwen2Config, dict(num_key_value_heads=1, rope_theta=1e6, tie_word_embeddings=True)),
}


def formula_config(family: str):
    if family in LLAMAS:
        config, own = LLAMAS[family]
        common = dict(vocab_size=101, max_position_embeddings=48, hidden_size=32, num_hidden_layers=3,
                      intermediate_size=80, num_attention_heads=4, bos_token_id=100, eos_token_id=100)
        return config(**{**dict(num_key_value_heads=4), **common, **own})
    common = dict(vocab_size=101, n_positions=48, n_embd=32, n_layer=3, n_inner=80,
                  resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, bos_token_id=100, eos_token_id=100)
    if family == "gpt2":
        return transformers.GPT2Config(n_head=4, **common)
    return transformers.GPTJConfig(n_head=2, rotary_dim=8, **common)


def parameter_order(family: str, layers: int):
    """The order of the modules in the family's table, model/families/."""
    if family in LLAMAS:
        return formula_weights.llama_parameters(family, layers)
    names = ["transformer.wte.weight"] + (["transformer.wpe.weight"] if family == "gpt2" else [])
    block = ([f"{m}.{p}" for m in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj", "ln_1", "ln_2")
              for p in ("weight", "bias")] if family == "gpt2" else
             ["ln_1.weight", "ln_1.bias"] + [f"attn.{m}.weight" for m in ("q_proj", "k_proj", "v_proj", "out_proj")] +
             ["mlp.fc_in.weight", "mlp.fc_in.bias", "mlp.fc_out.weight", "mlp.fc_out.bias"])
    names += [f"transformer.h.{layer}.{name}" for layer in range(layers) for name in block]
    names += ["transformer.ln_f.weight", "transformer.ln_f.bias"]
    return names + (["lm_head.weight", "lm_head.bias"] if family == "gptj" else [])


def formula_model(family: str):
    model = transformers.AutoModelForCausalLM.from_config(formula_config(family), attn_implementation="eager")
    parameters = dict(model.named_parameters())
    start = 0
    with torch.no_grad():
        for name in parameter_order(family, 3):
            parameter = parameters[name]
            value = np.array(formula_weights.values(name, formula_weights.formula(start, parameter.numel())))
            start += parameter.numel()
            # GPT-2's Conv1D stores [in, out]; the formula runs over [out, in].
            is_turned = family == "gpt2" and name.endswith("weight") and (".attn." in name or ".mlp." in name)
            shape = parameter.shape[::-1] if is_turned else parameter.shape
            value = torch.from_numpy(value.astype(np.float32)).reshape(shape)
            parameter.copy_(value.T if is_turned else value)
    return model.eval()


def record(model) -> dict:
    vocabulary = model.config.vocab_size
    texts = [[(7 * i * i + 3 * i + 11 * k + 5) % vocabulary for i in range(length)]
             for k, length in enumerate((1, 6, 17, 30))]
    result = {"texts": []}
    for ids in texts:
        with torch.no_grad():
            # With a mask of its own, or token 0 in the text would be taken for padding.
            generated = model.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)),
                                       max_new_tokens=NEW_TOKENS, do_sample=False, eos_token_id=None,
                                       pad_token_id=0)[0].tolist()
        result["texts"].append({"ids": ids, "greedy": generated})
    model.double()
    for text in result["texts"]:
        ids = text["ids"]
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0]
        text["positions"] = []
        for position in sorted({0, len(ids) // 2, len(ids) - 1}):
            row = logits[position]
            top = row.topk(TOP)
            text["positions"].append({
                "position": position, "top_ids": top.indices.tolist(), "top_logits": top.values.tolist(),
                "mean": row.mean().item(), "root_mean_square": row.square().mean().sqrt().item(),
                "log_sum_exp": row.logsumexp(0).item()})
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=pathlib.Path, default=ASSETS)
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "logits.json")
    parser.add_argument("--again", action="store_true", help="record all anew")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recorded = {} if arguments.again or not arguments.output.exists() else json.loads(arguments.output.read_text())
    for family in ("gpt2", "gptj", *LLAMAS):
        if f"formula-{family}" in recorded:
            continue
        model = formula_model(family)
        recorded[f"formula-{family}"] = record(model)
        if family in LLAMAS:
            recorded[f"formula-{family}"]["config"] = json.loads(model.config.to_json_string())
    for name in ("small-gpt2", "small-gptj"):
        if name in recorded:
            continue
        folder = arguments.assets / name
        if not (folder / "model.safetensors").exists():
            print(f"{folder}: absent, not recorded")
            continue
        recorded[name] = record(transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager").eval())
    recorded.setdefault("made_by", f"transformers {transformers.__version__}, torch {torch.__version__}")
    arguments.output.write_text(json.dumps(recorded, separators=(",", ":")).replace("{\"ids\"", "\n{\"ids\"") + "\n")
    print(f"{arguments.output}: {', '.join(k for k in recorded if k != 'made_by')}")


if __name__ == "__main__":
    main()
