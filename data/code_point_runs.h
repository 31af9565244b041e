#pragma once

#include <algorithm>
#include <iterator>
#include <span>

namespace lethe::data {

/// Code points from `first` to `last`.
struct CodePointRun {
  char32_t first, last;
};

/// Whether one of the runs has it; they are in order, and none meets another.
inline bool has_code_point(std::span<const CodePointRun> runs, char32_t code_point) {
  const auto next = std::ranges::upper_bound(runs, code_point, {}, &CodePointRun::first);
  return next != runs.begin() && code_point <= std::prev(next)->last;
}

}  // namespace lethe::data
