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


def paraphrase(rng, label, held_out):
    """Two judgements of the same thing, in different words; they agree or they do not.
    Every word is as frequent with either label, so that counting words tells nothing."""
    good = rng.random() < 0.5
    adjectives = words.POSITIVE if good else words.NEGATIVE
    verbs = words.LIKING if good == bool(label) else words.DISLIKING

    def propose():
        return rng.choice(words.REVIEWED), rng.choice(adjectives), rng.choice(verbs)

    noun, adjective, verb = _draw(rng, held_out, propose)
    said = f"the {noun} was {rng.choice(words.DEGREES)} {adjective}"
    felt = f"the {rng.choice(words.PERSONS)}s {verb} the {noun}"
    first, second = (said, felt) if rng.random() < 0.5 else (felt, said)
    return {"sentence1": first, "sentence2": second, "label": label}


def inference(rng, label, held_out):
    """The premise names a thing, the hypothesis its kind, or another kind.
    All kinds and all things are as frequent with either label."""
    kinds = words.KINDS

    def propose():
        kind = rng.choice(sorted(kinds))
        claimed = kind if label else rng.choice([k for k in sorted(kinds) if k != kind])
        return rng.choice(words.PERSONS), rng.choice(kinds[kind]), claimed

    person, thing, claimed = _draw(rng, held_out, propose)
    deed = rng.choice(words.TAKING)
    return {"sentence1": f"the {person} {deed} the {thing} near the {rng.choice(words.PLACES)}",
            "sentence2": f"the {person} {deed} some kind of {claimed}", "label": label}


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
    return [TASKS[task]["make"](rng, label, held_out) for label in labels]
