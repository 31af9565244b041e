#include "data/letter_case.h"

#include <gtest/gtest.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/unicode.h"
#include "data/zip_archive.h"

namespace lethe::data {
namespace {

/// CRC-32 of the lower case of texts, a line each, as record_letter_case.py takes it of Python's.
std::uint32_t sum_over(const std::vector<std::string>& texts) {
  std::string lines;
  for (const auto& text : texts) {
    if (&text != &texts.front()) lines += '\n';
    lines += to_lower(text);
  }
  return crc32(std::as_bytes(std::span(lines)));
}

std::uint32_t sum_over_code_points(const std::function<std::string(const std::string&)>& text_of) {
  std::vector<std::string> texts;
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    std::string character;
    append_utf8(value, character);
    texts.push_back(text_of(character));
  }
  return sum_over(texts);
}

// The numbers are those of Python 3.11, Unicode 14.0.0 (tests/data/golden/record_letter_case.py).
TEST(LetterCase, AllCodePointsAreAsInPython) {
  EXPECT_EQ(sum_over_code_points([](const auto& character) { return character; }), 0x71B54D93U);
}

TEST(LetterCase, ASigmaIsAsInPythonBesideAllCodePoints) {
  const std::string sigma = "\xCE\xA3";
  EXPECT_EQ(sum_over_code_points([&](const auto& c) { return c + sigma; }), 0xC3A6C4CBU);
  EXPECT_EQ(sum_over_code_points([&](const auto& c) { return "a" + c + sigma + c + "b"; }), 0x65D106AAU);
  EXPECT_EQ(sum_over_code_points([&](const auto& c) { return "A" + sigma + c; }), 0x2670481AU);
}

TEST(LetterCase, WordsAreAsInPython) {
  EXPECT_EQ(sum_over({"\xCE\x91\xCE\xA3",
                      "\xCE\xA3",
                      "\xCE\xA3\xCE\xA3",
                      "\xCE\x91\xCE\xA3 \xCE\x92",
                      "\xCE\x91\xCE\xA3\xCE\x92",
                      "\xCE\x91\xCE\xA3.",
                      "\xCE\x91\xCE\xA3.\xCE\x92",
                      "\xCE\x91\xC2\xAD\xCE\xA3",
                      "\xCE\x91\xCE\xA3\xC2\xAD",
                      "\xCE\x91\xCE\xA3\xCC\x81\xCE\x92",
                      "1\xCE\xA3",
                      "'\xCE\xA3",
                      "\xCE\x91'\xCE\xA3'",
                      "\xCA\xB0\xCE\xA3",
                      "\xC7\x85\xCE\xA3",
                      "\xCE\x9F\xCE\x94\xCE\xA5\xCE\xA3\xCE\xA3\xCE\x95\xCE\xA5\xCE\xA3 "
                      "\xCE\x99\xCE\x98\xCE\x91\xCE\x9A\xCE\x97\xCE\xA3",
                      "\xC4\xB0zmir",
                      "D\xC4\xB0YARBAKIR",
                      "I\xCC\x87",
                      "\xE1\x8E\xA0\xE1\x8F\xA3\xE1\x8E\xB3\xE1\x8E\xA9",
                      "\xE1\xB2\x90\xE1\xB2\x91",
                      "\xEA\x99\x80\xEA\x99\x81",
                      "\xE2\x84\xAA"
                      "elvin",
                      "\xE2\x84\xABngstr\xC3\xB6m",
                      "\xE1\xBA\x9E STRASSE",
                      "\xC7\x84 \xC7\x85 \xC7\x86",
                      "\xF0\x90\x90\x80\xF0\x9E\xA4\x80\xF0\x96\xB9\x80",
                      "\xE2\x85\xA0\xE2\x92\xB6",
                      "\xD3\x80\xD3\x8F \xD4\xB1\xD5\x96",
                      "\xEF\xBC\xA1\xEF\xBC\xBA",
                      ""}),
            0x4BA76070U);
}

TEST(LetterCase, LowersNamesOfManyScripts) {
  EXPECT_EQ(to_lower("ÉCOLE Łódź ÆRØ ÞINGVELLIR"), "école łódź ærø þingvellir");
  EXPECT_EQ(to_lower("ΑΘΗΝΑ Ώρα МОСКВА Ѐ Ґ ԵՐԵՎԱՆ"), "αθηνα ώρα москва ѐ ґ երեվան");
  EXPECT_EQ(to_lower("Ṣan Ạ Ǆ Ÿ Ｔokyo"), "ṣan ạ ǆ ÿ ｔokyo");
  EXPECT_EQ(to_lower("ĸ ŉ ij"), "ĸ ŉ ij");
  EXPECT_EQ(to_lower("× ÷ ß 東京 3"), "× ÷ ß 東京 3");
  EXPECT_EQ(to_lower("ΟΔΥΣΣΕΥΣ, Σ"), "οδυσσευς, σ");
  EXPECT_EQ(to_lower("İzmir"), "i\xCC\x87zmir");
  EXPECT_EQ(to_lower("Ꭰ Ა Ꙁ \xE2\x84\xAA"), "ꭰ ა ꙁ k");
}

TEST(LetterCase, LoweringIsIdempotent) {
  std::string all;
  for (char32_t value = 1; value < 0x2000; ++value) append_utf8(value, all);
  EXPECT_EQ(to_lower(to_lower(all)), to_lower(all));
}

TEST(LetterCase, IllFormedBytesAreKept) { EXPECT_EQ(to_lower("A\xFF\xCE\xA3\xE2\x84"), "a\xFFσ\xE2\x84"); }

TEST(LetterCase, KnowsWhatUnicodeFourteenHasAssigned) {
  EXPECT_TRUE(is_assigned('a'));
  EXPECT_TRUE(is_assigned(0x10780));   // of 14.0
  EXPECT_FALSE(is_assigned(0x1E030));  // of 15.0, with a decomposition
  EXPECT_FALSE(is_assigned(0x378));
  EXPECT_FALSE(is_assigned(0x10FFFF));
}

}  // namespace
}  // namespace lethe::data
