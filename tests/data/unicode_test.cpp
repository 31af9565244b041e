#include "data/unicode.h"

#include <gtest/gtest.h>

#include <string>

namespace lethe::data {
namespace {

TEST(Unicode, EveryCodePointSurvivesARoundTrip) {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    std::string text;
    append_utf8(value, text);
    const CodePoint point = code_point_at(text, 0);
    ASSERT_TRUE(point.valid) << static_cast<std::uint32_t>(value);
    ASSERT_EQ(point.value, value);
    ASSERT_EQ(point.size, text.size());
  }
}

// The cases of Unicode's table 3-8 ("U+FFFD substitution of maximal subparts") and of Rust's from_utf8_lossy.
TEST(Unicode, ReplacesMaximalSubparts) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(replace_invalid_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"), r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(replace_invalid_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"), r + r + r + r + r + "A" + r + r + "B");
  EXPECT_EQ(replace_invalid_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), r + r + r + r + "A");
  EXPECT_EQ(replace_invalid_utf8("a\xF0\x9F\x98"), "a" + r);
  EXPECT_EQ(replace_invalid_utf8("caf\xC3\xA9"), "caf\xC3\xA9");
}

TEST(Unicode, FindsTheFirstInvalidByte) {
  EXPECT_EQ(first_invalid_utf8("plain \xE2\x82\xAC"), std::string_view::npos);
  EXPECT_EQ(first_invalid_utf8("ab\xE2\x82"), 2U);
  EXPECT_EQ(first_invalid_utf8(""), std::string_view::npos);
}

}  // namespace
}  // namespace lethe::data
