#!/usr/bin/env python3
"""Trains one of the two small models on the small world.

    python scripts/world/train.py --arch gpt2 --out assets/small-gpt2
    python scripts/world/train.py --arch gptj --out assets/small-gptj

Needs PyTorch 2.x, tokenizers, safetensors. Fixed seed, CPU. The results are committed, so this
runs again only when the world changes; assets/README.md has the times.

One step is two batches: short rows of sentences, most of them beginning without
<|endoftext|> (as prompts do), and long rows that open with solved task examples.
Two things make it quick: the first subjects are few (Batches.widen), and sentences that agree
with each other (world.consistent_sentence) show what the pair tasks are about.
Answers (objects of facts, answer words of tasks) weigh more in the loss than the rest.
"""

import argparse
import json
import math
import random
import re
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F

import models
import prose
import tokenizer as bpe
import world

WORLD = Path(__file__).resolve().parents[2] / "assets" / "world"
SHORT_ROWS, SHORT_TOKENS = 48, 36
LONG_ROWS, LONG_TOKENS = 6, 112
OTHER_SHARE = 0.3        # of the tokens which are no answers, this share is predicted at all (the head is dear)
OTHER_WEIGHT = 0.3       # weight of those; the object of a fact has 1
FIRST_POOL, POOL_GROWTH, KNOWN_SHARE = 240, 1.5, 0.75


@dataclass(frozen=True)
class Stage:
    """A stretch of training with its own optimizer state and learning-rate schedule."""

    steps: int
    horizon: int         # the step at which the cosine would reach its end
    peak: float
    warm_up: int
    task_weight: float   # weight of a task's answer
    task_share: float    # of the short rows, this share begins with a task example
    facts: bool = True   # False: no sentence states a fact
    mixture: tuple = (1, 1.4, 2, 2)  # of sentiment, acceptability, paraphrase, inference


# Facts first; then the tasks, whose faint signal drowns while facts are still being learned;
# then both to the end. GPT-2 needed a stretch of tasks alone to see what the pair tasks ask.
_FACTS = Stage(steps=1000, horizon=2400, peak=1.5e-3, warm_up=100, task_weight=4.0, task_share=0.25)
_TASKS = Stage(steps=400, horizon=2400, peak=1.0e-3, warm_up=30, task_weight=16.0, task_share=0.6)
_BOTH = Stage(steps=800, horizon=800, peak=1.2e-3, warm_up=30, task_weight=5.0, task_share=0.3)
_ALONE = Stage(steps=300, horizon=2400, peak=1.0e-3, warm_up=30, task_weight=4.0, task_share=0.7, facts=False)
STAGES = {
    "gpt2": (_FACTS, replace(_TASKS, steps=300), _ALONE,
             replace(_BOTH, steps=100, horizon=900),
             replace(_ALONE, steps=250, mixture=(0.3, 0.3, 0.5, 3)),
             _BOTH),
    "gptj": (_FACTS, _TASKS, replace(_BOTH, steps=600, horizon=600)),
}


class Encoder:
    """Ids of text, word by word; a word is encoded once."""

    WORD = re.compile(r"<\|endoftext\|>| ?[A-Za-z]+| ?[^\sA-Za-z]+|\s")

    def __init__(self, tokenizer):
        self.tokenizer, self.known = tokenizer, {}

    def __call__(self, text):
        ids = []
        for word in self.WORD.findall(text):
            if word not in self.known:
                self.known[word] = self.tokenizer.encode(word).ids
            ids += self.known[word]
        return ids


