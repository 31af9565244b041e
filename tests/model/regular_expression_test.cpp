// Patterns of a tokenizer.json: what they match (as Hugging Face tokenizers 0.22.2 splits), and which are refused.
#include "model/tokenizer/regular_expression.h"

#include <gmock/gmock.h>

#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/unicode.h"
#include "model/tokenizer/tokenizer_split.h"

namespace lethe::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> matches(const std::string& pattern, const std::string& text) {
  std::vector<std::string> found;
  for (const Span& match : RegularExpression(pattern, "tokenizer.json").matches(text)) {
    found.emplace_back(match.of(text));
  }
  return found;
}

std::string problem_of(const std::string& pattern, const std::string& text = "") {
  try {
    (void)RegularExpression(pattern, "tokenizer.json").matches(text);
  } catch (const core::DataError& error) {
    return error.what();
  }
  return "";
}

TEST(RegularExpressions, KnowClassesOfUnicodeSixteen) {
  EXPECT_THAT(matches("\\p{L}+", "a\u00e9\u4e001\U00010d4a."), ElementsAre("a\u00e9\u4e00", "\U00010d4a"));
  EXPECT_THAT(matches("\\P{L}+", "a1 \u00e9."), ElementsAre("1 ", "."));
  EXPECT_THAT(matches("\\p{N}{1,3}", "12345\u0663x\u2167"), ElementsAre("123", "45\u0663", "\u2167"));
  EXPECT_THAT(matches("\\s+",
                      "a\u00a0\u3000 b\x1c"
                      "c\u0085"),
              ElementsAre("\u00a0\u3000 ", "\u0085"));
  EXPECT_THAT(matches("[^\\S\\n]+", " \n\t\u2003x"), ElementsAre(" ", "\t\u2003"));
  EXPECT_THAT(matches(".", "a\n\r\u2028"), ElementsAre("a", "\r", "\u2028"));
}

TEST(RegularExpressions, IgnoreCaseAsUnicodeFolds) {
  EXPECT_THAT(matches("(?i:'s|'ll)", "x's y'S z'\u017f w'lL 's"), ElementsAre("'s", "'S", "'\u017f", "'lL", "'s"));
  EXPECT_THAT(matches("(?i:'[sd])|s", "'S S"), ElementsAre("'S"));
}

TEST(RegularExpressions, SeeWhatStandsAround) {
  EXPECT_THAT(matches("\\s+(?!\\S)|\\s+", "a   b  "), ElementsAre("  ", " ", "  "));
  EXPECT_THAT(matches("(?<=a)b", "abab"), ElementsAre("b", "b"));
  EXPECT_THAT(matches("[a-c\\-\\]]+", "ab-]d"), ElementsAre("ab-]"));
  EXPECT_THAT(matches("[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+", " a1b"), ElementsAre(" a", "b"));
  EXPECT_THAT(matches("x", ""), IsEmpty());
}

TEST(RegularExpressions, RefuseWhatWouldNotMeanTheSame) {
  struct Case {
    const char *pattern, *reason;
  };
  for (const auto& [pattern, reason] : {Case{"", "it is empty"},
                                        Case{"a*", "can match an empty text"},
                                        Case{"\\p{Lu}+", "\\p{Lu} is not known"},
                                        Case{"\\p{^L}", "\\p{^L} is not known"},
                                        Case{"\\d", "\\d is not known"},
                                        Case{"\\w", "\\w is not known"},
                                        Case{"\\b", "\\b is not known"},
                                        Case{"(a)\\1", "\\1 is not known"},
                                        Case{"^a", "anchor ^"},
                                        Case{"a$", "anchor $"},
                                        Case{"[[:alpha:]]", "classes of classes"},
                                        Case{"[a&&b]", "classes of classes"},
                                        Case{"[]", "without members"},
                                        Case{"[a", "bracket is not closed"},
                                        Case{"(a", "parenthesis is not closed"},
                                        Case{"a)", "parenthesis too many"},
                                        Case{"a**", "nothing stands before"},
                                        Case{"a{2}+", "nothing stands before"},
                                        Case{"a{,3}", "no count"},
                                        Case{"a{x}", "no count"},
                                        Case{"*a", "nothing stands before"},
                                        Case{"(?i)a", "not known"},
                                        Case{"(?x:a)", "not known"},
                                        Case{"(*UTF)a", "(* is not"},
                                        Case{"(?i:\\p{L})", "within (?i"},
                                        Case{"(?i:\u00e9)", "beyond ASCII"},
                                        Case{"(?i:ss)", "\"ss\" within"},
                                        Case{"[z-a]", "ends before"},
                                        Case{"[\\s-z]", "from a class"},
                                        Case{"a\\", "ends in a backslash"},
                                        Case{"\\p", "\\p without"},
                                        Case{"(?<=a+)b", "lookbehind"},
                                        Case{"\xff", "not UTF-8"}}) {
    EXPECT_THAT(problem_of(pattern), HasSubstr(reason)) << pattern;
  }
  EXPECT_THAT(problem_of(std::string(5000, 'a')), HasSubstr("longer than"));
  EXPECT_THAT(problem_of(std::string(60, '(') + "a" + std::string(60, ')')), HasSubstr("50 groups"));
}

TEST(RegularExpressions, BacktrackingHasAnEnd) {
  const auto start = std::chrono::steady_clock::now();
  const std::string text = std::string(3000, 'a') + "cb";
  for (const char* pattern : {"(a+)+b(?!.)", "(a|a)+b", "(a|aa)+b", "(?:a?){40}b(?<=ab)", "(?:a+)+b(?<!x)"}) {
    EXPECT_THAT(problem_of(pattern, text), HasSubstr("cannot be matched in a text of 3002 bytes")) << pattern;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(RegularExpressions, LongRunsAreMatched) {
  const std::string pattern =
      R"([^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  for (const char* unit : {"a", " ", "\u4e2d", "!", "\n", "1"}) {
    std::string text;
    for (int i = 0; i < 200'000; ++i) text += unit;
    EXPECT_FALSE(matches(pattern, text + "x").empty()) << unit;
  }
}

// GPT-2's split is a function of its own: it needs no library, and is the same.
TEST(RegularExpressions, SplitAsTheFunctionForGpt2Does) {
  const RegularExpression pattern(R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", "");
  std::string text;
  for (char32_t value = 1; value < 0x20000; ++value) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    for (const char* before : {"a", " ", "  "}) {
      text += before;
      data::append_utf8(value, text);
    }
  }
  std::vector<Span> pieces;
  for (std::size_t start = 0; start < text.size();) {
    pieces.push_back({start, piece_end(text, start)});
    start = pieces.back().end;
  }
  EXPECT_EQ(pattern.matches(text), pieces);
}

TEST(RegularExpressions, AnyPatternIsFollowedOrRefused) {
  std::mt19937 random(41);
  const std::vector<std::string> parts{
      "a", "\\p{L}", "\\s", "[", "]",   "^",     "-",      "(",  "(?:",    "(?i:", "(?!", "(?<=", ")",
      "|", "*",      "+",   "?", "{2}", "{1,3}", "{9999}", "\\", "\u00e9", "\xff", ".",   "&&",   "s"};
  for (int trial = 0; trial < 20'000; ++trial) {
    std::string pattern;
    for (auto count = 1 + random() % 8; count > 0; --count) pattern += parts[random() % parts.size()];
    (void)problem_of(pattern, "a s\u00e9 aaa");
  }
}

}  // namespace
}  // namespace lethe::model
