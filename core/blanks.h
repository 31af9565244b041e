#pragma once

#include <string_view>

namespace lethe::core {

/// What separates words in texts of users: ASCII's blanks alone.
inline constexpr const char* kBlanks = " \t\n\r\f\v";

/// Whether a text begins or ends with a blank; false for an empty one.
inline bool has_blank_at_an_end(std::string_view text) {
  return !text.empty() && (text.find_first_of(kBlanks) == 0 || text.find_last_of(kBlanks) == text.size() - 1);
}

}  // namespace lethe::core
