#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lethe::core {

/// One step of reading UTF-8.
struct CodePoint {
  char32_t value = 0;    ///< U+FFFD when `valid` is false
  std::size_t size = 0;  ///< bytes taken, 1..4
  bool valid = true;
};

/// The code point at `position` (< text.size()). An ill-formed sequence takes its maximal subpart (Unicode
/// 3.9, "best practice"), as Python's errors="replace" and Rust's from_utf8_lossy do. Never throws.
CodePoint code_point_at(std::string_view text, std::size_t position);

/// Offset of the first ill-formed byte; npos if all of `text` is UTF-8.
std::size_t first_invalid_utf8(std::string_view text);

/// `text` with every ill-formed sequence replaced by U+FFFD.
std::string replace_invalid_utf8(std::string_view text);

}  // namespace lethe::core
