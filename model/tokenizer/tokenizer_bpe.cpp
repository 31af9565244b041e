#include "model/tokenizer/tokenizer_bpe.h"

#include <algorithm>
#include <optional>
#include <queue>

#include "data/unicode.h"
#include "model/tokenizer/byte_alphabet.h"

namespace lethe::model::inline tokenizer {

/// A token of the piece while it is merged: a list linked by indices.
struct BytePairEncoder::Symbol {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  TokenId id = -1;  ///< -1: swallowed by the symbol before
  Span span;
  std::size_t previous = kNone;
  std::size_t next = kNone;
};

/// A merge of the symbol at `position` with the one after it, unless either has changed meanwhile.
struct BytePairEncoder::Candidate {
  Merge merge;
  std::size_t position = 0;

  /// Whether `other` goes first: lower rank, then further left.
  bool operator<(const Candidate& other) const {
    return merge.rank != other.merge.rank ? merge.rank > other.merge.rank : position > other.position;
  }
};

BytePairEncoder::BytePairEncoder(const Vocabulary& vocabulary)
    : is_byte_level_(vocabulary.pre_tokenizer.is_byte_level()), rules_(vocabulary.rules), merges_(vocabulary.merges) {
  const auto id_of = [&](const std::string& token) {
    const auto found = vocabulary.ids.find(token);
    return found == vocabulary.ids.end() ? TokenId{-1} : found->second;
  };
  for (unsigned value = 0; value < 256; ++value) {
    const auto byte = static_cast<unsigned char>(value);
    byte_ids_[value] = id_of(is_byte_level_ ? byte_character(byte) : std::string(1, static_cast<char>(byte)));
    fallback_ids_[value] = id_of(fallback_token(byte));
  }
  std::vector<PieceToken> merged;
  for (const auto& [token, id] : vocabulary.ids) {
    const auto piece = is_byte_level_ ? token_bytes(token) : token;
    if (!piece || piece->empty()) continue;
    if (!is_byte_level_ && unit_at(*piece, 0).end == piece->size()) character_ids_.emplace(*piece, id);
  }
  for (const auto& [token, id] : vocabulary.ids) {
    const auto piece = is_byte_level_ ? token_bytes(token) : token;
    if (!piece || piece->empty()) continue;
    merged.clear();
    if (!rules_.ignores_merges) append_merged(*piece, merged);
    // A token need not be what merging its own bytes gives ("<|endoftext|>" is not).
    const bool is_merged = merged.size() == 1 && merged.front().id == id;
    if (rules_.ignores_merges || is_merged) whole_pieces_.emplace(*piece, id);
  }
}

void BytePairEncoder::append(std::string_view piece, std::vector<PieceToken>& tokens) const {
  if (const auto whole = whole_pieces_.find(piece); whole != whole_pieces_.end()) {
    tokens.push_back({whole->second, {0, piece.size()}});
  } else {
    append_merged(piece, tokens);
  }
}

/// What merging begins from: a byte, or a character.
Span BytePairEncoder::unit_at(std::string_view piece, std::size_t position) const {
  return {position, position + (is_byte_level_ ? 1 : data::code_point_at(piece, position).size)};
}

TokenId BytePairEncoder::id_of_unit(std::string_view unit) const {
  if (unit.size() == 1) return byte_ids_[static_cast<unsigned char>(unit.front())];
  const auto found = character_ids_.find(unit);
  return found == character_ids_.end() ? -1 : found->second;
}

/// The bytes of a unit that the vocabulary lacks, if it has "<0xNN>" for all of them.
bool BytePairEncoder::append_fallback(std::string_view unit, std::size_t position, std::vector<Symbol>& symbols) const {
  const std::string written =
      is_byte_level_ ? byte_character(static_cast<unsigned char>(unit.front())) : std::string(unit);
  const auto id_of = [this](char byte) { return fallback_ids_[static_cast<unsigned char>(byte)]; };
  if (!rules_.falls_back_to_bytes || std::ranges::any_of(written, [&](char byte) { return id_of(byte) < 0; })) {
    return false;
  }
  for (std::size_t i = 0; i < written.size(); ++i) {
    const std::size_t offset = is_byte_level_ ? 0 : i;
    symbols.push_back({id_of(written[i]), {position + offset, position + offset + 1}});
  }
  return true;
}

/// An unknown token waits for what follows, since others may be fused into it; "<0xNN>" do not end its waiting.
std::vector<BytePairEncoder::Symbol> BytePairEncoder::symbols_of(std::string_view piece) const {
  std::vector<Symbol> symbols;
  symbols.reserve(piece.size());
  std::optional<Span> unknown;
  const auto finish_unknown = [&] {
    if (unknown) symbols.push_back({*rules_.unknown, *unknown});
    unknown.reset();
  };
  for (std::size_t position = 0; position < piece.size();) {
    const Span span = unit_at(piece, position);
    position = span.end;
    if (const TokenId id = id_of_unit(span.of(piece)); id >= 0) {
      finish_unknown();
      symbols.push_back({id, span});
    } else if (!append_fallback(span.of(piece), span.begin, symbols) && rules_.unknown) {
      if (!rules_.fuses_unknown) finish_unknown();
      unknown = unknown ? Span{unknown->begin, span.end} : span;
    }
  }
  finish_unknown();
  return symbols;
}

void BytePairEncoder::append_merged(std::string_view piece, std::vector<PieceToken>& tokens) const {
  std::vector<Symbol> symbols = symbols_of(piece);
  if (symbols.empty()) return;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    symbols[i].previous = i == 0 ? Symbol::kNone : i - 1;
    symbols[i].next = i + 1 == symbols.size() ? Symbol::kNone : i + 1;
  }

  const auto merge_at = [&](std::size_t position) -> const Merge* {
    const Symbol& left = symbols[position];
    if (left.id < 0 || left.next == Symbol::kNone) return nullptr;
    const auto found = merges_.find(Vocabulary::merge_key(left.id, symbols[left.next].id));
    return found == merges_.end() ? nullptr : &found->second;
  };
  std::priority_queue<Candidate> candidates;
  const auto consider = [&](std::size_t position) {
    if (const Merge* merge = merge_at(position)) candidates.push({*merge, position});
  };
  for (std::size_t position = 0; position < symbols.size(); ++position) consider(position);

  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    const Merge* merge = merge_at(best.position);
    if (merge == nullptr || merge->merged != best.merge.merged) continue;  // overtaken by another merge
    Symbol& left = symbols[best.position];
    Symbol& right = symbols[left.next];
    left.id = merge->merged;
    left.span.end = right.span.end;
    right.id = -1;
    left.next = right.next;
    if (left.next != Symbol::kNone) symbols[left.next].previous = best.position;
    if (left.previous != Symbol::kNone) consider(left.previous);
    consider(best.position);
  }
  for (std::size_t position = 0; position != Symbol::kNone; position = symbols[position].next) {
    tokens.push_back({symbols[position].id, symbols[position].span});
  }
}

}  // namespace lethe::model::inline tokenizer
