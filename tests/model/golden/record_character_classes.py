#!/usr/bin/env python3
"""Writes model/tokenizer/tokenizer_classes.cpp from the behaviour of Hugging Face `tokenizers` (0.22.2: Unicode 16).

Usage: record_character_classes.py > model/tokenizer/tokenizer_classes.cpp
A code point's class is found by asking whether GPT-2's split pattern joins it to a letter, a digit or a "!".
"""
from tokenizers.pre_tokenizers import ByteLevel

OTHER, LETTER, NUMBER, SPACE = range(4)
LAST_CODE_POINT = 0x10FFFF

HEADER = """// Written by tests/model/golden/record_character_classes.py from Hugging Face tokenizers' behaviour. Do not edit.
#include "model/tokenizer/tokenizer_classes.h"

#include <algorithm>
#include <iterator>

namespace lethe::model::inline tokenizer {
namespace {

// Runs of code points of one class, in order: (first code point << 2) | class.
constexpr std::uint32_t kRuns[] = {
"""

FOOTER = """};

}  // namespace

CharacterClass class_of(char32_t code_point) {
  const std::uint32_t after = ((static_cast<std::uint32_t>(code_point) + 1) << 2) - 1;
  const std::uint32_t* run = std::upper_bound(std::begin(kRuns), std::end(kRuns), after) - 1;
  return static_cast<CharacterClass>(*run & 3U);
}

std::vector<CodePointRange> ranges_of(CharacterClass kind, bool is_complement) {
  constexpr char32_t kLast = 0x10FFFF;
  constexpr char32_t kBeforeSurrogates = 0xD7FF;
  constexpr char32_t kBehindSurrogates = 0xE000;
  std::vector<CodePointRange> ranges;
  for (const std::uint32_t* run = std::begin(kRuns); run != std::end(kRuns); ++run) {
    if ((static_cast<CharacterClass>(*run & 3U) == kind) == is_complement) continue;
    const char32_t first = *run >> 2;
    const char32_t last = std::next(run) == std::end(kRuns) ? kLast : (*std::next(run) >> 2) - 1;
    const bool is_next = !ranges.empty() && ranges.back().last + 1 == first;
    if (is_next) {
      ranges.back().last = last;
    } else {
      ranges.push_back({first, last});
    }
  }
  std::vector<CodePointRange> whole;
  for (const CodePointRange& range : ranges) {
    if (range.first <= kBeforeSurrogates) whole.push_back({range.first, std::min(range.last, kBeforeSurrogates)});
    if (range.last >= kBehindSurrogates) whole.push_back({std::max(range.first, kBehindSurrogates), range.last});
  }
  return whole;
}

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
