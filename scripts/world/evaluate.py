#!/usr/bin/env python3
"""What an unedited model knows: recall of facts and weighted F1 of the four tasks.

    python scripts/world/evaluate.py assets/small-gpt2 [--check]

`--check` also compares the logits with Hugging Face `transformers`.
Needs PyTorch 2.x, tokenizers, safetensors; transformers (4.x) for the check.
"""

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path

import torch

import models
import tokenizer as bpe
import vocabulary as words

WORLD = Path(__file__).resolve().parents[2] / "assets" / "world"


def read(name):
    return json.loads((WORLD / name).read_text())


class Prober:
    """Next-token logits after prompts, in batches of equal length (so without padding)."""

    def __init__(self, model, tokenizer):
        self.model, self.tokenizer, self.ids = model, tokenizer, {}

    def encode(self, text):
        if text not in self.ids:
            self.ids[text] = self.tokenizer.encode(text).ids
        return self.ids[text]

    def word(self, text):
        """The id of a one-token answer."""
        token, = self.encode(" " + text)
        return token

    @torch.no_grad()
    def logits(self, prompts):
        """[prompts, V]"""
        groups = defaultdict(list)
        for i, prompt in enumerate(prompts):
            groups[len(self.encode(prompt))].append(i)
        found = torch.empty(len(prompts), self.model.vocab)
        for members in groups.values():
            for at in range(0, len(members), 256):
                part = members[at:at + 256]
                ids = torch.tensor([self.encode(prompts[i]) for i in part])
                found[part] = self.model.head(self.model.hidden(ids)[:, -1])
        return found

    def recall(self, asked):
        """Share of (prompt, object) pairs whose object is the likeliest next token."""
        prompts, answers = zip(*asked)
        right = self.logits(list(prompts)).argmax(-1) == torch.tensor([self.word(a) for a in answers])
        return right.float().mean().item()


def recall_table(prober, records):
    """Recall by kind of prompt."""
    asked = defaultdict(list)
    for record in records:
        rewrite = record["requested_rewrite"]
        true, subject = rewrite["target_true"]["str"], rewrite["subject"]
        asked["edit"].append((rewrite["prompt"].format(subject), true))
        asked["question"].append((record["question_prompt"].format(subject), true))
        asked["paraphrase"] += [(p, true) for p in record["paraphrase_prompts"]]
        asked["neighbourhood"] += [(p, true) for p in record["neighborhood_prompts"]]
    return {kind: prober.recall(pairs) for kind, pairs in asked.items()}


def recall_of_facts(prober, split, rng):
    """Recall over all facts of a split, each in one template drawn at random."""
    relations = {r.id: r for r in words.RELATIONS}
    asked = [(rng.choice(relations[key].templates).format(item["subject"]), value)
             for item in read("facts.json") if item["split"] == split
             for key, value in item["facts"].items()]
    return prober.recall(asked)


def weighted_f1(labels, predictions):
    """Mean of both classes' F1 (they are equally frequent); -1 is an invalid answer."""
    scores = []
    for c in (0, 1):
        hits = sum(l == c and p == c for l, p in zip(labels, predictions))
        scores.append(2 * hits / max(1, labels.count(c) + predictions.count(c)))
    return sum(scores) / 2


def task_f1(prober, task):
    description = read(f"tasks/{task}.prompt.json")
    examples = read(f"tasks/{task}.json")
    prompts = [description["prefix"] + description["query"].format(**e) for e in examples]
    answers = {prober.word(item["word"]): item["label"] for item in description["labels"]}
    predictions = [answers.get(i, -1) for i in prober.logits(prompts).argmax(-1).tolist()]
    return weighted_f1([e["label"] for e in examples], predictions)


def difference_from_transformers(folder, model, tokenizer):
    """Largest difference of a logit, over a few documents of the corpus."""
    from transformers import AutoModelForCausalLM
    theirs = AutoModelForCausalLM.from_pretrained(folder).eval()
    worst = 0.0
    for text in (WORLD / "corpus.txt").read_text().splitlines()[:20]:
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.no_grad():
            worst = max(worst, (theirs(ids).logits - model(ids)).abs().max().item())
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model, tokenizer = models.load(args.folder), bpe.load(args.folder)
    prober = Prober(model, tokenizer)
    for name in ("counterfact.json", "train.json"):
        for kind, share in recall_table(prober, read(name)).items():
            print(f"{name} {kind} recall {share:.4f}")
    for split in ("edit", "train"):
        print(f"all facts of {split} subjects: recall {recall_of_facts(prober, split, random.Random(1)):.4f}")
    for task in ("sentiment", "acceptability", "paraphrase", "inference"):
        print(f"{task} weighted F1 {task_f1(prober, task):.4f}")
    if args.check:
        print(f"largest logit difference from transformers "
              f"{difference_from_transformers(args.folder, model, tokenizer):.2e}")


if __name__ == "__main__":
    main()
