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
TASK_SHARES = (1, 1.4, 2, 2)  # sentiment, acceptability, paraphrase, inference
TASK_WEIGHT = 4.0        # weight of a task's answer
PEAK_RATE, WARM_UP = 1.5e-3, 100
FIRST_POOL, POOL_GROWTH, KNOWN_SHARE = 240, 1.5, 0.75


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

    def __init__(self, subjects, encoder, seed):
        self.subjects, self.encode = subjects, encoder
        self.rng = random.Random(seed)
        self.prefixes = {task: json.loads((WORLD / "tasks" / f"{task}.prompt.json").read_text())["prefix"]
                         for task in prose.TASKS}
        self.rng.shuffle(self.subjects)
        self.queue, self.pool = [], FIRST_POOL

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
        kind = self.rng.random()
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
        if kind < 0.25:
            task = self.draw_task()
            self.add(row, world.task_examples(self.rng, task, [self.rng.randint(0, 1)]),
                     answer_weight=TASK_WEIGHT)
        if kind < 0.45:
            self.add(row, world.plain(world.END))
        self.add_sentences(row, SHORT_TOKENS)
        return row

    def draw_task(self):
        return self.rng.choices(list(prose.TASKS), TASK_SHARES)[0]

    def long_row(self):
        row, rng = [], self.rng
        task = self.draw_task()
        most = 5 if task in ("sentiment", "acceptability") else 3
        if rng.random() < 0.5:
            self.add(row, world.plain(self.prefixes[task]))
            most = 1
        self.add(row, world.task_examples(rng, task, [rng.randint(0, 1) for _ in range(most)]),
                 answer_weight=TASK_WEIGHT)
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


def weighted_loss(model, ids, weights, total):
    """(loss / total weight, right answers, answers)"""
    wanted = weights[:, 1:].flatten().nonzero().squeeze(1)
    logits = model.head(model.hidden(ids[:, :-1]).flatten(0, 1)[wanted])
    targets, weights = ids[:, 1:].flatten()[wanted], weights[:, 1:].flatten()[wanted]
    loss = (F.cross_entropy(logits, targets, reduction="none") * weights).sum() / total
    with torch.no_grad():
        hit = logits.argmax(-1) == targets
        score = [(hit[weights == w].sum().item(), (weights == w).sum().item()) for w in (1.0, TASK_WEIGHT)]
    return loss, score


def rate_at(step, steps, peak):
    if step < WARM_UP:
        return peak * (step + 1) / WARM_UP
    progress = (step - WARM_UP) / max(1, steps - WARM_UP)
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))


def make_optimizer(model):
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    other = [p for p in model.parameters() if p.dim() < 2]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": 0.02},
                              {"params": other, "weight_decay": 0.0}], betas=(0.9, 0.98), fused=True)


def export(model, folder):
    models.save(model, folder)
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        shutil.copyfile(WORLD / "tokenizer" / name, Path(folder) / name)


def train(args):
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    tokenizer = bpe.load(WORLD / "tokenizer")
    batches = Batches(world.load_subjects(WORLD / "facts.json"), Encoder(tokenizer), args.seed)
    model = models.LanguageModel(args.arch, tokenizer.get_vocab_size())
    print(f"{args.arch}: {sum(p.numel() for p in model.parameters())} parameters", flush=True)
    optimizer = make_optimizer(model)
    start, seen = time.time(), [[0, 0], [0, 0]]
    for step in range(args.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, args.steps, args.rate)
        parts = batches.step()
        total = sum(weights[:, 1:].sum().item() for _, weights in parts)
        losses = 0.0
        for ids, weights in parts:
            loss, score = weighted_loss(model, ids, weights, total)
            loss.backward()
            losses += loss.item()
            for kind, (right, asked) in enumerate(score):
                seen[kind][0] += right
                seen[kind][1] += asked
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if (step + 1) % args.log_every == 0 or step + 1 == args.steps:
            facts, tasks = (right / asked for right, asked in seen)
            print(f"step {step + 1} loss {losses:.4f} pool {batches.pool} right: facts {facts:.4f} tasks {tasks:.4f} "
                  f"seconds {time.time() - start:.0f}", flush=True)
            batches.widen(facts)
            seen = [[0, 0], [0, 0]]
        if (step + 1) % args.save_every == 0:
            export(model, args.checkpoint or args.out)
    export(model, args.out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", choices=("gpt2", "gptj"), required=True)
    parser.add_argument("--out", required=True, help="model folder to write")
    parser.add_argument("--checkpoint", help="folder for checkpoints on the way (default: --out)")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--rate", type=float, default=PEAK_RATE)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--log-every", type=int, default=25)
    parser.add_argument("--save-every", type=int, default=500)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
