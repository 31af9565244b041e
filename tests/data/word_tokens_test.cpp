#include "data/word_tokens.h"

#include <gmock/gmock.h>

#include <functional>
#include <span>
#include <string>

#include "data/letter_case.h"
#include "data/unicode.h"
#include "data/zip_archive.h"
#include "tests/data/golden_references.h"

namespace lethe::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string character(char32_t code_point) {
  std::string text;
  append_utf8(code_point, text);
  return text;
}

/// CRC-32 of the lower-cased tokens of a text for each code point, as record_word_characters.py takes it of Python's.
std::uint32_t sum_over_code_points(const std::function<std::string(const std::string&)>& text_of) {
  std::string lines;
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    if (value > 0) lines += '\n';
    const auto lower = to_lower(text_of(character(value)));
    const auto tokens = word_tokens(lower);
    for (std::size_t i = 0; i < tokens.size(); ++i) lines += (i == 0 ? "" : " ") + std::string(tokens[i]);
  }
  return crc32(std::as_bytes(std::span(lines)));
}

// The numbers are those of Python 3.11, Unicode 14.0.0.
TEST(WordTokens, AllCodePointsAreAsInPython) {
  EXPECT_EQ(sum_over_code_points([](const auto& c) { return "a" + c + "b"; }), 0xEBF6AEA2U);
  EXPECT_EQ(sum_over_code_points([](const auto& c) { return c + c; }), 0xAB25EEFCU);
}

TEST(WordTokens, HardLinesAreAsScikitLearnCutsThem) {
  const auto expected = golden_expectations().at("tokens");
  ASSERT_GE(expected.size(), 10U);
  for (const auto& one : expected) {
    const auto lower = to_lower(one.at("line").get<std::string>());
    std::vector<std::string> tokens;
    for (const auto token : word_tokens(lower)) tokens.emplace_back(token);
    EXPECT_EQ(tokens, one.at("tokens").get<std::vector<std::string>>()) << one.at("line");
  }
}

TEST(WordTokens, AreRunsOfTwoWordCharactersOrMore) {
  EXPECT_THAT(word_tokens("a bc, d_e 10x - caf\u00e9!"), ElementsAre("bc", "d_e", "10x", "caf\u00e9"));
  EXPECT_THAT(word_tokens("\u00e9\u00e9"), ElementsAre("\u00e9\u00e9")) << "characters are counted, not bytes";
  EXPECT_THAT(word_tokens("\u00e9"), IsEmpty());
  EXPECT_THAT(word_tokens(""), IsEmpty());
}

TEST(WordTokens, IllFormedBytesEndAWord) {
  EXPECT_THAT(word_tokens("ab\xFF"
                          "cd\xE2\x84"),
              ElementsAre("ab", "cd"));
}

}  // namespace
}  // namespace lethe::data
