#pragma once

#include <cstdint>
#include <vector>

namespace lethe::model::inline tokenizer {

/// What the published split patterns tell apart: \p{L}, \p{N}, \s and the rest.
enum class CharacterClass : std::uint8_t { kOther = 0, kLetter = 1, kNumber = 2, kSpace = 3 };

/// Class of a code point in Unicode 16, as Hugging Face `tokenizers` sees it. The table is part of the program
/// and not of a library of the host, so that the same text gives the same tokens, hence the same edits, everywhere.
CharacterClass class_of(char32_t code_point);

/// Code points [first, last].
struct CodePointRange {
  char32_t first = 0;
  char32_t last = 0;
};

/// Where the code points of a class stand, or all others, in order; surrogates, which are in no text, left out.
std::vector<CodePointRange> ranges_of(CharacterClass kind, bool is_complement);

}  // namespace lethe::model::inline tokenizer
