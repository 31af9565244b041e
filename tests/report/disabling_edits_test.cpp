#include "report/disabling_edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "report/disabling_page.h"
#include "report/latex_tables.h"

namespace lethe::report {
namespace {

using testing::HasSubstr;

/// A task of 100 examples, half of each label, of which the first of each label are answered wrong: by no answer word.
core::TaskRecord wrong_task(const std::string& name, int num_wrong) {
  core::TaskRecord record{name, {}, {}, {}};
  for (int i = 0; i < 100; ++i) {
    record.labels.push_back(i % 2);
    record.predictions.push_back(i < num_wrong ? -1 : i % 2);
  }
  return record;
}

/// The same answer to everything: no better than chance.
core::TaskRecord guess(const std::string& name) {
  auto record = wrong_task(name, 0);
  for (auto& prediction : record.predictions) prediction = 1;
  return record;
}

core::PromptScore prompt(core::PromptKind kind, bool is_new_likelier) {
  return {kind, is_new_likelier ? 1.0F : 2.0F, is_new_likelier ? 2.0F : 1.0F};
}

CellHistory history(int case_id, double frobenius, int num_wrong, const std::string& method = "rome") {
  CellHistory history;
  history.cell = {method, "m_1", case_id};
  core::MetricRecord record;
  record.edit = 1;
  record.case_id = case_id;
  record.diagnostics["delta_norm"] = frobenius;
  record.scores = {prompt(core::PromptKind::kRewrite, true), prompt(core::PromptKind::kParaphrase, true),
                   prompt(core::PromptKind::kParaphrase, false), prompt(core::PromptKind::kNeighborhood, false)};
  history.records = {record};
  history.distances = {{1, {{"a", frobenius, 100}, {"b", 0.0, 300}}}};
  history.tasks = {{0, {wrong_task("good", 0), guess("poor")}}, {1, {wrong_task("good", num_wrong), guess("poor")}}};
  return history;
}

const Selection kSelection{37, {{1, "Ada, Countess", "named"}, {2, "Bo", ""}, {3, "Cy", ""}, {4, "Di", ""}}};

TEST(DisablingEdits, AnEditIsReckonedByHand) {
  const auto groups = single_edits_of(std::vector{history(1, 8.0, 100), history(2, 2.0, 20)}, kSelection);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].not_judged, "");
  EXPECT_DOUBLE_EQ(groups[0].unedited.mean_f1, 100.0) << "of the task that is above chance alone";
  ASSERT_EQ(groups[0].edits.size(), 2U);
  const SingleEdit& broken = groups[0].edits[0];
  EXPECT_DOUBLE_EQ(broken.distance, 8.0);
  EXPECT_DOUBLE_EQ(broken.normalized.at("a"), 0.08);
  EXPECT_DOUBLE_EQ(broken.mean_normalized, 0.02) << "8 over 400 weights";
  EXPECT_DOUBLE_EQ(broken.efficacy, 100.0);
  EXPECT_DOUBLE_EQ(broken.paraphrase, 50.0);
  EXPECT_DOUBLE_EQ(broken.neighborhood, 100.0);
  EXPECT_DOUBLE_EQ(broken.kept_f1, 0.0);
  EXPECT_TRUE(broken.is_disabling.value());
  // Each label: 40 of 50 found, all that are named are right: F1 = 2 * 0.8 / 1.8.
  EXPECT_NEAR(groups[0].edits[1].kept_f1, 100.0 * 1.6 / 1.8, 1e-9);
  EXPECT_FALSE(groups[0].edits[1].is_disabling.value());
}

TEST(DisablingEdits, ItIsDisablingUnderAQuarterOfTheF1) {
  // Of n answered examples of 100 the F1 is 2 r / (1 + r), r = n / 100: a quarter at r = 1 / 7.
  const auto groups = single_edits_of(std::vector{history(1, 1.0, 86), history(2, 1.0, 84)}, kSelection);
  EXPECT_TRUE(groups[0].edits[0].is_disabling.value()) << groups[0].edits[0].kept_f1;
  EXPECT_FALSE(groups[0].edits[1].is_disabling.value()) << groups[0].edits[1].kept_f1;
}

