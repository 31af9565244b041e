#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lethe::model::inline tokenizer {

/// The byte alphabet: each byte stands in a vocabulary as one printable character (GPT-2's bytes_to_unicode).
std::string byte_character(unsigned char byte);
/// The bytes that a token stands for; nothing if it holds a character outside the alphabet.
std::optional<std::string> token_bytes(std::string_view token);

/// "<0x0A>": how vocabularies of characters write a byte of one that they lack.
std::string fallback_token(unsigned char byte);
std::optional<unsigned char> fallback_byte(std::string_view token);

}  // namespace lethe::model::inline tokenizer
