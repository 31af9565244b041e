#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/tokenizer/tokenizer.h"

namespace lethe::model::inline tokenizer {

/// A rule "left right -> merged"; of all that apply, the one of the lowest rank goes first.
struct Merge {
  std::uint32_t rank = 0;
  TokenId merged = -1;
};

/// A token that is looked for in the text itself, before any splitting ("<|endoftext|>").
struct AddedToken {
  std::string content;
  TokenId id = -1;
  bool is_special = false;  ///< left out by decoding with `skip_special_tokens`
};

/// The contents of a GPT-2 tokenizer's files, checked.
struct Vocabulary {
  std::unordered_map<std::string, TokenId> ids;     ///< by token, in the byte alphabet
  std::unordered_map<std::uint64_t, Merge> merges;  ///< by `merge_key`
  std::vector<AddedToken> added;

  static std::uint64_t merge_key(TokenId left, TokenId right) {
    return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32) | static_cast<std::uint32_t>(right);
  }
};

/// Reads the first of vocab.json + merges.txt, encoder.json + vocab.bpe, tokenizer.json that `folder` holds, with
/// added_tokens.json and tokenizer_config.json where there. Throws `core::DataError` naming file and line or key.
Vocabulary read_vocabulary(const std::filesystem::path& folder);

/// The byte alphabet: each byte stands in a vocabulary as one printable character (GPT-2's bytes_to_unicode).
std::string byte_character(unsigned char byte);
/// The bytes that a token stands for; nothing if it holds a character outside the alphabet.
std::optional<std::string> token_bytes(std::string_view token);

}  // namespace lethe::model::inline tokenizer