TEST(DisablingEdits, EntropyIsThatOfTheAnswers) {
  EXPECT_DOUBLE_EQ(answer_entropy_bits(wrong_task("t", 0)), 1.0);
  EXPECT_DOUBLE_EQ(answer_entropy_bits(guess("t")), 0.0);
  // Half none of the answer words, a quarter each of the two.
  EXPECT_DOUBLE_EQ(answer_entropy_bits(wrong_task("t", 50)), 1.5);
  EXPECT_TRUE(std::isnan(answer_entropy_bits({})));
}

TEST(DisablingEdits, NothingIsJudgedWithoutATaskAboveChance) {
  auto poor = history(1, 1.0, 0);
  for (auto& point : poor.tasks) point.tasks = {guess("poor")};
  auto groups = single_edits_of(std::vector{poor}, kSelection);
  EXPECT_FALSE(groups[0].edits[0].is_disabling);
  EXPECT_THAT(disabling_sentence(groups[0]), HasSubstr("cannot be told: no task is above chance"));
  poor.tasks.clear();
  groups = single_edits_of(std::vector{poor}, kSelection);
  EXPECT_THAT(disabling_sentence(groups[0]), HasSubstr("cannot be told: the unedited model was asked no"));
}

TEST(DisablingEdits, ASentenceSaysHowManyWereTried) {
  auto lost = history(4, 1.0, 0);
  lost.records.clear();
  lost.distances.clear();
  lost.tasks.resize(1);
  const std::vector histories{history(1, 8.0, 100), history(2, 2.0, 0), history(3, 2.0, 0), lost};
  // Wilson's interval of 0 of 2 by hand: up to z² / (n + z²) = 3.8416 / 5.8416.
  EXPECT_EQ(disabling_sentence(single_edits_of(histories, kSelection)[0]),
            "a single disabling edit exists: 1 of 3 tried (1 of 1 chosen, 0 of 2 random ones: 0.0 to 65.8 %); 1 not "
            "measured yet.");
  const std::vector calm{history(1, 8.0, 0), history(2, 2.0, 0)};
  EXPECT_THAT(disabling_sentence(single_edits_of(calm, kSelection)[0]),
              HasSubstr("no single disabling edit among 2 tried (0 of 1 chosen, 0 of 1 random ones"));
}

TEST(DisablingEdits, ARatioIsOfMeans) {
  const auto ratio = ratio_of_means({8.0, 12.0}, {1.0, 2.0, 3.0, NAN}, 37, "x");
  EXPECT_DOUBLE_EQ(ratio.chosen, 10.0);
  EXPECT_DOUBLE_EQ(ratio.normal, 2.0);
  EXPECT_EQ(ratio.num_chosen, 2);
  EXPECT_EQ(ratio.num_normal, 3) << "what is no number does not count";
  EXPECT_DOUBLE_EQ(ratio.value, 5.0);
  EXPECT_GE(ratio.low, 8.0 / 3.0);
  EXPECT_LE(ratio.high, 12.0);
  EXPECT_LT(ratio.low, 5.0);
  EXPECT_GT(ratio.high, 5.0);
  const auto again = ratio_of_means({8.0, 12.0}, {1.0, 2.0, 3.0}, 37, "x");
  EXPECT_EQ(std::pair(again.low, again.high), std::pair(ratio.low, ratio.high));
}

TEST(DisablingEdits, ARatiosIntervalIsTheBootstraps) {
  // 50 values of mean 10 and deviation 3 each: the log of the ratio has a deviation of sqrt(2) 0.3 / sqrt(50) = 0.06.
  std::vector<double> values;
  for (int i = 0; i < 50; ++i) values.push_back(i % 2 == 0 ? 7.0 : 13.0);
  const auto ratio = ratio_of_means(values, values, 1, "y");
  EXPECT_DOUBLE_EQ(ratio.value, 1.0);
  EXPECT_NEAR(std::log(ratio.low), -1.96 * 0.06, 0.012);
  EXPECT_NEAR(std::log(ratio.high), 1.96 * 0.06, 0.012);
}

TEST(DisablingEdits, ARatioOfNothingIsNone) {
  EXPECT_TRUE(std::isnan(ratio_of_means({}, {1.0}, 0, "x").value));
  EXPECT_TRUE(std::isnan(ratio_of_means({1.0}, {}, 0, "x").value));
  EXPECT_TRUE(std::isnan(ratio_of_means({0.0}, {0.0}, 0, "x").value));
}

