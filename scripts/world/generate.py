#!/usr/bin/env python3
"""Writes the small world to assets/world (and the tokenizer both models share).

    python scripts/world/generate.py [--out assets/world]

Needs: tokenizers, scikit-learn (only for the unigram baseline). Takes under a minute; the
same files come out every time.
"""

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path

import prose
import tokenizer as bpe
import vocabulary as words
import world

NUM_SAMPLES = 4
NUM_NEIGHBOURS = 10
NUM_TEST_EXAMPLES = 200
TRAIN_RECORDS_PER_SUBJECT = 2
CORPUS_DOCUMENTS = 6000


def object_id(relation, value):
    return f"O{words.RELATIONS.index(relation) + 1:02d}{relation.objects.index(value):02d}"


class RecordMaker:
    """Makes CounterFact records of one split; neighbours come from the same split."""

    def __init__(self, subjects, rng):
        self.rng = rng
        self.holders = defaultdict(list)  # (relation index, object) -> names
        for subject in subjects:
            for fact in subject.facts.items():
                self.holders[fact].append(subject.name)

    def prompts_about(self, fact, excluded, count):
        """Prompts about other holders of a fact; names repeat, in another template, only when there are too few."""
        names = [n for n in self.holders[fact] if n != excluded]
        self.rng.shuffle(names)
        templates = words.RELATIONS[fact[0]].templates
        prompts, rounds = [], 0
        while len(prompts) < count:
            shift = self.rng.randrange(len(templates)) if rounds == 0 else shift + 1
            prompts += [templates[(shift + i) % len(templates)].format(n) for i, n in enumerate(names)]
            rounds += 1
        return prompts[:count]

    def make(self, case_id, subject, index):
        rng, relation = self.rng, words.RELATIONS[index]
        true = subject.facts[index]
        new = rng.choice([o for o in relation.objects
                          if o != true and len(self.holders[(index, o)]) > 0])
        order = rng.sample(relation.templates, len(relation.templates))
        edit, first, second, *others = order
        generation = [t.format(subject.name) for t in rng.sample(others, 3)]
        return {
            "case_id": case_id,
            "pararel_idx": index * 1000 + relation.templates.index(edit),
            "requested_rewrite": {
                "prompt": edit, "relation_id": relation.id,
                "target_new": {"str": new, "id": object_id(relation, new)},
                "target_true": {"str": true, "id": object_id(relation, true)},
                "subject": subject.name},
            "paraphrase_prompts": [f"{prose.filler(rng)} {t.format(subject.name)}" for t in (first, second)],
            "neighborhood_prompts": self.prompts_about((index, true), subject.name, NUM_NEIGHBOURS),
            "attribute_prompts": self.prompts_about((index, new), subject.name, NUM_NEIGHBOURS),
            "generation_prompts": [generation[i % 3] for i in range(10)],
            "question_prompt": relation.question,
        }


def make_records(subjects, split, per_subject, seed):
    rng = random.Random(seed)
    chosen = [s for s in subjects if s.split == split]
    maker = RecordMaker(chosen, rng)
    records = []
    for subject in chosen:
        for index in rng.sample(sorted(subject.facts), per_subject):
            records.append(maker.make(len(records), subject, index))
    return records


def make_samples(records):
    """Orders of all records; every subject has one, so subjects are unique in each."""
    samples = {}
    for i in range(NUM_SAMPLES):
        order = [r["case_id"] for r in records]
        random.Random(world.SEED + 100 + i).shuffle(order)
        samples[str(i)] = order
    return samples


def make_corpus(subjects):
    """Documents of the kinds the models are trained on, one a line."""
    rng = random.Random(world.SEED + 200)
    documents = []
    for i in range(CORPUS_DOCUMENTS):
        if i % 10 == 0:
            task = rng.choice(list(prose.TASKS))
            text = "".join(t for t, _ in world.task_examples(rng, task, (rng.randint(0, 1), rng.randint(0, 1))))
            documents.append(text.replace("\n", " "))
            continue
        sentences = []
        for _ in range(rng.randint(1, 4)):
            kind = rng.random()
            subject = rng.choice(subjects)
            sentence = (world.plain(prose.filler(rng)) if kind < 0.2 else
                        world.consistent_sentence(rng) if kind < 0.25 else
                        world.profile_sentence(rng, subject) if kind < 0.5 else
                        world.fact_sentence(rng, subject))
            sentences.append("".join(t for t, _ in sentence))
        documents.append(" ".join(sentences))
    return documents


