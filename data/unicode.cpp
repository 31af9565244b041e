#include "data/unicode.h"

#include "core/utf8.h"

namespace lethe::data {

CodePoint code_point_at(std::string_view text, std::size_t position) {
  const auto point = core::code_point_at(text, position);
  return {point.value, point.size, point.valid};
}

std::size_t first_invalid_utf8(std::string_view text) { return core::first_invalid_utf8(text); }

std::string replace_invalid_utf8(std::string_view text) { return core::replace_invalid_utf8(text); }

void append_utf8(char32_t code_point, std::string& text) {
  const auto put = [&text](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

}  // namespace lethe::data