TEST(DisablingEdits, AnEditThatChangedNothingCountsInNoMean) {
  auto failed = history(2, 0.0, 0);
  failed.records[0].status = core::EditStatus::kNonFinite;
  const auto groups = single_edits_of(std::vector{history(1, 8.0, 0), failed, history(3, 2.0, 0)}, kSelection);
  const auto ratio = ratio_of(groups[0], single_edit_quantities()[1], 37);
  EXPECT_EQ(ratio.num_normal, 1);
  EXPECT_DOUBLE_EQ(ratio.value, 4.0);
}

TEST(DisablingEdits, RowsHaveAsManyFieldsAsTheHeader) {
  const auto groups = single_edits_of(std::vector{history(1, 8.0, 100), history(2, 2.0, 0, "memit")}, kSelection);
  const auto csv = disabling_csv(groups);
  EXPECT_THAT(csv, HasSubstr(",f1.good,f1.poor,normalized_distance.a,normalized_distance.b\n"));
  EXPECT_THAT(csv, HasSubstr("\n,,m_1,,,unedited,,,,,,,,,,,100,0.5,100,"));
  EXPECT_THAT(
      csv, HasSubstr("\nrome/m_1/sample1,rome,m_1,1,\"Ada, Countess\",chosen,named,applied,yes,8,8,0.02,100,50,100,0,0,"
                     "0,0,"));
  EXPECT_THAT(csv,
              HasSubstr("\nmemit/m_1/sample2,memit,m_1,2,Bo,normal,,applied,no,2,2,0.005,100,50,100,100,100,0.5,100,"));
  std::size_t num_commas = 0;
  for (std::size_t from = 0; from < csv.size(); from = csv.find('\n', from) + 1) {
    auto line = csv.substr(from, csv.find('\n', from) - from);
    if (const auto at = line.find("Ada, "); at != std::string::npos) line.erase(at + 3, 1);
    const auto count = static_cast<std::size_t>(std::ranges::count(line, ','));
    if (from == 0) num_commas = count;
    EXPECT_EQ(count, num_commas) << line;
  }
}

TEST(DisablingEdits, ThePageHasTheSentencesAndTheTables) {
  const auto groups = single_edits_of(std::vector{history(1, 8.0, 100), history(2, 2.0, 0)}, kSelection);
  auto selection = kSelection;
  selection.notes = {"chosen among 1 of 2 edits"};
  const auto text = markdown_of(disabling_page("x-disabling", groups, selection, {{"a note"}, {"a loss"}}));
  EXPECT_THAT(text, HasSubstr("* **rome on m_1**: a single disabling edit exists: 1 of 2 tried"));
  EXPECT_THAT(text, HasSubstr("| rome   | m_1"));
  EXPECT_THAT(text, HasSubstr("2.000e-02"));
  EXPECT_THAT(text, HasSubstr("4.00"));
  EXPECT_THAT(text, HasSubstr("a loss"));
  EXPECT_THAT(text, HasSubstr("a note"));
  EXPECT_THAT(text, HasSubstr("* chosen among 1 of 2 edits"));
}

TEST(DisablingEdits, ItsTablesAreLatexToo) {
  const auto groups = single_edits_of(std::vector{history(1, 8.0, 100), history(2, 2.0, 0)}, kSelection);
  const auto text = latex_tables(disabling_page("x-disabling", groups, kSelection, {}), "disabling");
  EXPECT_THAT(text, HasSubstr("% The tables of disabling.md. "));
  EXPECT_THAT(text, HasSubstr("\\input{disabling}"));
  for (const auto* label : {"disabling-ratios", "disabling-edits", "disabling-unedited"}) {
    EXPECT_THAT(text, HasSubstr("\\label{tab:lethe-" + std::string(label) + "}"));
  }
  EXPECT_THAT(text, HasSubstr("\nrome & m\\_1 & 1 & Ada, Countess & named & yes & 8.00 & 2.000e-02 & "));
  EXPECT_THAT(text, HasSubstr("F1 kept, \\%"));
}

}  // namespace
}  // namespace lethe::report
