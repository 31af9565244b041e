#pragma once

#include <cstddef>
#include <string_view>

namespace lethe::model::inline tokenizer {

/// Bytes [begin, end) of a text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
  bool operator==(const Span&) const = default;
};

}  // namespace lethe::model::inline tokenizer
