#!/usr/bin/env python3
"""Records what the published ROME and fine-tuning programs compute on two tiny models.

    record.py CHECKOUT > published.json

CHECKOUT is a folder holding `rome/`, `baselines/ft/`, `util/` and `globals.yml` of kmeng01/memit (commit 80426fd),
unchanged; nothing of it is part of this repository. Needs PyTorch, transformers 4.x and numpy. The program runs them
on the CPU in fp32, with fixed context templates, a given second moment (its inverse taken in fp64, then cast to fp32),
and the weights that `tests/support/uniform_weights.cpp` makes by the same formula.
"""
import json
import os
import sys
import tempfile
import types
from pathlib import Path

import numpy as np
import torch

SHAPE = dict(layers=3, width=16, heads=2, inner=64, positions=96, vocab=257, rotary=4)
CONTEXTS = ["{}", "Ab. {}", "So they say. {}", "x y. {}"]
REQUESTS = [
    ("The home of {} is", "Suao", "B"),
    ("{} is in", "Nado", "Xyz"),
]
ROME_LAYER, FINE_TUNE_LAYER, LINF_BOUND = 1, 0, 1e-3
MASK = (1 << 64) - 1


def uniform(name, count):
    """[-1, 1): splitmix64 of index and FNV-1a of the name, as in tests/support/uniform_weights.cpp."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0


def value_of(name, shape):
    """A parameter in [outputs, inputs] order."""
    amplitude = 0.1 if len(shape) == 1 else (0.4 if ".h." in name else 1.0)
    centre = 1.0 if "ln_" in name and name.endswith(".weight") else 0.0
    return (centre + amplitude * uniform(name, int(np.prod(shape))).reshape(shape)).astype(np.float32)


def make_model(family):
    from transformers import GPT2Config, GPT2LMHeadModel, GPTJConfig, GPTJForCausalLM

    common = dict(n_layer=SHAPE["layers"], n_embd=SHAPE["width"], n_head=SHAPE["heads"], n_inner=SHAPE["inner"],
                  n_positions=SHAPE["positions"], vocab_size=SHAPE["vocab"], activation_function="gelu_new",
                  attn_implementation="eager", bos_token_id=256, eos_token_id=256)
    model = (GPT2LMHeadModel(GPT2Config(**common)) if family == "gpt2"
             else GPTJForCausalLM(GPTJConfig(rotary_dim=SHAPE["rotary"], tie_word_embeddings=False, **common)))
    transposed = (".c_attn.weight", ".c_proj.weight", ".c_fc.weight")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            is_transposed = family == "gpt2" and name.endswith(transposed)
            shape = tuple(parameter.shape)[::-1] if is_transposed else tuple(parameter.shape)
            value = torch.from_numpy(value_of(name, shape))
            parameter.copy_(value.t() if is_transposed else value)
    return model.eval()


def make_tokenizer(folder):
    from transformers import GPT2TokenizerFast

    vocabulary, following = {}, 256
    for byte in range(256):
        printable = 33 <= byte <= 126 or 161 <= byte <= 172 or byte >= 174
        vocabulary[chr(byte if printable else following)] = byte
        following += 0 if printable else 1
    vocabulary["<|endoftext|>"] = 256
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = GPT2TokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def second_moment():
    rows = uniform("second moment", 200 * SHAPE["inner"]).reshape(200, SHAPE["inner"])
    return rows.T @ rows / 200 + 0.05 * np.eye(SHAPE["inner"])


def redirect_to_cpu():
    """The published programs name the GPU; their arithmetic does not."""
    tensor_to = torch.Tensor.to
    torch.Tensor.to = lambda self, *a, **k: self if a == ("cuda",) else tensor_to(self, *a, **k)
    for factory in ("zeros", "tensor"):
        original = getattr(torch, factory)
        setattr(torch, factory, lambda *a, _make=original, **k: _make(*a, **{**k, **({"device": "cpu"} if "device" in k else {})}))
    from transformers import BatchEncoding
    encoding_to = BatchEncoding.to
    BatchEncoding.to = lambda self, device, **k: encoding_to(self, "cpu" if device == "cuda" else device, **k)


def numbers(tensor):
    return [float(f"{x:.9g}") for x in tensor.detach().double().flatten()]


class LossLog:
    """Stands in for numpy in compute_v, which rounds every term it prints: total, nll, kl, decay."""

    def __init__(self):
        self.values = []

    def round(self, value, digits):
        self.values.append(value)
        return np.round(value, digits)

    def rows(self):
        return [self.values[i:i + 4] for i in range(0, len(self.values), 4)]


def record_rome(family, model, tokenizer, prompt, subject, target):
    from rome import compute_u, compute_v, rome_main
    from rome.rome_hparams import ROMEHyperParams

    projection = "transformer.h.{}.mlp." + ("c_proj" if family == "gpt2" else "fc_out")
    hparams = ROMEHyperParams(
        layers=[ROME_LAYER], fact_token="subject_last", v_num_grad_steps=20, v_lr=5e-1, v_loss_layer=SHAPE["layers"] - 1,
        v_weight_decay=0.5, clamp_norm_factor=4, kl_factor=0.0625, mom2_adjustment=True,
        context_template_length_params=[[5, 10], [10, 10]], rewrite_module_tmp=projection,
        layer_module_tmp="transformer.h.{}", mlp_module_tmp="transformer.h.{}.mlp", attn_module_tmp="transformer.h.{}.attn",
        ln_f_module="transformer.ln_f", lm_head_module="lm_head", mom2_dataset="wikipedia", mom2_n_samples=100000,
        mom2_dtype="float32")
    rome_main.CONTEXT_TEMPLATES_CACHE = CONTEXTS
    inverse = torch.from_numpy(np.linalg.inv(second_moment())).float()
    compute_u.get_inv_cov = lambda *args, **kwargs: inverse
    log = compute_v.np = LossLog()
    seen = {}
    original = compute_v.get_module_input_output_at_word

    def remember(*args, **kwargs):
        seen["k0"], seen["y0"] = original(*args, **kwargs)
        return seen["k0"], seen["y0"]

    compute_v.get_module_input_output_at_word = remember
    request = dict(prompt=prompt, subject=subject, target_new={"str": target}, case_id=0)
    (u, right), = rome_main.execute_rome(model, tokenizer, request, hparams).values()
    compute_v.get_module_input_output_at_word = original
    return dict(prompt=prompt, subject=subject, target=target, u=numbers(u), right=numbers(right), k0=numbers(seen["k0"]),
                y0=numbers(seen["y0"]), loss_terms=log.rows())


def record_fine_tune(family, model, tokenizer, prompt, subject, target):
    from baselines.ft.ft_hparams import FTHyperParams
    from baselines.ft import ft_main

    projection = "transformer.h.{}.mlp." + ("c_proj" if family == "gpt2" else "fc_out")
    hparams = FTHyperParams(
        layers=[FINE_TUNE_LAYER], num_steps=25, lr=5e-4, weight_decay=0, kl_factor=0, norm_constraint=LINF_BOUND,
        rewrite_module_tmp=projection, layer_module_tmp="transformer.h.{}", mlp_module_tmp="transformer.h.{}.mlp",
        attn_module_tmp="transformer.h.{}.attn", ln_f_module="transformer.ln_f", lm_head_module="lm_head")
    losses, update = [], ft_main.AverageMeter.update
    ft_main.AverageMeter.update = lambda self, value, n=1: (losses.append(value), update(self, value, n))[1]
    tokenizer.unk_token = tokenizer.eos_token
    request = dict(prompt=prompt, subject=subject, target_new={"str": target}, case_id=0)
    deltas = ft_main.execute_ft(model, tokenizer, [request], hparams)
    ft_main.AverageMeter.update = update
    name = projection.format(FINE_TUNE_LAYER)
    weight = deltas[name + ".weight"].t() if family == "gpt2" else deltas[name + ".weight"]
    return dict(prompt=prompt, subject=subject, target=target, losses=losses, bias_delta=numbers(deltas[name + ".bias"]),
                weight_delta_norm=weight.double().norm().item(), weight_delta_rows=numbers(weight[:2]))


def main():
    import transformers  # noqa: F401  (before the stand-ins below, which it would ask for their versions)

    os.chdir(sys.argv[1])
    sys.path.insert(0, os.getcwd())
    for name in ("datasets", "matplotlib", "matplotlib.style"):  # imported there, not used here
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["datasets"].load_dataset = None
    sys.modules["matplotlib.style"].context = None
    sys.modules["matplotlib"].style = sys.modules["matplotlib.style"]
    torch.set_num_threads(1)
    redirect_to_cpu()
    result = dict(torch=torch.__version__, contexts=CONTEXTS, rome_layer=ROME_LAYER, fine_tune_layer=FINE_TUNE_LAYER,
                  linf_bound=LINF_BOUND, models={})
    stdout, sys.stdout = sys.stdout, sys.stderr  # the published programs print
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = make_tokenizer(Path(folder))
        for family in ("gpt2", "gptj"):
            model = make_model(family)
            logits = model(**tokenizer("The home of Suao is", return_tensors="pt")).logits[0, -1]
            result["models"][family] = dict(
                logits=numbers(logits[:8]),
                rome=[record_rome(family, model, tokenizer, *request) for request in REQUESTS],
                fine_tune=[record_fine_tune(family, make_model(family), tokenizer, *request) for request in REQUESTS])
    sys.stdout = stdout
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
