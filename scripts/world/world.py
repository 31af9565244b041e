"""The facts of the small world: who exists, what is true of them, and how it is said."""

import json
import random
from dataclasses import dataclass, field

import prose
import vocabulary as words

SEED = 20240115
NUM_SUBJECTS = 2000       # may be edited
NUM_TRAIN_SUBJECTS = 420  # for training editors; no sample order uses them
FACTS_PER_SUBJECT = 4
END = "<|endoftext|>"


@dataclass
class Subject:
    name: str
    split: str                                  # "edit" or "train"
    facts: dict = field(default_factory=dict)   # relation index -> object


def name_pieces():
    """Syllables which the tokenizer keeps whole: (openings, endings, surnames, surname openings)."""
    rng = random.Random(SEED)
    vowels, closing = "aeiou", "lnrskm"

    def unique(count, make):
        found = []
        while len(found) < count:
            piece = make()
            if piece not in found:
                found.append(piece)
        return found

    def opening():
        return (rng.choice("BDFGHJKLMNPRSTVZ") + rng.choice(vowels) + rng.choice(closing))

    def ending():
        return rng.choice("bdfgvtzp") + rng.choice(vowels) + rng.choice("lnrsx")

    openings = unique(56, opening)
    endings = unique(56, ending)
    surname_openings = [p for p in unique(96, opening) if p not in openings][:40]
    surnames = unique(140, lambda: rng.choice(("Br", "Cl", "Dr", "Fl", "Gr", "Pr", "St", "Tr", "W", "Y", "C"))
                      + rng.choice(vowels) + rng.choice(("th", "ck", "nd", "mp", "ft", "sh", "bb", "lt", "sk")))
    return openings, endings, surnames, surname_openings


def _names(rng, is_clean, count):
    """Distinct names of two, three and four tokens. No one-word name is another's first name."""
    openings, endings, surnames, surname_openings = name_pieces()
    single, full = set(), []
    seen = set()
    while len(seen) < count:
        first = rng.choice(openings) + rng.choice(endings)
        kind = rng.random()
        if kind < 0.1:
            name = first
        elif kind < 0.7:
            name = f"{first} {rng.choice(surnames)}"
        else:
            name = f"{first} {rng.choice(surname_openings)}{rng.choice(endings)}"
        if name in seen or not is_clean(name):
            continue
        firsts = {n.split()[0] for n in full}
        if (kind < 0.1 and first in firsts) or (kind >= 0.1 and first in single):
            continue
        (single.add(first) if kind < 0.1 else full.append(name))
        seen.add(name)
    # sets have no fixed order between runs; sort, then shuffle by the seed
    ordered = sorted(seen)
    rng.shuffle(ordered)
    return ordered


def make_subjects(is_clean=lambda name: True):
    """All subjects with their facts. `is_clean(name)` tells whether a name has 2-4 tokens."""
    rng = random.Random(SEED + 1)
    subjects = []
    for i, name in enumerate(_names(rng, is_clean, NUM_SUBJECTS + NUM_TRAIN_SUBJECTS)):
        subject = Subject(name, "edit" if i < NUM_SUBJECTS else "train")
        for relation in rng.sample(range(len(words.RELATIONS)), FACTS_PER_SUBJECT):
            subject.facts[relation] = rng.choice(words.RELATIONS[relation].objects)
        subjects.append(subject)
    return subjects


# A sentence is a list of (text, is_answer); joined, its texts are the sentence.

def plain(text):
    return [(text, False)]


def fact_sentence(rng, subject):
    """One fact in one of the relation's templates, or as a question with its answer."""
    index, value = rng.choice(list(subject.facts.items()))
    relation = words.RELATIONS[index]
    pick = rng.randrange(len(relation.templates) + 1)
    template = relation.question if pick == len(relation.templates) else relation.templates[pick]
    return [(template.format(subject.name), False), (" " + value, True), (".", False)]


def profile_sentence(rng, subject):
    """Several facts in one sentence, each said with the tail of a template."""
    facts = list(subject.facts.items())
    rng.shuffle(facts)
    facts = facts[:rng.randint(2, len(facts))]
    sentence = plain(subject.name)
    for i, (index, value) in enumerate(facts):
        tails = [t[2:] for t in words.RELATIONS[index].templates if t.startswith("{}")]
        joint = "" if i == 0 else " and" if i == len(facts) - 1 else ","
        sentence += [(joint + rng.choice(tails), False), (" " + value, True)]
    return sentence + plain(".")


def consistent_sentence(rng):
    """Two plain sentences that agree, of the material of the pair tasks. Predicting the telling
    word of the second teaches what the tasks' questions turn on."""
    task = rng.choice(("paraphrase", "inference"))
    example = prose.TASKS[task]["make"](rng, 1, False)
    first, second = example["sentence1"], example["sentence2"].split(" ")
    telling = {"paraphrase": words.LIKING + words.DISLIKING + words.POSITIVE + words.NEGATIVE,
               "inference": tuple(words.KINDS)}[task]
    at = max(i for i, word in enumerate(second) if word in telling)
    before, after = " ".join(second[:at]), "".join(" " + word for word in second[at + 1:])
    return [(f"{first.capitalize()}. {before.capitalize()}", False), (" " + second[at], True), (after + ".", False)]


def task_examples(rng, task, labels, held_out=False):
    """Solved examples of one task as one document."""
    spec = prose.TASKS[task]
    document = []
    for i, example in enumerate(prose.draw_examples(rng, task, labels, held_out)):
        gap = "\n\n" if i else ""
        document += [(gap + prose.fill(task, example), False),
                     (" " + spec["words"][example["label"]], True)]
    return document


def load_subjects(path):
    """The subjects from facts.json."""
    index = {r.id: i for i, r in enumerate(words.RELATIONS)}
    return [Subject(item["subject"], item["split"], {index[k]: v for k, v in item["facts"].items()})
            for item in json.loads(path.read_text())]
