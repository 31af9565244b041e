#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/tokenizer/tokenizer_vocabulary.h"

namespace lethe::model::inline tokenizer {

/// A token and the bytes of its piece that it stands for.
struct PieceToken {
  TokenId id = -1;
  Span span;
};

/// Byte-pair encoding of one piece of text, which begins from its bytes where the vocabulary is written in the byte
/// alphabet, else from its characters. Immutable.
class BytePairEncoder {
 public:
  explicit BytePairEncoder(const Vocabulary& vocabulary);

  /// Appends the tokens of `piece` (valid UTF-8) to `tokens`. O(n log n) for n bytes. What the vocabulary lacks becomes
  /// its unknown token or "<0xNN>", as the vocabulary has it, or is left out, as Hugging Face does.
  void append(std::string_view piece, std::vector<PieceToken>& tokens) const;

 private:
  struct Symbol;
  struct Candidate;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using IdsByText = std::unordered_map<std::string, TokenId, TextHash, std::equal_to<>>;

  void append_merged(std::string_view piece, std::vector<PieceToken>& tokens) const;
  [[nodiscard]] std::vector<Symbol> symbols_of(std::string_view piece) const;
  [[nodiscard]] Span unit_at(std::string_view piece, std::size_t position) const;
  [[nodiscard]] TokenId id_of_unit(std::string_view unit) const;
  bool append_fallback(std::string_view unit, std::size_t position, std::vector<Symbol>& symbols) const;

  bool is_byte_level_;
  BpeRules rules_;
  std::array<TokenId, 256> byte_ids_{};      ///< of units of one byte; -1: not in the vocabulary
  std::array<TokenId, 256> fallback_ids_{};  ///< of "<0xNN>"
  IdsByText character_ids_;                  ///< of units of several bytes
  std::unordered_map<std::uint64_t, Merge> merges_;
  /// Pieces that are one token: most pieces of most texts, spared the merging; or all tokens, where that is the rule.
  IdsByText whole_pieces_;
};

}  // namespace lethe::model::inline tokenizer
