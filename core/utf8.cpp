#include "core/utf8.h"

namespace lethe::core {
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
      result += "\xEF\xBF\xBD";  // U+FFFD
    }
    position += point.size;
  }
  return result;
}

}  // namespace lethe::core
