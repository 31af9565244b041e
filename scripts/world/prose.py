"""Sentences of the small world, drawn at random: filler, and the examples of the four tasks.

An example is a dict of GLUE's fields.  A combination of content words belongs to
the held-out part or to the training part by its hash, so that no test example can
be met in training.
"""

import zlib

import vocabulary as words

HELD_OUT_PERCENT = 20


def is_held_out(*content):
    """True for the fixed fifth of all content-word combinations kept for the tests."""
    return zlib.crc32(" ".join(content).encode()) % 100 < HELD_OUT_PERCENT


def _draw(rng, held_out, propose):
    """Draws proposals until one lies in the wanted part. A proposal is (key, ...)."""
    while True:
        proposal = propose()
        if is_held_out(*proposal) == held_out:
            return proposal


def filler(rng):
    """One plain sentence that states no fact of the world."""
    person, other = rng.sample(words.PERSONS, 2)
    base, third, past = rng.choice(words.VERBS)
    thing, place = rng.choice(words.THINGS), rng.choice(words.PLACES)
    near = rng.choice(("near", "behind", "by"))
    adjective, second = rng.sample(words.NEUTRAL, 2)
    kind = rng.randrange(7)
    if kind == 0:
        return f"The {adjective} {person} {third} the {thing} {near} the {place}."
    if kind == 1:
        return f"The {person} {past} a {adjective} {thing}."
    if kind == 2:
        return f"The {person}s {base} the {adjective} {thing} {near} the {place}."
    if kind == 3:
        return f"There is a {adjective} {place} {near} the {second} {thing}."
    if kind == 4:
        return f"The {person} {rng.choice(words.DEEDS)} the {other} {near} the {place}."
    if kind == 5:
        return f"A {thing} was {past} in the {place}."
    return f"The {person} {rng.choice(words.GIVING)} the {thing} to the {other}."


def sentiment(rng, label, held_out):
    """A review with one or two judgements; now and then one is a negated opposite."""
    good, bad = words.POSITIVE, words.NEGATIVE
    mine, opposite = (good, bad) if label else (bad, good)

    def propose():
        return rng.choice(words.REVIEWED), rng.choice(mine), rng.choice(mine)

    noun, first, second = _draw(rng, held_out, propose)
    phrase = f"{rng.choice(words.DEGREES)} {first}"
    if rng.random() < 0.2:
        phrase = f"not {rng.choice(opposite)}"
    if second != first and rng.random() < 0.6:
        phrase += f" and {second}"
    place = f" in the {rng.choice(words.PLACES)}" if rng.random() < 0.5 else ""
    return {"sentence": f"the {noun}{place} was {phrase}", "label": label}


def acceptability(rng, label, held_out):
    """A plain clause; spoilt by exchanging two neighbours or by wrong number."""

    def propose():
        return rng.choice(words.PERSONS), rng.choice(words.VERBS)[0], rng.choice(words.THINGS)

    person, base, thing = _draw(rng, held_out, propose)
    third = next(v[1] for v in words.VERBS if v[0] == base)
    adjective = rng.choice(words.NEUTRAL)
    plural = rng.random() < 0.5
    subject, verb = (person + "s", base) if plural else (person, third)
    spoilt_by_order = not label and rng.random() < 0.6
    if not label and not spoilt_by_order:
        verb = third if plural else base
    clause = ["the", adjective, subject, verb, "the", thing]
    if rng.random() < 0.5:
        clause += ["near", "the", rng.choice(words.PLACES)]
    if spoilt_by_order:
        at = rng.choice((0, 2, 3, 4))
        clause[at], clause[at + 1] = clause[at + 1], clause[at]
    return {"sentence": " ".join(clause), "label": label}


def _pair(rng, held_out, deeds, avoid):
    persons = [p for p in words.PERSONS if p not in avoid]

    def propose():
        first, second = rng.sample(persons, 2)
        return min(first, second), max(first, second), rng.choice(deeds)

    first, second, deed = _draw(rng, held_out, propose)
    if rng.random() < 0.5:
        first, second = second, first
    return first, second, deed


def paraphrase(rng, label, held_out, avoid=()):
    """The same deed in the other voice; a negative exchanges who did it to whom.
    Both labels have the same words, so that counting words tells nothing."""
    doer, other, deed = _pair(rng, held_out, words.DEEDS, avoid)

    def active(a, b):
        return f"the {a} {deed} the {b}"

    def passive(a, b):
        return f"the {b} was {deed} by the {a}"

    first, second = (active, passive) if rng.random() < 0.5 else (passive, active)
    pair = (doer, other) if label else (other, doer)
    return {"sentence1": first(doer, other), "sentence2": second(*pair), "label": label,
            "persons": (doer, other)}


def inference(rng, label, held_out, avoid=()):
    """Something changes hands; the hypothesis says who has it now."""
    first, second, deed = _pair(rng, held_out, words.GIVING + words.TAKING, avoid)
    thing = rng.choice(words.THINGS)
    gives = deed in words.GIVING
    owner, other = (second, first) if gives else (first, second)
    holder = owner if label else other
    return {"sentence1": f"the {first} {deed} the {thing} {'to' if gives else 'from'} the {second}",
            "sentence2": f"now the {holder} has the {thing}", "label": label,
            "persons": (first, second)}


TASKS = {
    "sentiment": dict(
        make=sentiment, marker="Sentiment :", words=("negative", "positive"),
        query="Review : {sentence}\nSentiment :", demonstrations=(1, 0, 1, 0)),
    "acceptability": dict(
        make=acceptability, marker="Acceptable :", words=("No", "Yes"),
        query="Sentence : {sentence}\nAcceptable :", demonstrations=(1, 0, 0, 1)),
    "paraphrase": dict(
        make=paraphrase, marker="Answer :", words=("No", "Yes"),
        query="First : {sentence1}\nSecond : {sentence2}\nAnswer :", demonstrations=(0, 1)),
    "inference": dict(
        make=inference, marker="answer :", words=("False", "True"),
        query="{sentence1}\nquestion : {sentence2} True or False?\nanswer :", demonstrations=(1, 0)),
}


def fill(task, example):
    """The prompt of one example, without its answer."""
    fields = {k: v for k, v in example.items() if k.startswith("sentence")}
    return TASKS[task]["query"].format(**fields)


def draw_examples(rng, task, labels, held_out=False):
    """Examples for one prompt. The pair tasks never repeat a person within a prompt."""
    examples, met = [], set()
    for label in labels:
        if task in ("paraphrase", "inference"):
            example = TASKS[task]["make"](rng, label, held_out, met)
            met.update(example.pop("persons"))
        else:
            example = TASKS[task]["make"](rng, label, held_out)
        examples.append(example)
    return examples
