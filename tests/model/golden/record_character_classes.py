#!/usr/bin/env python3
"""Writes model/tokenizer/character_class_runs.h from the behaviour of Hugging Face `tokenizers` (0.22.2: Unicode 16).

Usage: record_character_classes.py > model/tokenizer/character_class_runs.h
A code point's class is found by asking whether GPT-2's split pattern joins it to a letter, a digit or a "!".
"""
from tokenizers.pre_tokenizers import ByteLevel

OTHER, LETTER, NUMBER, SPACE = range(4)
LAST_CODE_POINT = 0x10FFFF

HEADER = """// Written by tests/model/golden/record_character_classes.py from Hugging Face tokenizers' behaviour. Do not edit.
#pragma once

#include <cstdint>

namespace lethe::model::inline tokenizer {

/// Runs of code points of one class, in order: (first code point << 2) | class.
inline constexpr std::uint32_t kCharacterClassRuns[] = {
"""

FOOTER = """};

}  // namespace lethe::model::inline tokenizer
"""


def class_of(split, code_point):
    if 0xD800 <= code_point <= 0xDFFF:
        return OTHER
    character = chr(code_point)
    for neighbour, result in (("a", LETTER), ("1", NUMBER), ("!", OTHER)):
        if len(split.pre_tokenize_str(neighbour + character)) == 1:
            return result
    return SPACE


def main():
    split = ByteLevel(add_prefix_space=False, use_regex=True)
    runs, previous = [], None
    for code_point in range(LAST_CODE_POINT + 1):
        current = class_of(split, code_point)
        if current != previous:
            runs.append(code_point << 2 | current)
            previous = current
    print(HEADER, end="")
    for start in range(0, len(runs), 11):
        print("    " + ", ".join(f"0x{run:06X}" for run in runs[start:start + 11]) + ",")
    print(FOOTER, end="")


if __name__ == "__main__":
    main()
