#pragma once

#include <array>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/tokenizer/tokenizer_vocabulary.h"

namespace lethe::model::inline tokenizer {

/// Byte-pair encoding of one piece of text. Immutable.
class BytePairEncoder {
 public:
  explicit BytePairEncoder(const Vocabulary& vocabulary);

  /// Appends the tokens of `piece` to `ids`. O(n log n) for n bytes. Bytes that the vocabulary lacks are left out,
  /// as Hugging Face does; GPT-2's own has all 256.
  void append(std::string_view piece, std::vector<TokenId>& ids) const;

 private:
  struct Symbol;
  struct Candidate;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  void append_merged(std::string_view piece, std::vector<TokenId>& ids) const;

  std::array<TokenId, 256> byte_ids_{};  ///< -1: not in the vocabulary
  std::unordered_map<std::uint64_t, Merge> merges_;
  /// Pieces that are one token, by their bytes: most pieces of most texts, spared the merging.
  std::unordered_map<std::string, TokenId, TextHash, std::equal_to<>> whole_pieces_;
};

}  // namespace lethe::model::inline tokenizer
