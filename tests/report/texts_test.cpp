#include "report/texts.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/texts_page.h"
#include "tests/report/fake_sweep.h"

namespace lethe::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(WordsOf, CutsMarksButThoseInsideWords) {
  EXPECT_THAT(words_of("He said: \"don't pay 3.5 (or 1,000)!\""),
              ElementsAre("He", "said", ":", "\"", "don't", "pay", "3.5", "(", "or", "1,000", ")", "!", "\""));
  EXPECT_THAT(words_of(" caf\u00e9\n\tau-lait. "), ElementsAre("caf\u00e9", "au-lait", "."));
  EXPECT_THAT(words_of("..."), ElementsAre(".", ".", "."));
  EXPECT_TRUE(words_of(" \n").empty());
}

TEST(NgramEntropy, IsThePublishedMeanOfPairsAndTriples) {
  // Pairs: ab, ba, ab: shares 2/3 and 1/3. Triples: aba, bab: 1 bit.
  const double pairs = -(2.0 / 3.0 * std::log2(2.0 / 3.0) + 1.0 / 3.0 * std::log2(1.0 / 3.0));
  EXPECT_NEAR(ngram_entropy_bits("a b a b"), (2.0 / 3.0 * pairs + 4.0 / 3.0) / 2.0, 1e-12);
  EXPECT_EQ(ngram_entropy_bits("a a a a a"), 0.0);
  EXPECT_EQ(ngram_entropy_bits("a"), 0.0);
  EXPECT_EQ(ngram_entropy_bits(""), 0.0);
  // Eight words, all different: 7 pairs and 6 triples, each once.
  EXPECT_NEAR(ngram_entropy_bits("a b c d e f g h"), (2.0 / 3.0 * std::log2(7.0) + 4.0 / 3.0 * std::log2(6.0)) / 2.0,
              1e-12);
}

core::TextsRecord record(std::int64_t edit, const std::string& prompt, const std::string& edited, float nll) {
  const core::WrittenTexts sound{{{1}, " b c d"}, {{2}, " c b d"}, 1.0F};
  return {edit, 100 + edit, prompt, {{{3}, edited}, {{4}, edited}, nll}, sound};
}

TEST(AverageTexts, KeepsTheFirstPromptOfTheFirstFacts) {
  const std::vector<core::TextsRecord> records{record(1, "a", " a a a", 2.0F), record(1, "b", " a a a", 4.0F),
                                               record(2, "c", " x", std::nanf("")), record(4, "d", " x", 3.0F)};
  const auto point = average_texts(30, records);
  EXPECT_EQ(point.edits, 30);
  EXPECT_NEAR(point.edited.perplexity, std::exp(3.0), 1e-6);
  EXPECT_NEAR(point.unedited.perplexity, std::exp(1.0), 1e-6);
  // "a a a a" repeats itself, "b a a a" has pairs ba, aa, aa and triples baa, aaa; two words have one pair: 0 bits.
  const double pairs = std::log2(3.0) - 2.0 / 3.0;
  EXPECT_NEAR(point.edited.greedy_fluency, 100.0 * (2.0 / 3.0 * pairs + 4.0 / 3.0) / 2.0 / 4.0, 1e-9);
  ASSERT_EQ(point.shown.size(), kShownFacts);
  EXPECT_EQ(point.shown[0].prompt, "a");
  EXPECT_EQ(point.shown[1].prompt, "c");
  EXPECT_TRUE(point.shown[0].edited.greedy.ids.empty());
  EXPECT_TRUE(std::isnan(average_texts(0, {}).edited.greedy_fluency));
}

/// Entropy of the prompt alone would be a number, and no model's.
TEST(AverageTexts, WhereNothingWasWrittenNothingIsMeasured) {
  const auto nan = std::nanf("");
  const core::TextsRecord empty{
      1, 101, "one two three four five", {{{}, ""}, {{}, ""}, nan}, {{{}, ""}, {{}, ""}, nan}};
  for (const auto& means :
       {average_texts(30, std::vector{empty}).edited, average_texts(30, std::vector{empty}).unedited}) {
    EXPECT_TRUE(std::isnan(means.greedy_fluency));
    EXPECT_TRUE(std::isnan(means.sampled_fluency));
    EXPECT_TRUE(std::isnan(means.perplexity));
  }
  const auto written = record(2, "a", " b a b", 2.0F);
  const auto both = average_texts(30, std::vector{empty, written});
  const auto alone = average_texts(30, std::vector{written});
  EXPECT_EQ(both.edited.sampled_fluency, alone.edited.sampled_fluency);
  EXPECT_EQ(both.unedited.greedy_fluency, alone.unedited.greedy_fluency);
  ASSERT_EQ(both.shown.size(), 1U);
  EXPECT_EQ(both.shown[0].prompt, "a");
  CellHistory history;
  history.cell = {"rome", "m", 0};
  history.texts.push_back(average_texts(30, std::vector{empty}));
  const auto page = markdown_of(texts_section(std::span(&history, 1), std::vector<CellPhases>(1)));
  EXPECT_THAT(page, HasSubstr(" – (–) |"));
}

