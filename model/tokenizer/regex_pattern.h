#pragma once

#include <string>
#include <string_view>

namespace lethe::model::inline tokenizer {

/// A pattern of a tokenizer.json, written for Oniguruma, as PCRE2 understands it in the same way: \p{L}, \p{N} and \s
/// become the code points of lethe's own table, so that no library decides what a letter is. Throws `core::DataError`
/// that says what is not understood, or would not mean the same to both.
std::string pcre2_pattern(std::string_view pattern);

}  // namespace lethe::model::inline tokenizer
