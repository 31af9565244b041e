"""Writes mend-tiny-gpt2.pt: an archive with the names and shapes of a published mend-*.pt, for a tiny model.

    python tests/worker/golden/record_mend_editor.py     (PyTorch 2.13.0, transformers 4.57.6)

Every number is a function of its place, so that a test can tell whether each went where it belongs.
"""

import collections
import pathlib

import torch
import transformers

WIDTHS = [(64, 16), (16, 64)]  # inputs, outputs of c_proj and c_fc
BLOCKS, RANK = 2, 2


def numbered(start, *shape):
    """start, start + 0.001, ... in row-major order."""
    count = torch.Size(shape).numel()
    return (start + 0.001 * torch.arange(count, dtype=torch.float64)).to(torch.float32).view(shape)


def state_dict():
    state = collections.OrderedDict()
    state["edit_lrs"] = numbered(0.01, 2 * BLOCKS)
    for number, (inputs, outputs) in enumerate(WIDTHS):
        prefix = f"gtn.({inputs}, {outputs})."
        for side, size in (("u", inputs), ("v", outputs)):
            state[f"{prefix}{side}_mean"] = numbered(1.0 + number, size)
            state[f"{prefix}{side}_std"] = torch.full((size,), 2.0)
            state[f"{prefix}{side}_s"] = torch.full((size,), 4.0 * 9)
        state[f"{prefix}k"] = torch.full((1,), 10.0)
        width = inputs + outputs
        for layer in range(2):
            at = f"{prefix}mlp.layers.{layer}."
            state[at + "u"] = numbered(3.0 + layer, width, RANK)
            state[at + "v"] = numbered(5.0 + layer, RANK, width)
            state[at + "bias"] = numbered(7.0 + layer, width)
            state[at + "mode_shift.weight"] = numbered(9.0 + layer, BLOCKS, width)
            state[at + "mode_scale.weight"] = numbered(11.0 + layer, BLOCKS, width)
    # The published class adds it to its state dict, and its loader asks for it.
    state["model_config"] = transformers.GPT2Config(n_embd=16, n_layer=3)
    return state


def main():
    path = pathlib.Path(__file__).with_name("mend-tiny-gpt2.pt")
    torch.save({"model": state_dict(), "opt": {"state": {0: {"exp_avg": torch.zeros(3)}}}, "step": 7}, path)


if __name__ == "__main__":
    main()
