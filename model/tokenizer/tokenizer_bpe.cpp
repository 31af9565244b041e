#include "model/tokenizer/tokenizer_bpe.h"

#include <queue>

namespace lethe::model::inline tokenizer {

/// A token of the piece while it is merged: a list linked by indices.
struct BytePairEncoder::Symbol {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  TokenId id = -1;  ///< -1: swallowed by the symbol before
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

BytePairEncoder::BytePairEncoder(const Vocabulary& vocabulary) : merges_(vocabulary.merges) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto found = vocabulary.ids.find(byte_character(static_cast<unsigned char>(byte)));
    byte_ids_[byte] = found == vocabulary.ids.end() ? -1 : found->second;
  }
  std::vector<TokenId> ids;
  for (const auto& [token, id] : vocabulary.ids) {
    const auto bytes = token_bytes(token);
    if (!bytes || bytes->empty()) continue;
    ids.clear();
    append_merged(*bytes, ids);
    // A token need not be what merging its own bytes gives ("<|endoftext|>" is not).
    if (ids.size() == 1 && ids.front() == id) whole_pieces_.emplace(*bytes, id);
  }
}

void BytePairEncoder::append(std::string_view piece, std::vector<TokenId>& ids) const {
  if (const auto whole = whole_pieces_.find(piece); whole != whole_pieces_.end()) {
    ids.push_back(whole->second);
  } else {
    append_merged(piece, ids);
  }
}

void BytePairEncoder::append_merged(std::string_view piece, std::vector<TokenId>& ids) const {
  std::vector<Symbol> symbols;
  symbols.reserve(piece.size());
  for (const char byte : piece) {
    const TokenId id = byte_ids_[static_cast<unsigned char>(byte)];
    if (id >= 0) symbols.push_back({id, symbols.size() - 1, symbols.size() + 1});
  }
  if (symbols.empty()) return;
  symbols.front().previous = Symbol::kNone;
  symbols.back().next = Symbol::kNone;

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
    right.id = -1;
    left.next = right.next;
    if (left.next != Symbol::kNone) symbols[left.next].previous = best.position;
    if (left.previous != Symbol::kNone) consider(left.previous);
    consider(best.position);
  }
  for (std::size_t position = 0; position != Symbol::kNone; position = symbols[position].next) {
    ids.push_back(symbols[position].id);
  }
}

}  // namespace lethe::model::inline tokenizer
