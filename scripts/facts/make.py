#!/usr/bin/env python3
"""Makes records in CounterFact's schema, and sample orders, of the facts in assets/facts that a model knows.

    python3 scripts/facts/make.py        writes assets/facts/counterfact.json and assets/facts/samples.json

Every draw comes from one seed: the files come out the same again. What is known is in known.json (scripts/facts/score.py).
"""

import json
import random

from table import ALSO_TRUE, FOLDER, RELATIONS, known

SEED = 37
NUM_ORDERS = 4
NUM_BEGINNING = 48  # of the demonstration, which must not take long
NUM_PARAPHRASES = 3
MAX_NEIGHBOURS = 10
MIN_NEIGHBOURS = 3
# What a text about the subject may begin with.
OPENINGS = ("A traveller who comes to {} will", "Most people have heard of {} because")


def neighbours_of(fact, right, relations):
    """Sentences about other subjects that the model ends with the same object."""
    kind = relations[fact.relation].asks_for
    return [
        relations[other.relation].templates[i].format(other.subject)
        for other, numbers in right.items()
        if other.object == fact.object and other.subject != fact.subject and relations[other.relation].asks_for == kind
        for i in numbers
    ]


def record_of(fact, right, objects, relations, draw):
    """A record; nothing if too few neighbours are known."""
    neighbours = neighbours_of(fact, right, relations)
    if len(neighbours) < MIN_NEIGHBOURS:
        return None
    templates = relations[fact.relation].templates
    edited = draw.choice(right[fact])
    # Those that the model ends rightly come first.
    others = sorted((i for i in range(len(templates)) if i != edited), key=lambda i: i not in right[fact])
    false = [value for value in objects if value != fact.object and value not in ALSO_TRUE.get(fact.subject, ())]
    return {
        "requested_rewrite": {
            "prompt": templates[edited],
            "relation_id": fact.relation,
            "target_new": {"str": draw.choice(false)},
            "target_true": {"str": fact.object},
            "subject": fact.subject,
        },
        "paraphrase_prompts": [templates[i].format(fact.subject) for i in others[:NUM_PARAPHRASES]],
        "neighborhood_prompts": draw.sample(neighbours, min(MAX_NEIGHBOURS, len(neighbours))),
        "generation_prompts": [opening.format(fact.subject) for opening in OPENINGS],
    }


def records_of(right, draw):
    relations = {relation.name: relation for relation in RELATIONS}
    objects = {}  # by relation, in the order of the table
    for fact in right:
        objects.setdefault(fact.relation, {})[fact.object] = None
    made = [
        record_of(fact, right, list(objects[fact.relation]), relations, draw)
        for fact in right
        if relations[fact.relation].is_edited
    ]
    return [{"case_id": i, **record} for i, record in enumerate(filter(None, made))]


def orders_of(records, draw):
    """In each order every subject once, with one of its facts. A last one keeps of the first the last facts whose
    subject begins the prompt: r-ROME's authors found single edits among them that break a model."""
    by_subject = {}
    for record in records:
        by_subject.setdefault(record["requested_rewrite"]["subject"].lower(), []).append(record["case_id"])
    orders = {}
    for order in range(NUM_ORDERS):
        orders[str(order)] = [draw.choice(case_ids) for case_ids in by_subject.values()]
        draw.shuffle(orders[str(order)])
    begins = {record["case_id"] for record in records if record["requested_rewrite"]["prompt"].startswith("{}")}
    orders[str(NUM_ORDERS)] = [case_id for case_id in orders["0"] if case_id in begins][-NUM_BEGINNING:]
    return orders


def main():
    draw = random.Random(SEED)
    records = records_of(known(), draw)
    lines = ",\n".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records)
    (FOLDER / "counterfact.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    orders = orders_of(records, draw)
    (FOLDER / "samples.json").write_text(json.dumps(orders) + "\n", encoding="utf-8")
    print(f"{len(records)} records; orders of {[len(order) for order in orders.values()]} subjects")


if __name__ == "__main__":
    main()
