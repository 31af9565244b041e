#pragma once

#include <string_view>
#include <vector>

namespace lethe::data {

/// Whether Python's `\w` matches this code point: letters and numbers of every script, and the underscore; no combining
/// mark. Of Unicode 14.0 on every host, as `to_lower` is.
bool is_word_character(char32_t code_point);

/// The tokens that scikit-learn's default pattern, (?u)\b\w\w+\b, finds: runs of two word characters or more, as far as
/// they reach. Ill-formed bytes are no word characters. Views of `text`.
std::vector<std::string_view> word_tokens(std::string_view text);

}  // namespace lethe::data
