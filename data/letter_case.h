#pragma once

#include <string>
#include <string_view>

namespace lethe::data {

/// Lower case as Python's `str.lower()` gives it: one code point to one, but for U+0130 (two), and a capital sigma that
/// ends a word becomes U+03C2. Ill-formed sequences are kept. Of Unicode 14.0 on every host: the table is part of the
/// program, not of a locale or library, so that the same records give the same subjects everywhere.
std::string to_lower(std::string_view text);

/// Whether Unicode 14.0 has given this code point to a character.
bool is_assigned(char32_t code_point);

}  // namespace lethe::data
