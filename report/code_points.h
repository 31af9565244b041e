#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lethe::report {

/// Characters of UTF-8: columns on a terminal and in an editor, where bytes would not line up.
inline std::size_t num_code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// Takes the first character off `text`, which is not empty; nullopt for a byte that begins none.
inline std::optional<std::uint32_t> take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t first = byte(0);
  const std::size_t length = first < 0x80U ? 1 : first >= 0xF0U && first < 0xF8U ? 4 : first >= 0xE0U ? 3 : 2;
  std::uint32_t point = first;
  bool is_whole = first < 0x80U || (first >= 0xC2U && first < 0xF8U && length <= text.size());
  if (is_whole && length > 1) {
    point = first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      is_whole = is_whole && (byte(i) & 0xC0U) == 0x80U;
      point = point << 6U | (byte(i) & 0x3FU);
    }
  }
  text.remove_prefix(is_whole ? length : 1);
  if (!is_whole) return std::nullopt;
  return point;
}

}  // namespace lethe::report
