#include "model/tokenizer/byte_alphabet.h"

#include <array>
#include <charconv>
#include <unordered_map>

#include "data/unicode.h"

namespace lethe::model::inline tokenizer {
namespace {

constexpr std::string_view kFallbackStart = "<0x";

/// Code point that stands for a byte: itself if printable, else the next free one from U+0100 on.
const std::array<char32_t, 256>& alphabet() {
  static const std::array<char32_t, 256> characters = [] {
    std::array<char32_t, 256> table{};
    char32_t next_free = 0x100;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool is_printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
      table[byte] = is_printable ? byte : next_free++;
    }
    return table;
  }();
  return characters;
}

}  // namespace

std::string byte_character(unsigned char byte) {
  std::string character;
  data::append_utf8(alphabet()[byte], character);
  return character;
}

std::optional<std::string> token_bytes(std::string_view token) {
  static const std::unordered_map<char32_t, unsigned char> byte_of = [] {
    std::unordered_map<char32_t, unsigned char> inverse;
    for (unsigned byte = 0; byte < 256; ++byte) inverse.emplace(alphabet()[byte], static_cast<unsigned char>(byte));
    return inverse;
  }();
  std::string bytes;
  for (std::size_t position = 0; position < token.size();) {
    const data::CodePoint point = data::code_point_at(token, position);
    const auto found = byte_of.find(point.value);
    if (found == byte_of.end()) return std::nullopt;
    bytes.push_back(static_cast<char>(found->second));
    position += point.size;
  }
  return bytes;
}

std::string fallback_token(unsigned char byte) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  return std::string(kFallbackStart) + kDigits[byte >> 4] + kDigits[byte & 0xF] + ">";
}

std::optional<unsigned char> fallback_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with(kFallbackStart) || !token.ends_with('>')) return std::nullopt;
  unsigned char byte = 0;
  const char* end = token.data() + 5;
  const auto [stop, error] = std::from_chars(token.data() + 3, end, byte, 16);
  return error == std::errc() && stop == end ? std::optional(byte) : std::nullopt;
}

}  // namespace lethe::model::inline tokenizer
