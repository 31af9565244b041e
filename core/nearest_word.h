#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lethe::core {

/// Levenshtein distance: insertions, deletions and substitutions of bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest of `words` (the first of equally near ones), if it is near enough to be what was meant: at most half
/// of the longer word differs, or `word` is its beginning.
std::optional<std::string> nearest_word(std::string_view word, std::span<const std::string> words);

/// "; did you mean \"x\"?" for the nearest word, or nothing.
std::string suggestion(std::string_view word, std::span<const std::string> words);

/// "a, b or c".
std::string join_alternatives(std::span<const std::string> words);

}  // namespace lethe::core
