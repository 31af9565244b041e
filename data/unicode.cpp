#include "data/unicode.h"

namespace lethe::data {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool in_range(char32_t value, char32_t first, char32_t last) { return first <= value && value <= last; }

/// Bytes that may follow a lead byte: how many, and the range of the first of them (which excludes overlong
/// forms, surrogates and values past U+10FFFF).
struct LeadByte {
  std::size_t followers = 0;
  unsigned char first_low = 0x80;
  unsigned char first_high = 0xBF;
};

LeadByte describe_lead(unsigned char lead) {
  if (in_range(lead, 0xC2, 0xDF)) return {1};
  if (lead == 0xE0) return {2, 0xA0, 0xBF};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (in_range(lead, 0xE1, 0xEF)) return {2};
  if (lead == 0xF0) return {3, 0x90, 0xBF};
  if (in_range(lead, 0xF1, 0xF3)) return {3};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {0};
}

/// Blocks in which capitals and small letters alternate; a capital has the parity of the block's first letter.
bool is_capital_of_pairs(char32_t value) {
  struct Pairs {
    char32_t first, last;
  };
  static constexpr Pairs kPairs[] = {{0x100, 0x12F}, {0x132, 0x137},   {0x139, 0x148},  {0x14A, 0x177}, {0x179, 0x17E},
                                     {0x1CD, 0x1DC}, {0x1DE, 0x1EF},   {0x1F8, 0x21F},  {0x222, 0x233}, {0x246, 0x24F},
                                     {0x370, 0x373}, {0x3D8, 0x3EF},   {0x460, 0x481},  {0x48A, 0x4BF}, {0x4C1, 0x4CE},
                                     {0x4D0, 0x52F}, {0x1E00, 0x1E95}, {0x1EA0, 0x1EFF}};
  for (const auto& [first, last] : kPairs) {
    if (in_range(value, first, last)) return (value - first) % 2 == 0;
  }
  return false;
}

char32_t to_lower(char32_t value) {
  if (value < 0x80) return in_range(value, 'A', 'Z') ? value + 0x20 : value;
  if (in_range(value, 0xC0, 0xDE)) return value == 0xD7 ? value : value + 0x20;
  if (value == 0x130) return 'i';
  if (value == 0x178) return 0xFF;
  if (value == 0x18F) return 0x259;
  if (value == 0x1A0 || value == 0x1AF) return value + 1;
  if (value == 0x386) return 0x3AC;
  if (in_range(value, 0x388, 0x38A)) return value + 37;
  if (value == 0x38C) return 0x3CC;
  if (value == 0x38E || value == 0x38F) return value + 63;
  if (in_range(value, 0x391, 0x3AB) && value != 0x3A2) return value + 0x20;
  if (in_range(value, 0x400, 0x40F)) return value + 0x50;
  if (in_range(value, 0x410, 0x42F)) return value + 0x20;
  if (value == 0x4C0) return 0x4CF;
  if (in_range(value, 0x531, 0x556)) return value + 0x30;
  if (value == 0x1E9E) return 0xDF;
  if (in_range(value, 0xFF21, 0xFF3A)) return value + 0x20;
  return is_capital_of_pairs(value) ? value + 1 : value;
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char lead = byte(position);
  if (lead < 0x80) return {lead, 1, true};
  const LeadByte form = describe_lead(lead);
  if (form.followers == 0) return {kReplacement, 1, false};

  char32_t value = lead & (0x3FU >> form.followers);
  for (std::size_t index = 1; index <= form.followers; ++index) {
    const bool is_first = index == 1;
    const unsigned char low = is_first ? form.first_low : 0x80;
    const unsigned char high = is_first ? form.first_high : 0xBF;
    if (position + index >= text.size() || !in_range(byte(position + index), low, high)) {
      return {kReplacement, index, false};
    }
    value = (value << 6) | (byte(position + index) & 0x3FU);
  }
  return {value, form.followers + 1, true};
}

std::size_t first_invalid_utf8(std::string_view text) {
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    if (!point.valid) return position;
    position += point.size;
  }
  return std::string_view::npos;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    if (point.valid) {
      result.append(text.substr(position, point.size));
    } else {
      append_utf8(kReplacement, result);
    }
    position += point.size;
  }
  return result;
}

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

std::string to_lower(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t position = 0; position < text.size();) {
    const CodePoint point = code_point_at(text, position);
    if (point.valid) {
      append_utf8(to_lower(point.value), result);
    } else {
      result.append(text.substr(position, point.size));
    }
    position += point.size;
  }
  return result;
}

}  // namespace lethe::data
