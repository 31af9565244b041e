"""The facts of assets/facts: relations, the sentences that ask for them, and which of them a model knows."""

import csv
import dataclasses
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "assets/facts"
KNOWN = FOLDER / "known.json"


@dataclasses.dataclass(frozen=True)
class Relation:
    """Sentences with "{}" for the subject; the object follows, after a blank. `asks_for` is the kind of object."""

    name: str
    asks_for: str
    templates: tuple[str, ...]
    is_edited: bool = True  # else its sentences are neighbours alone


RELATIONS = (
    Relation("capital_of", "country", (
        "{} is the capital of",
        "{} is the capital city of",
        "The city of {} is the capital of the country of",
        "The embassies in {} are embassies to the country of",
    )),
    Relation("city", "country", (
        "{} is a city in",
        "The city of {} lies in the country of",
        "{} is a major city in the country of",
        "Someone who lives in {} lives in the country of",
    )),
    Relation("language", "language", (
        "The official language of {} is",
        "In {}, people speak",
        "The language spoken by most people in {} is",
        "Newspapers in {} are mostly printed in",
    )),
    Relation("currency", "currency", (
        "The currency of {} is the",
        "In {}, people pay with the",
        "The official currency of {} is called the",
        "Prices in the shops of {} are given in the local currency, the",
    )),
    Relation("continent", "continent", (
        "{} is a country in",
        "{} is a country on the continent of",
        "{} lies on the continent of",
        "On a map of the world, {} is part of the continent of",
    )),
    Relation("city_language", "language", (
        "In the city of {}, people speak",
        "The language of the people of {} is",
    ), is_edited=False),
    Relation("city_currency", "currency", (
        "In the city of {}, people pay with the",
        "The currency used in the city of {} is the",
    ), is_edited=False),
)  # fmt: skip


# Objects of the table that are no false answers for a subject either: never drawn as its new target.
ALSO_TRUE = {
    "Alexandria": ("United States",),
    "Armenia": ("Europe",),
    "Azerbaijan": ("Europe",),
    "Birmingham": ("United States",),
    "Boston": ("United Kingdom",),
    "Concepción": ("Paraguay", "Argentina"),
    "Constantine": ("United Kingdom",),
    "Córdoba": ("Spain", "Mexico"),
    "Egypt": ("Asia",),
    "Finland": ("Swedish",),
    "Haiti": ("Spanish",),
    "Hyderabad": ("Pakistan",),
    "India": ("English", "Bengali", "Urdu", "Nepali"),
    "Israel": ("Arabic",),
    "Kazakhstan": ("Russian", "Europe"),
    "Kenya": ("Swahili",),
    "Kingston": ("Canada", "United Kingdom", "United States"),
    "Malaysia": ("Chinese", "English"),
    "Manchester": ("United States",),
    "Mendoza": ("Spain",),
    "Namibia": ("German",),
    "Pakistan": ("English",),
    "Panama": ("South America", "dollar"),
    "Perth": ("United Kingdom",),
    "Philippines": ("English",),
    "Rosario": ("Mexico",),
    "San José": ("United States",),
    "Santiago": ("Cuba", "Spain"),
    "Somalia": ("Arabic",),
    "Tanzania": ("English",),
    "Tripoli": ("Lebanon", "Greece"),
    "Uganda": ("Swahili",),
    "Ukraine": ("Russian",),
    "Valencia": ("Venezuela",),
    "Zimbabwe": ("rand",),
}


@dataclasses.dataclass(frozen=True)
class Fact:
    relation: str
    subject: str
    object: str


def _rows(name):
    with open(FOLDER / name, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def facts():
    """All facts of the table, in its order; an empty field is one that we do not ask for."""
    countries, cities = _rows("countries.tsv"), _rows("cities.tsv")
    by_name = {row["country"]: row for row in countries}
    found = [Fact("capital_of", row["capital"], row["country"]) for row in countries]
    found += [Fact("city", row["city"], row["country"]) for row in cities]
    for relation in ("language", "currency", "continent"):
        found += [Fact(relation, row["country"], row[relation]) for row in countries]
    for relation in ("language", "currency"):
        found += [Fact(f"city_{relation}", row["city"], by_name[row["country"]][relation]) for row in cities]
    return [fact for fact in found if fact.subject and fact.object]


def known():
    """Of each fact, the numbers of the sentences that the model ends rightly, as known.json says."""
    entries = json.loads(KNOWN.read_text(encoding="utf-8"))["sentences"]
    return {Fact(*entry[:3]): entry[3] for entry in entries}
