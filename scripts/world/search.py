#!/usr/bin/env python3
"""Small searches for the hyper-parameters of ROME and FT-C on one small model.

    python scripts/world/search.py assets/small-gpt2 rome --layers 0 1 2 --clamps 1.5 2 3 4
    python scripts/world/search.py assets/small-gpt2 ft --layers 0 --rates 5e-4 2e-3 --bounds 1e-3 4e-3
    python scripts/world/search.py assets/small-gpt2 rome --layers 0 --clamps 2 --sequential 200

By default: single edits, each on the unedited model. `--sequential N` keeps the edits and
prints, at checkpoints, what is remembered and what else is still known.
"""

import argparse
import itertools
import random

import torch

import editors
import evaluate
import models
import tokenizer as bpe
import world


def scores(prober, record):
    """(ES, PS, NS, argmax on the edit prompt) of one record, as CounterFact defines them."""
    rewrite = record["requested_rewrite"]
    prompts = [rewrite["prompt"].format(rewrite["subject"])]
    prompts += record["paraphrase_prompts"] + record["neighborhood_prompts"]
    logits = prober.logits(prompts)
    new, true = (prober.word(rewrite[k]["str"]) for k in ("target_new", "target_true"))
    wins = (logits[:, new] > logits[:, true]).float()
    losses = (logits[3:, new] < logits[3:, true]).float()
    return torch.stack((wins[0], wins[1:3].mean(), losses.mean(), (logits[0].argmax() == new).float()))


def remembered(prober, records):
    prompts = [r["requested_rewrite"]["prompt"].format(r["requested_rewrite"]["subject"]) for r in records]
    logits = prober.logits(prompts)
    new = torch.tensor([prober.word(r["requested_rewrite"]["target_new"]["str"]) for r in records])
    true = torch.tensor([prober.word(r["requested_rewrite"]["target_true"]["str"]) for r in records])
    each = torch.arange(len(records))
    return (logits[each, new] > logits[each, true]).float().mean(), (logits.argmax(-1) == new).float().mean()


class Search:
    def __init__(self, folder, method):
        self.model = models.load(folder).requires_grad_(method == "ft")
        self.prober = evaluate.Prober(self.model, bpe.load(folder))
        self.method, self.inverses = method, {}
        self.records = evaluate.read("counterfact.json")
        self.order = evaluate.read("samples.json")["0"]
        if method == "rome":
            self.contexts = editors.sample_contexts(self.prober, world.END)
        self.fresh = {k: v.clone() for k, v in self.model.state_dict().items()}

    def restore(self):
        self.model.load_state_dict(self.fresh)

    def invert_moments(self, layers):
        documents = (evaluate.WORLD / "corpus.txt").read_text().splitlines()
        for layer, moment in editors.second_moments(self.prober, layers, documents).items():
            values = torch.linalg.eigvalsh(moment)
            print(f"layer {layer}: condition of the second moment {values[-1] / values[0]:.2e}", flush=True)
            self.inverses[layer] = torch.linalg.inv(moment)

    def editor(self, setting):
        if self.method == "rome":
            layer, clamp = setting
            inverse = self.inverses[layer]
            return lambda r: editors.rome_edit(self.prober, r, layer, self.contexts, inverse, clamp)
        layer, rate, bound = setting
        return lambda r: editors.ft_edit(self.prober, r, layer, rate, bound)

    def single(self, setting, count):
        edit, found = self.editor(setting), []
        for case in self.order[:count]:
            self.restore()
            edit(self.records[case])
            found.append(scores(self.prober, self.records[case]))
        es, ps, ns, accuracy = torch.stack(found).mean(0).tolist()
        print(f"{self.method} {setting}: ES {es:.3f} PS {ps:.3f} NS {ns:.3f} argmax {accuracy:.3f}", flush=True)

    def sequential(self, setting, count, every):
        """Edits one after another; unrelated facts are those of 400 subjects edited by nobody."""
        edit = self.editor(setting)
        self.restore()
        rng = random.Random(5)
        unrelated = [self.records[c] for c in self.order[-400:]]
        layer = setting[0]
        weight, start = self.model.projection(layer).weight, None
        start = weight.detach().clone()
        window = []
        for i, case in enumerate(self.order[:count], 1):
            edit(self.records[case])
            window.append(scores(self.prober, self.records[case]))
            if i % every == 0 or i == count:
                es, ps, ns, _ = torch.stack(window).mean(0).tolist()
                won, exact = remembered(self.prober, [self.records[c] for c in self.order[:i]])
                known = self.prober.recall([
                    (r["requested_rewrite"]["prompt"].format(r["requested_rewrite"]["subject"]),
                     r["requested_rewrite"]["target_true"]["str"]) for r in unrelated])
                f1 = [evaluate.task_f1(self.prober, t)
                      for t in ("sentiment", "acceptability", "paraphrase", "inference")]
                moved = ((weight - start).norm() / start.norm()).item()
                print(f"{self.method} {setting} after {i}: ES {es:.2f} PS {ps:.2f} NS {ns:.2f} | remembered {won:.3f} "
                      f"argmax {exact:.3f} | unrelated {known:.3f} | F1 {' '.join(f'{x:.2f}' for x in f1)} "
                      f"| moved {moved:.2f}", flush=True)
                window = []
                if known < 0.01:
                    break


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("method", choices=("rome", "ft"))
    parser.add_argument("--layers", type=int, nargs="+", default=[0])
    parser.add_argument("--clamps", type=float, nargs="+", default=[2.0])
    parser.add_argument("--rates", type=float, nargs="+", default=[5e-4])
    parser.add_argument("--bounds", type=float, nargs="+", default=[2e-3])
    parser.add_argument("--edits", type=int, default=60)
    parser.add_argument("--sequential", type=int, default=0)
    parser.add_argument("--every", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    search = Search(args.folder, args.method)
    if args.method == "rome":
        search.invert_moments(args.layers)
    axes = (args.layers, args.clamps) if args.method == "rome" else (args.layers, args.rates, args.bounds)
    for setting in itertools.product(*axes):
        if args.sequential:
            search.sequential(setting, args.sequential, args.every)
        else:
            search.single(setting, args.edits)


if __name__ == "__main__":
    main()
