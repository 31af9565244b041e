#pragma once

#include <cstdint>

namespace lethe::model::inline tokenizer {

/// What GPT-2's split pattern tells apart: \p{L}, \p{N}, \s and the rest.
enum class CharacterClass : std::uint8_t { kOther = 0, kLetter = 1, kNumber = 2, kSpace = 3 };

/// Class of a code point in Unicode 16, as Hugging Face `tokenizers` sees it. The table is part of the program
/// and not of a library of the host, so that the same text gives the same tokens, hence the same edits, everywhere.
CharacterClass class_of(char32_t code_point);

}  // namespace lethe::model::inline tokenizer
