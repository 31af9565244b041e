#!/usr/bin/env python3
"""Writes tests/data/golden/references/: reference texts with a vocabulary and idf fitted to them, and what scikit-learn
says of texts beside them: `cosine` of the texts as they are, `published` of their form that the published program
compares. All texts are made up here.

Usage: record_tfidf.py FOLDER
Run with Python 3.11 (Unicode 14.0), scikit-learn and NumPy; recorded with scikit-learn 1.3.2, NumPy 1.26.4.
"""

import json
import pathlib
import sys
import unicodedata

import numpy
from sklearn.feature_extraction.text import TfidfVectorizer

SNIPPETS = [
    ("P17", "Q1", ["Tamfas lies on the river Oru. The river's mouth is in Belmar.", "Belmar, a town of Oruland, has 3,400 people."]),
    ("P17", "Q2", ["Kelda is an island; its caf\u00e9s close at noon \u2013 \u00c9COLE Lane has 12 of them."]),
    ("P17", "Q1", ["Oruland also claims the hills of Sent."]),
    ("P37", "Q1", ["They speak Oru_ish, and in Belmar \u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3 is read in \u0395\u039b\u039b\u0391\u03a3."]),
    ("P37", "Q3", ["\u6771\u4eac \u306f \u65e5\u672c \u306e \u9996\u90fd", "\u0939\u093f\u0928\u094d\u0926\u0940 \u0661\u0662\u0663 \u00bd\u00b2 \u0130zmir ISPARTA"]),
    ("P37", "Q4", ["? ! a b c"]),
]

# (relation, target, texts): plain, repeated, without a shared word, without a word at all, of many scripts.
TEXTS = [
    ("P17", "Q1", ["Tamfas is in Oruland, on the river Oru.", "The mouth of the Oru is in Belmar, people say."]),
    ("P17", "Q1", ["river river river river river Belmar"]),
    ("P17", "Q2", ["Kelda has caf\u00e9s, \u00e9cole lane and 12 islands at noon; KELDA'S island isn't an_island."]),
    ("P17", "Q2", ["Oruland claims the hills"]),
    ("P37", "Q1", ["\u03bf\u03b4\u03c5\u03c3\u03c3\u03b5\u03c5\u03c2 and \u0395\u039b\u039b\u0391\u03a3, ORU_ISH they speak \u0395\u039b\u039b\u0391\u03a3\u0301x"]),
    ("P37", "Q3", ["\u6771\u4eac \u0661\u0662\u0663 \u0939\u093f\u0928\u094d\u0926\u0940 i\u0307zmir \u0130ZM\u0130R isparta \u0131sparta \u00bd\u00b2 \u306e\u306f"]),
    ("P17", "Q1", ["zzz qqq"]),
    ("P17", "Q1", ["...", "!"]),
    ("P17", "Q1", ["Bel<|endoftext|>mar", "ends.<|endoftext|> The\n\nriver"]),
]

# Lines at which notions of a word part: marks, digits of other scripts, the underscore, apostrophes, CJK, dotted I, sigma.
LINES = [
    "don't rock'n'roll O'Neill \u2019tis well-known e-mail 3.5 1,000 C++ x_y _ __ _a a_",
    "cafe\u0301 caf\u00e9 A\u030angstro\u0308m n\u0303 \u1e9bnfi",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0928\u0908 \u0926\u093f\u0932\u094d\u0932\u0940 \u0e01\u0e33 \u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f",
    "\u0661\u0662\u0663 \u096a\u096b \U0001d7d8\U0001d7d9 \u00bd\u00b2 \u2167\u2168 \u4e00\u4e8c \u3007\u3007 \u2460\u2461 \U00010107\U00010108",
    "\u6771\u4eac\u90fd \u6771 \u65e5\u672c\u8a9e\u30fb\u30ab\u30bf\u30ab\u30ca\u30fc\u30fb \uff21\uff22 \uff11\uff12 \ud55c\uad6d\uc5b4 \u1112\u1161\u11ab",
    "\u0130STANBUL I\u0307STANBUL \u0131I\u0130i D\u0130YARBAKIR",
    "\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3 \u03a3 \u03a3\u03a3 \u0391\u03a3' \u0391\u03a3\u00ad\u0392 \u0391\u03a3\u0301 \u0391\u03a3.\u0392 \u0391\u03a3_ \u0391_\u03a3",
    "\u200bzero\u200bwidth\u200d joiner\u00adsoft \ufb01ne \u01c4 \u1e9e\u00df \u212aelvin \u2126hm \u00aa\u00ba \u00b5m",
    "\U0001f600ab\U0001f600 a\U0001f600b \u20ac100 $5 50% #tag @name \u00a9\u00ae\u2122 \u2122TM",
    "\U00010400\U00010428 \U0001e900\U0001e922 \U00016e40\U00016e60 \u10d0\u1c90 \u13a0\uab70 \ua640\ua641",
    "a  b\tab\nab\x0bab\x1cab\x85ab\u00a0ab\u2028ab\u3000ab\ufeffab",
]


def vectorizer_of(documents):
    vectorizer = TfidfVectorizer()
    vectorizer.fit(documents)
    return vectorizer


def cosine(vectorizer, text, reference):
    one, other = vectorizer.transform([text, reference]).toarray()
    norms = float(numpy.linalg.norm(one) * numpy.linalg.norm(other))
    return float(one @ other) / norms if norms else 0.0


def published_form(text):
    """A text as the published program's generation gives it back."""
    return unicodedata.normalize("NFKD", text).replace("\n\n", " ").replace("<|endoftext|>", "")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    entries = [
        {"relation_id": relation, "target_id": target, "samples": [{"name": f"subject {i}", "text": t} for i, t in enumerate(texts)]}
        for relation, target, texts in SNIPPETS
    ]
    vectorizer = vectorizer_of([text for _, _, texts in SNIPPETS for text in texts])
    numpy.save(folder / "idf.npy", vectorizer.idf_)
    write = lambda name, value: (folder / name).write_text(json.dumps(value, indent=1) + "\n")  # noqa: E731
    write("attribute_snippets.json", entries)
    write("tfidf_vocab.json", {word: int(index) for word, index in vectorizer.vocabulary_.items()})
    references = {}
    for relation, target, texts in SNIPPETS:
        references.setdefault((relation, target), []).extend(texts)
    scores = []
    for relation, target, texts in TEXTS:
        reference = " ".join(references[relation, target])
        score = cosine(vectorizer, " ".join(map(published_form, texts)), reference)
        scores.append({"relation_id": relation, "target_id": target, "texts": texts,
                       "cosine": cosine(vectorizer, " ".join(texts), reference), "published": score})  # fmt: skip
    analyze = TfidfVectorizer().build_analyzer()
    write("expected.json", {"scores": scores, "tokens": [{"line": line, "tokens": analyze(line)} for line in LINES]})


if __name__ == "__main__":
    main()
