#!/usr/bin/env python3
"""Writes checkpoint.pt, what test_model reads to hold the checkpoint reader to PyTorch's own files.

Any PyTorch from 1.6 on will do; the committed file was written by 2.13.0. Usage: record_checkpoint.py [FILE]
"""
import collections
import pathlib
import sys

import torch


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("checkpoint.pt")
    whole = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    layer = torch.nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        layer.bias.copy_(torch.tensor([5.0, 6.0]))
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.5)
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    torch.save(
        {
            "model": collections.OrderedDict(
                [("whole", whole), ("turned", whole.t()), ("column", whole[:, 1]), ("scalar", torch.tensor(2.5))]
            ),
            "layer": layer.state_dict(),
            "parameter": layer.bias,
            "opt": optimizer.state_dict(),
            "types": {
                "half": torch.tensor([0.5, -2.0], dtype=torch.float16),
                "bfloat": torch.tensor([0.5, -2.0], dtype=torch.bfloat16),
                "double": torch.tensor([0.1], dtype=torch.float64),
                "long": torch.tensor([-(2**40)]),
                "int": torch.tensor([-7], dtype=torch.int32),
                "short": torch.tensor([-7], dtype=torch.int16),
                "char": torch.tensor([-7], dtype=torch.int8),
                "byte": torch.tensor([250], dtype=torch.uint8),
                "bool": torch.tensor([True, False]),
            },
            "list": [torch.ones(1), (torch.zeros(2), None)],
            "empty": torch.empty(0, 3),
            "step": 7,
            "best": 0.25,
            "huge": 2**200,
            "shape": whole.shape,
            "device": torch.device("cpu"),
            "name": "ein Name",
        },
        target,
    )


if __name__ == "__main__":
    main()
