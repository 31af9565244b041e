#pragma once

#include <cstddef>
#include <string_view>

namespace lethe::model::inline tokenizer {

/// End of the piece that starts at `start` (< text.size()) when GPT-2's pattern
///   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// splits `text` (valid UTF-8). Pieces cover the text without gaps. Linear in the piece's length.
std::size_t piece_end(std::string_view text, std::size_t start);

}  // namespace lethe::model::inline tokenizer
