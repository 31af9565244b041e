#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer/span.h"

namespace lethe::model::inline tokenizer {

/// A stretch of a text on its way to tokens; it knows where in the text that was given each of its bytes came from.
struct TextView {
  std::string_view bytes;
  std::size_t start = 0;                      ///< where the first byte came from, the others behind it, unless
  std::span<const std::size_t> origins = {};  ///< says it byte by byte

  [[nodiscard]] std::size_t origin_of(std::size_t index) const {
    return origins.empty() ? start + index : origins[index];
  }
  [[nodiscard]] TextView part(const Span& span) const {
    return {span.of(bytes), start + span.begin,
            origins.empty() ? origins : origins.subspan(span.begin, span.end - span.begin)};
  }
};

/// A text that was rewritten.
struct AlignedText {
  std::string bytes;
  std::vector<std::size_t> origins;  ///< by byte

  void keep(const TextView& text) {
    bytes += text.bytes;
    for (std::size_t i = 0; i < text.bytes.size(); ++i) origins.push_back(text.origin_of(i));
  }
  /// Text that stands for what came from `origin` on.
  void put(std::string_view text, std::size_t origin) {
    bytes += text;
    origins.resize(bytes.size(), origin);
  }
  [[nodiscard]] TextView view() const { return {bytes, 0, origins}; }
};

}  // namespace lethe::model::inline tokenizer
