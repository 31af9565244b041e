#!/usr/bin/env python3
"""Writes moments.npz, a file laid out as the published second moments are, with NumPy itself (2.x wrote the one here)."""
import pathlib

import numpy as np

KEYS = np.array([[1.0, 2.0, -1.0], [0.5, 0.0, 3.0], [-2.0, 1.0, 1.0], [1.0, 1.0, 1.0]], dtype=np.float32)

np.savez(
    pathlib.Path(__file__).with_name("moments.npz"),
    **{
        "constructor": "CombinedStat",
        "mom2.constructor": "SecondMoment",
        "mom2.count": len(KEYS),
        "mom2.mom2": KEYS.T @ KEYS,
        "sample_size": 100,
    },
)
