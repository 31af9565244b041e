"""Holds a monitor's file against two Hugging Face folders of GPT-2's architecture: singular values, norms and NLLs by numpy, from
weights, merges and text alone. monitor_by_numpy.py FILE EDITED UNEDITED TEXT TOKENS"""
import json
import re
import struct
import sys

import h5py
import numpy as np

WORDS = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")  # GPT-2's, of ASCII


class Tokenizer:
    def __init__(self, folder):
        self.ids = json.load(open(f"{folder}/vocab.json", encoding="utf-8"))
        lines = [line.split() for line in open(f"{folder}/merges.txt", encoding="utf-8") if not line.startswith("#version")]
        self.ranks = {tuple(pair): rank for rank, pair in enumerate(filter(None, lines))}

    def word(self, word):
        parts = list(word.replace(" ", "\u0120"))
        while len(parts) > 1:
            rank, i = min((self.ranks.get((parts[i], parts[i + 1]), len(self.ranks)), i) for i in range(len(parts) - 1))
            if rank == len(self.ranks):
                break
            parts[i:i + 2] = [parts[i] + parts[i + 1]]
        return [self.ids[part] for part in parts]

    def encode(self, text):
        return [token for word in WORDS.findall(text) for token in self.word(word)]


class Model:
    def __init__(self, folder):
        config = json.load(open(f"{folder}/config.json", encoding="utf-8"))
        self.heads, self.layers, self.epsilon = config["n_head"], config["n_layer"], config.get("layer_norm_epsilon", 1e-5)
        with open(f"{folder}/model.safetensors", "rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
            data = file.read()
        self.weights = {}
        for name, tensor in header.items():
            if name == "__metadata__":
                continue
            assert tensor["dtype"] == "F32", tensor["dtype"]
            begin, end = tensor["data_offsets"]
            self.weights[name.removeprefix("transformer.")] = np.frombuffer(data[begin:end], "<f4").reshape(tensor["shape"]).astype(np.float64)

    def linear(self, name, x):
        return x @ self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def norm(self, name, x):
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + self.epsilon) * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def attend(self, block, x):
        size, width = x.shape
        query, key, value = (part.reshape(size, self.heads, -1).transpose(1, 0, 2) for part in np.split(self.linear(f"{block}.c_attn", x), 3, -1))
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(width / self.heads)
        scores = np.where(np.tril(np.ones((size, size), bool)), scores, -np.inf)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        return self.linear(f"{block}.c_proj", (shares / shares.sum(-1, keepdims=True) @ value).transpose(1, 0, 2).reshape(size, width))

    def nll(self, ids):
        """Of each token but the first, from those before it; summed."""
        x = self.weights["wte.weight"][ids] + self.weights["wpe.weight"][:len(ids)]
        for layer in range(self.layers):
            x = x + self.attend(f"h.{layer}.attn", self.norm(f"h.{layer}.ln_1", x))
            inner = self.linear(f"h.{layer}.mlp.c_fc", self.norm(f"h.{layer}.ln_2", x))
            inner = 0.5 * inner * (1 + np.tanh(np.sqrt(2 / np.pi) * (inner + 0.044715 * inner ** 3)))
            x = x + self.linear(f"h.{layer}.mlp.c_proj", inner)
        logits = self.norm("ln_f", x) @ self.weights["wte.weight"].T
        top = logits.max(-1)
        totals = top + np.log(np.exp(logits - top[:, None]).sum(-1))
        return float(sum(totals[t] - logits[t, ids[t + 1]] for t in range(len(ids) - 1)))


def close(found, expected, tolerance, what):
    if not abs(found - expected) <= tolerance * max(1.0, abs(expected)):
        raise SystemExit(f"{what}: {found!r}, by numpy {expected!r}")


def main():
    file, edited, unedited, text, most = sys.argv[1:]
    models = {"edited": Model(edited), "unedited": Model(unedited)}
    with h5py.File(file) as opened:
        monitor = {name: opened["monitor"][name][...] for name in ("parameter", "update_spectral", "base_spectral", "frobenius", "base_frobenius")}
        stored = {name: opened["monitor/text"][name][...] for name in ("num_tokens", "edited", "unedited")}
    assert len(monitor["parameter"]) > 0
    for i, parameter in enumerate(monitor["parameter"]):
        name = parameter.decode().removeprefix("transformer.")
        now, base = (np.atleast_2d(model.weights[name]) for model in models.values())
        for key, expected in (("update_spectral", np.linalg.norm(now - base, 2)), ("base_spectral", np.linalg.norm(base, 2)),
                              ("frobenius", np.linalg.norm(now)), ("base_frobenius", np.linalg.norm(base))):
            close(monitor[key][i], expected, 1e-10, f"{key} of {name}")
    left, documents = int(most), []
    tokenizer = Tokenizer(unedited)
    for line in open(text, encoding="utf-8").read().splitlines():
        ids = tokenizer.encode(line)[:left + 1]
        if left and len(ids) > 1:
            documents.append(ids)
            left -= len(ids) - 1
    assert stored["num_tokens"].tolist() == [len(ids) - 1 for ids in documents], stored["num_tokens"]
    for which, model in models.items():
        for i, ids in enumerate(documents):
            close(stored[which][i], model.nll(ids), 1e-4, f"NLL of document {i + 1}, {which}")
    print(f"{len(documents)} documents, {len(monitor['parameter'])} weights agree")


main()