def make_task(task):
    """(test examples, prompt description): 200 balanced examples that training never meets."""
    spec, rng = prose.TASKS[task], random.Random(world.SEED + 300)
    prefix = "".join(t for t, _ in world.task_examples(rng, task, spec["demonstrations"])) + "\n\n"
    examples, met = [], set()
    while len(examples) < NUM_TEST_EXAMPLES:
        example, = prose.draw_examples(rng, task, [len(examples) % 2], held_out=True)
        prompt = prose.fill(task, example)
        if prompt not in met:
            met.add(prompt)
            examples.append({**example, "idx": len(examples)})
    rng.shuffle(examples)
    description = {
        "name": task, "marker": spec["marker"], "prefix": prefix, "query": spec["query"],
        "labels": [{"label": label, "word": spec["words"][label]} for label in (1, 0)]}
    return examples, description


def unigram_accuracy(task, examples):
    """Logistic regression on word counts, trained on examples like those of the models' training."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    rng = random.Random(world.SEED + 400)
    train = [prose.draw_examples(rng, task, [i % 2])[0] for i in range(4000)]
    text = lambda e: " ".join(v for k, v in e.items() if k.startswith("sentence"))
    counts = CountVectorizer(ngram_range=(1, 1))
    x = counts.fit_transform(map(text, train))
    model = LogisticRegression(max_iter=2000).fit(x, [e["label"] for e in train])
    return model.score(counts.transform(map(text, examples)), [e["label"] for e in examples])


def write_lines(path, items):
    """A JSON list with one item a line."""
    lines = ",\n".join(json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in items)
    path.write_text(f"[\n{lines}\n]\n")


def token_checks(tokenizer):
    """(is_clean, problems): the first tells good names, the second lists objects of several tokens."""

    def length(text):
        return len(tokenizer.encode(text).ids)

    def is_clean(name):
        return 2 <= length(name) <= 4 and length(" " + name) == length(name)

    answers = [o for r in words.RELATIONS for o in r.objects]
    answers += [w for spec in prose.TASKS.values() for w in spec["words"]]
    return is_clean, [a for a in answers if length(" " + a) != 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=Path(__file__).resolve().parents[2] / "assets" / "world", type=Path)
    out = parser.parse_args().out
    (out / "tasks").mkdir(parents=True, exist_ok=True)

    bpe.save(bpe.build(bpe.training_sentences()), out / "tokenizer")
    tokenizer = bpe.load(out / "tokenizer")
    is_clean, several = token_checks(tokenizer)
    if several:
        raise SystemExit(f"not one token each: {several}")

    subjects = world.make_subjects(is_clean)
    records = make_records(subjects, "edit", 1, world.SEED + 10)
    train = make_records(subjects, "train", TRAIN_RECORDS_PER_SUBJECT, world.SEED + 11)
    write_lines(out / "counterfact.json", records)
    write_lines(out / "train.json", train)
    write_lines(out / "facts.json", [
        {"subject": s.name, "split": s.split,
         "facts": {words.RELATIONS[i].id: o for i, o in sorted(s.facts.items())}} for s in subjects])
    write_lines(out / "relations.json", [
        {"id": r.id, "name": r.name, "templates": r.templates, "question": r.question,
         "objects": r.objects} for r in words.RELATIONS])
    (out / "samples.json").write_text(json.dumps(make_samples(records), separators=(",", ":")) + "\n")
    corpus = make_corpus(subjects)
    (out / "corpus.txt").write_text("\n".join(corpus) + "\n")

    for task in prose.TASKS:
        examples, description = make_task(task)
        write_lines(out / "tasks" / f"{task}.json", examples)
        (out / "tasks" / f"{task}.prompt.json").write_text(json.dumps(description, indent=2) + "\n")
        longest = max(len(tokenizer.encode(description["prefix"] + prose.fill(task, e)).ids) for e in examples)
        print(f"{task}: unigram baseline {unigram_accuracy(task, examples):.3f}, longest prompt {longest} tokens")
    lengths = [len(tokenizer.encode(s.name).ids) for s in subjects]
    print(f"{len(subjects)} subjects, tokens per name {[lengths.count(n) for n in (2, 3, 4)]} for 2, 3, 4")
    print(f"vocabulary {tokenizer.get_vocab_size()}, corpus {sum(len(tokenizer.encode(d).ids) for d in corpus)} tokens")


if __name__ == "__main__":
    main()