CellHistory history(const std::string& method, int sample, const std::vector<std::int64_t>& checkpoints) {
  CellHistory made;
  made.cell = {method, "m", sample};
  for (const auto n : checkpoints) {
    const std::vector<core::TextsRecord> records{record(1, "The <town>", " text at " + std::to_string(n), 1.0F)};
    made.texts.push_back(average_texts(n, records));
  }
  return made;
}

TEST(TextsSection, ShowsUneditedGradualAndLastTextsOfOneSampleOfEachMethod) {
  const std::vector<CellHistory> histories{history("rome", 0, {10, 20, 30, 40}), history("rome", 1, {10}),
                                           history("ft-c", 0, {40}), history("mend", 0, {})};
  std::vector<CellPhases> phases(4);
  phases[0].point.emplace().gradual_until = 25;
  const auto page = markdown_of(texts_section(histories, phases));
  EXPECT_THAT(page, HasSubstr("after 20 edits"));
  EXPECT_THAT(page, HasSubstr("after 40 edits"));
  EXPECT_THAT(page, Not(HasSubstr("after 30 edits")));
  EXPECT_THAT(page, HasSubstr("unedited"));
  EXPECT_THAT(page, Not(HasSubstr("The <town>"))) << "text is no markup";
  EXPECT_THAT(page, HasSubstr("rome/m/sample1")) << "in the table";
  EXPECT_THAT(page, Not(HasSubstr("**rome/m/sample1**")));
  EXPECT_THAT(page, Not(HasSubstr("mend")));
  EXPECT_TRUE(texts_section(std::span(histories).last(1), std::span(phases).last(1)).empty());
}

TEST(TextsSection, WithoutABreakTheMiddleIsShown) {
  const std::vector<CellHistory> histories{history("rome", 0, {10, 20, 30, 40})};
  const auto page = markdown_of(texts_section(histories, std::vector<CellPhases>(1)));
  EXPECT_THAT(page, HasSubstr("after 20 edits"));
  EXPECT_THAT(page, Not(HasSubstr("after 30 edits")));
}

/// A text of a thousand characters of three bytes is cut between two of them.
TEST(TextsSection, LongTextsAreCutBetweenCharacters) {
  CellHistory one = history("rome", 0, {});
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "\u20ac";
  one.texts.push_back(average_texts(10, std::vector{record(1, "p", text, 1.0F)}));
  const auto page = markdown_of(texts_section(std::span(&one, 1), std::vector<CellPhases>(1)));
  EXPECT_THAT(page, HasSubstr("\u20ac ..."));
  EXPECT_LT(page.size(), 3000U);
}

TEST(TextsReport, TellsPromptsBehindWhichNothingIsWritten) {
  const test::TemporaryFolder sweep;
  const ledger::SweepFolder folder(sweep.path());
  auto config = fake::experiment({"rome"}, {"tiny"}, 1, 60);
  config.texts_facts = 2;
  config.texts_every = 0;
  const auto& cell = config.cells[0];
  fake::commit_cell(folder, config, cell, {}, 60);
  auto contents = fake::FakeCell(cell, {}).reduction(core::ReductionPart::kTexts, 60, config);
  contents.texts[0].edited = contents.texts[0].unedited = {};
  fake::commit_reduction(folder.cell(cell, fake::kEditIdentity),
                         ledger::reduction_stem(core::ReductionPart::kTexts, 60, fake::kReductionIdentity), contents);
  config.texts_every = 60;
  IdentityChoice choice;
  EXPECT_THAT(load_cell_history(folder, config, cell, choice).remarks.notes,
              ElementsAre(HasSubstr("rome/tiny/sample0: nothing is written behind 1 of 4 prompts of texts")));
}

}  // namespace
}  // namespace lethe::report