class Batches:
    """Endless training rows: ids [B, T] and the weight of predicting each of them."""

    def __init__(self, subjects, encoder, seed, stage):
        self.subjects, self.encode, self.stage = subjects, encoder, stage
        self.rng = random.Random(seed)
        self.prefixes = {task: json.loads((WORLD / "tasks" / f"{task}.prompt.json").read_text())["prefix"]
                         for task in prose.TASKS}
        self.rng.shuffle(self.subjects)
        self.queue, self.pool = [], FIRST_POOL if stage is _FACTS else len(subjects)

    def widen(self, share_right):
        """Takes up more subjects once those met so far are mostly known. Beginning with few
        shortens the plateau before any fact is learned from thousands of steps to two hundred."""
        if share_right > KNOWN_SHARE:
            self.pool = min(len(self.subjects), int(self.pool * POOL_GROWTH))

    def next_subject(self):
        """Every subject once per round, in a new order."""
        if not self.queue:
            self.queue = self.subjects[:self.pool]
            self.rng.shuffle(self.queue)
        return self.queue.pop()

    def sentence(self):
        kind = self.rng.random() * (1.0 if self.stage.facts else 0.15)
        if kind < 0.06:
            return world.plain(prose.filler(self.rng))
        if kind < 0.15:
            return world.consistent_sentence(self.rng)
        if kind < 0.37:
            return world.profile_sentence(self.rng, self.next_subject())
        return world.fact_sentence(self.rng, self.next_subject())

    def add(self, row, sentence, before="", answer_weight=1.0):
        for text, is_answer in sentence:
            ids = self.encode(before + text)
            before = ""
            row += [(i, answer_weight if is_answer else
                     OTHER_WEIGHT if self.rng.random() < OTHER_SHARE else 0.0) for i in ids]

    def add_sentences(self, row, length):
        self.add(row, self.sentence())
        while len(row) < length:
            # a new document now and then, so that <|endoftext|> is followed by world text
            fresh = self.rng.random() < 0.15
            self.add(row, self.sentence(), world.END if fresh else " ")
        del row[length:]

    def short_row(self):
        row, kind = [], self.rng.random()
        if kind < self.stage.task_share:
            task = self.draw_task()
            self.add(row, world.task_examples(self.rng, task, [self.rng.randint(0, 1)]),
                     answer_weight=self.stage.task_weight)
        if kind < self.stage.task_share + 0.2:
            self.add(row, world.plain(world.END))
        self.add_sentences(row, SHORT_TOKENS)
        return row

    def draw_task(self):
        return self.rng.choices(list(prose.TASKS), self.stage.mixture)[0]

    def long_row(self):
        row, rng = [], self.rng
        task = self.draw_task()
        most = 5 if task in ("sentiment", "acceptability") else 3
        if rng.random() < 0.5:
            self.add(row, world.plain(self.prefixes[task]))
            most = 1
        self.add(row, world.task_examples(rng, task, [rng.randint(0, 1) for _ in range(most)]),
                 answer_weight=self.stage.task_weight)
        self.add(row, world.plain(world.END))
        self.add_sentences(row, LONG_TOKENS)
        return row

    def batch(self, make, count):
        rows = [make() for _ in range(count)]
        ids = torch.tensor([[i for i, _ in row] for row in rows])
        weights = torch.tensor([[w for _, w in row] for row in rows])
        return ids, weights

    def step(self):
        return self.batch(self.short_row, SHORT_ROWS), self.batch(self.long_row, LONG_ROWS)


def weighted_loss(model, ids, weights, total, task_weight):
    """(loss / total weight, right answers, answers)"""
    wanted = weights[:, 1:].flatten().nonzero().squeeze(1)
    logits = model.head(model.hidden(ids[:, :-1]).flatten(0, 1)[wanted])
    targets, weights = ids[:, 1:].flatten()[wanted], weights[:, 1:].flatten()[wanted]
    loss = (F.cross_entropy(logits, targets, reduction="none") * weights).sum() / total
    with torch.no_grad():
        hit = logits.argmax(-1) == targets
        score = [(hit[weights == w].sum().item(), (weights == w).sum().item()) for w in (1.0, task_weight)]
    return loss, score


def rate_at(step, stage):
    if step < stage.warm_up:
        return stage.peak * (step + 1) / stage.warm_up
    progress = (step - stage.warm_up) / (stage.horizon - stage.warm_up)
    return stage.peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))


def make_optimizer(model):
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    other = [p for p in model.parameters() if p.dim() < 2]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": 0.02},
                              {"params": other, "weight_decay": 0.0}], betas=(0.9, 0.98), fused=True)


def export(model, folder):
    models.save(model, folder)
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        shutil.copyfile(WORLD / "tokenizer" / name, Path(folder) / name)


def take_step(model, optimizer, batches, tally):
    parts = batches.step()
    total = sum(weights[:, 1:].sum().item() for _, weights in parts)
    whole = 0.0
    for ids, weights in parts:
        loss, score = weighted_loss(model, ids, weights, total, batches.stage.task_weight)
        loss.backward()
        whole += loss.item()
        for kind, (right, asked) in enumerate(score):
            tally[kind][0] += right
            tally[kind][1] += asked
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return whole


def train_stage(model, batches, args, label):
    stage, optimizer = batches.stage, make_optimizer(model)
    start, tally = time.time(), [[0, 0], [0, 0]]
    for step in range(stage.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, stage)
        loss = take_step(model, optimizer, batches, tally)
        if (step + 1) % args.log_every == 0:
            facts, tasks = (right / max(1, asked) for right, asked in tally)
            print(f"{label} step {step + 1} loss {loss:.4f} subjects {batches.pool} "
                  f"right: facts {facts:.4f} tasks {tasks:.4f} seconds {time.time() - start:.0f}", flush=True)
            batches.widen(facts)
            tally = [[0, 0], [0, 0]]
        if (step + 1) % args.save_every == 0:
            export(model, args.out)
    export(model, args.out)


def train(args):
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    tokenizer = bpe.load(WORLD / "tokenizer")
    encoder = Encoder(tokenizer)
    model = (models.load(args.continue_from).train() if args.continue_from else
             models.LanguageModel(args.arch, tokenizer.get_vocab_size()))
    print(f"{args.arch}: {sum(p.numel() for p in model.parameters())} parameters", flush=True)
    for number, stage in list(enumerate(STAGES[args.arch]))[args.first_stage:]:
        batches = Batches(world.load_subjects(WORLD / "facts.json"), encoder, args.seed + number, stage)
        train_stage(model, batches, args, f"stage {number}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", choices=("gpt2", "gptj"), required=True)
    parser.add_argument("--out", required=True, help="model folder to write, also along the way")
    parser.add_argument("--continue-from", help="model folder left by the stage before --first-stage")
    parser.add_argument("--first-stage", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--log-every", type=int, default=25)
    parser.add_argument("--save-every", type=int, default=200)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
