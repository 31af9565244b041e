#include "model/tokenizer/tokenizer_classes.h"

#include <algorithm>
#include <iterator>

#include "model/tokenizer/character_class_runs.h"

namespace lethe::model::inline tokenizer {

CharacterClass class_of(char32_t code_point) {
  const std::uint32_t after = ((static_cast<std::uint32_t>(code_point) + 1) << 2) - 1;
  const std::uint32_t* run =
      std::upper_bound(std::begin(kCharacterClassRuns), std::end(kCharacterClassRuns), after) - 1;
  return static_cast<CharacterClass>(*run & 3U);
}

std::vector<CodePointRange> ranges_of(CharacterClass kind, bool is_complement) {
  constexpr char32_t kLast = 0x10FFFF;
  constexpr char32_t kBeforeSurrogates = 0xD7FF;
  constexpr char32_t kBehindSurrogates = 0xE000;
  std::vector<CodePointRange> ranges;
  for (const std::uint32_t* run = std::begin(kCharacterClassRuns); run != std::end(kCharacterClassRuns); ++run) {
    if ((static_cast<CharacterClass>(*run & 3U) == kind) == is_complement) continue;
    const char32_t first = *run >> 2;
    const char32_t last = std::next(run) == std::end(kCharacterClassRuns) ? kLast : (*std::next(run) >> 2) - 1;
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
