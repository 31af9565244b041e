#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/json_entries.h"
#include "model/tokenizer/pre_tokenizer.h"
#include "model/tokenizer/text_decoder.h"
#include "model/tokenizer/text_rewriting.h"
#include "model/tokenizer/tokenizer.h"

namespace lethe::model::inline tokenizer {

/// A rule "left right -> merged"; of all that apply, the one of the lowest rank goes first.
struct Merge {
  std::uint32_t rank = 0;
  TokenId merged = -1;

  bool operator==(const Merge&) const = default;
};

/// A token that is looked for in the text itself, before any splitting ("<|endoftext|>").
struct AddedToken {
  std::string content;
  TokenId id = -1;
  bool is_special = false;     ///< left out by decoding with `skip_special_tokens`
  bool is_normalized = false;  ///< looked for only in what is left of a text once those that are not have been found
  bool may_take_over = false;  ///< its id may be that of a token of the vocabulary, whose row it then shares

  bool operator==(const AddedToken&) const = default;
};

/// How pieces become tokens beside the merges.
struct BpeRules {
  bool ignores_merges = false;       ///< a piece that is a token is that token, whatever merging makes of it
  bool falls_back_to_bytes = false;  ///< a character without token becomes "<0xNN>" for each of its bytes
  bool fuses_unknown = false;        ///< several unknown characters in a row are one unknown token
  std::optional<TokenId> unknown;    ///< what a character without token becomes; else it is left out

  bool operator==(const BpeRules&) const = default;
};

/// The contents of a tokenizer's files, checked.
struct Vocabulary {
  std::unordered_map<std::string, TokenId> ids;     ///< by token
  std::unordered_map<std::uint64_t, Merge> merges;  ///< by `merge_key`
  BpeRules rules;
  std::vector<AddedToken> added;  ///< by id, once complete
  TextRewriting normalizer;
  PreTokenizer pre_tokenizer;
  TextDecoder decoder;
  std::optional<TokenId> beginning;  ///< put in front of a prompt (BOS)
  std::string end_of_text;           ///< the token of a text's end; "<|endoftext|>" where nothing is said
  bool cleans_up_spaces = true;      ///< whether decoding may take blanks before punctuation away

  bool operator==(const Vocabulary&) const = default;
  static std::uint64_t merge_key(TokenId left, TokenId right) {
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
  }
};

/// The parts of a vocabulary, added in this order. All throw `core::DataError` with `place` and what is wrong there.
void add_ids(const data::Json& object, const std::string& place, Vocabulary& vocabulary);
/// The text of a merges.txt.
void add_merge_lines(std::string_view text, const std::string& place, Vocabulary& vocabulary);
/// The list of a tokenizer.json: "left right" or ["left", "right"].
void add_merge_list(const data::Json& merges, const std::string& place, Vocabulary& vocabulary);
/// A token that is there already stays as it is; it becomes special if this one is.
void add_token(AddedToken token, const std::string& place, Vocabulary& vocabulary);
/// Settles the token of a text's end, and checks the whole: ids without a gap or two tokens, merges that make the
/// tokens.
void complete(Vocabulary& vocabulary, const std::string& place);

TokenId checked_id(const data::Json& value, const std::string& place);
std::optional<TokenId> id_of(const std::string& token, const Vocabulary& vocabulary);
/// Whether each byte alone is a token, as in GPT-2's; bytes that are none are left out of texts.
bool has_all_bytes(const Vocabulary& vocabulary);

}  // namespace lethe::model::inline tokenizer
