#!/usr/bin/env python3
"""Writes data/word_character_table.h from Python's \\w, and prints what tests/data/word_tokens_test.cpp holds it to.

Usage: record_word_characters.py data/word_character_table.h
Run with Python 3.11 (Unicode 14.0): results depend on this table, so another version of Unicode is another program.
"""
import re
import sys
import unicodedata
import zlib

UNICODE = "14.0.0"
TOKEN = re.compile(r"(?u)\b\w\w+\b")
CODE_POINTS = [code for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]


def word_runs():
    """[first, last] of code points that are word characters."""
    runs = []
    for code in CODE_POINTS:
        if not re.match(r"\w", chr(code)):
            continue
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return runs


def header():
    rows = [f"{{0x{first:05X}, 0x{last:05X}}}" for first, last in word_runs()]
    lines = ["    " + ", ".join(rows[start : start + 5]) + "," for start in range(0, len(rows), 5)]
    return "\n".join(
        [
            "// Written by tests/data/golden/record_word_characters.py from Python's \\w. Do not edit.",
            "#pragma once",
            "",
            '#include "data/code_point_runs.h"',
            "",
            "namespace lethe::data {",
            "",
            f"/// The word characters of Unicode {UNICODE}, in order.",
            "inline constexpr CodePointRun kWordRuns[] = {",
            *lines,
            "};",
            "",
            "}  // namespace lethe::data",
            "",
        ]
    )


def checksum(texts):
    """Of the lower-cased tokens of texts: blanks between tokens, a line each text."""
    lines = "\n".join(" ".join(TOKEN.findall(text.lower())) for text in texts)
    return zlib.crc32(lines.encode())


def main():
    if unicodedata.unidata_version != UNICODE:
        sys.exit(f"this Python knows Unicode {unicodedata.unidata_version}; {UNICODE} is what lethe's results are of")
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write(header())
    print(f"between letters: 0x{checksum('a' + chr(code) + 'b' for code in CODE_POINTS):08X}")
    print(f"twice: 0x{checksum(chr(code) * 2 for code in CODE_POINTS):08X}")


if __name__ == "__main__":
    main()
