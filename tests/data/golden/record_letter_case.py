#!/usr/bin/env python3
"""Writes data/letter_case_table.h from the behaviour of Python's str.lower(), and prints what
tests/data/letter_case_test.cpp holds to_lower to.

Usage: record_letter_case.py data/letter_case_table.h
Run with Python 3.11 (Unicode 14.0): results depend on this table, so another version of Unicode is another program.
"""
import sys
import unicodedata
import zlib

UNICODE = "14.0.0"
OTHER, CASED, IGNORABLE, UNASSIGNED = range(4)
SIGMA, FINAL_SIGMA, DOTTED_I = "\u03a3", "\u03c2", "\u0130"
CODE_POINTS = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]

# Where a sigma ends a word, and where it only seems to; names of several scripts.
WORDS = [
    "\u0391\u03a3", "\u03a3", "\u03a3\u03a3", "\u0391\u03a3 \u0392", "\u0391\u03a3\u0392", "\u0391\u03a3.", "\u0391\u03a3.\u0392",
    "\u0391\u00ad\u03a3", "\u0391\u03a3\u00ad", "\u0391\u03a3\u0301\u0392", "1\u03a3", "'\u03a3", "\u0391'\u03a3'", "\u02b0\u03a3",
    "\u01c5\u03a3", "\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3 \u0399\u0398\u0391\u039a\u0397\u03a3", "\u0130zmir", "D\u0130YARBAKIR", "I\u0307",
    "\u13a0\u13e3\u13b3\u13a9", "\u1c90\u1c91", "\ua640\ua641", "\u212aelvin", "\u212bngstr\u00f6m", "\u1e9e STRASSE", "\u01c4 \u01c5 \u01c6",
    "\U00010400\U0001e900\U00016e40", "\u2160\u24b6", "\u04c0\u04cf \u0531\u0556", "\uff21\uff3a", "",
]


def runs_of(value_of):
    """(first, value) wherever the value changes."""
    runs = []
    for code in range(0x110000):
        value = value_of(code)
        if not runs or runs[-1][1] != value:
            runs.append((code, value))
    return runs


def class_of(code):
    if 0xD800 <= code <= 0xDFFF:
        return OTHER
    character = chr(code)
    if unicodedata.category(character) == "Cn":
        return UNASSIGNED
    if (character + SIGMA).lower().endswith(FINAL_SIGMA):
        return CASED
    return IGNORABLE if ("a" + character + SIGMA).lower().endswith(FINAL_SIGMA) else OTHER


def lower_runs():
    """(first, last, step, distance): each step-th code point of first to last has its small letter that much further."""
    pairs = [(code, ord(lower) - code) for code in CODE_POINTS if len(lower := chr(code).lower()) == 1 and ord(lower) != code]
    runs = []
    for code, distance in pairs:
        if runs and runs[-1][3] == distance:
            first, last, step, _ = runs[-1]
            gap = code - last
            if gap == step or (first == last and gap <= 2):
                runs[-1] = (first, code, gap, distance)
                continue
        runs.append((code, code, 1, distance))
    return runs


def table(name, kind, rows, width, comment):
    lines = [f"/// {comment}", f"inline constexpr {kind} {name}[] = {{"]
    for start in range(0, len(rows), width):
        lines.append("    " + ", ".join(rows[start:start + width]) + ",")
    return "\n".join(lines + ["};"])


def header():
    classes = [f"0x{first << 2 | value:06X}" for first, value in runs_of(class_of)]
    lower = [f"{{0x{first:05X}, 0x{last:05X}, {step}, {distance}}}" for first, last, step, distance in lower_runs()]
    return f"""// Written by tests/data/golden/record_letter_case.py from Python's str.lower(). Do not edit.
#pragma once

#include <cstdint>

namespace lethe::data {{

inline constexpr const char* kUnicodeVersion = "{UNICODE}";

/// Every `step`-th code point from `first` to `last` is a capital whose small letter lies `distance` further.
struct CapitalRun {{
  std::uint32_t first, last;
  std::uint8_t step;
  std::int32_t distance;
}};

{table("kCapitalRuns", "CapitalRun", lower, 4, "In order. U+0130, whose lower case is two code points, is not among them.")}

{table("kCaseClassRuns", "std::uint32_t", classes, 11, "Runs of code points of one `CaseClass`, in order: (first code point << 2) | class.")}

}}  // namespace lethe::data
"""


def checksum(texts):
    return zlib.crc32("\n".join(text.lower() for text in texts).encode())


def main():
    if unicodedata.unidata_version != UNICODE:
        sys.exit(f"this Python knows Unicode {unicodedata.unidata_version}; {UNICODE} is what lethe's results are of")
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write(header())
    characters = [chr(code) for code in CODE_POINTS]
    print(f"code points: 0x{checksum(characters):08X}")
    print(f"before a sigma: 0x{checksum(c + SIGMA for c in characters):08X}")
    print(f"around a sigma: 0x{checksum('a' + c + SIGMA + c + 'b' for c in characters):08X}")
    print(f"after a sigma: 0x{checksum('A' + SIGMA + c for c in characters):08X}")
    print(f"words: 0x{checksum(WORDS):08X}")
    decomposed = "\n".join(unicodedata.normalize("NFKD", c) for c in characters).encode()
    print(f"NFKD (tests/editing/contexts_test.cpp): 0x{zlib.crc32(decomposed):08X}")


if __name__ == "__main__":
    main()
