#include "report/comparison.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/comparison_page.h"
#include "report/experiment_differences.h"
#include "tests/report/fake_sweep.h"

namespace lethe::report {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// A cell of edits whose ES is given, one by one; facts are numbered from `first_case`.
CellHistory cell_of(int sample, const std::vector<bool>& successes, std::int64_t first_case = 100) {
  CellHistory history;
  history.cell = {"rome", "tiny", sample};
  history.edit_identity = "aaaaaaaaaaaa";
  for (const bool is_success : successes) {
    core::MetricRecord record;
    record.edit = std::ssize(history.records) + 1;
    record.case_id = first_case++;
    record.scores.push_back(fake::prompt(core::PromptKind::kRewrite, is_success, 0.0));
    history.records.push_back(record);
  }
  return history;
}

NamedSweep sweep_of(const std::string& label, const std::vector<CellHistory>& histories) {
  NamedSweep sweep;
  sweep.label = label;
  sweep.results.histories = histories;
  for (const auto& history : histories) {
    sweep.results.phases.push_back(phases_of(history));
    sweep.results.config.cells.push_back(history.cell);
    sweep.results.config.edits[history.cell] = std::ssize(history.records);
  }
  return sweep;
}

QuantityComparison quantity(const SweepComparison& comparison, const std::string& name) {
  for (const auto& row : comparison.quantities) {
    if (row.quantity == name) return row;
  }
  throw std::runtime_error("no quantity " + name);
}

/// ES of 50 and 100 beside 0 and 75: differences -50 and -25.
TEST(Comparison, IsTheMeanOfThePairedDifferences) {
  const auto first = sweep_of("a", {cell_of(0, {true, false}), cell_of(1, {true, true, true, true})});
  const auto second = sweep_of("b", {cell_of(1, {true, true, true, false}), cell_of(0, {false, false})});
  const auto& es = quantity(compare(first, second), "es");
  EXPECT_EQ(es.num_samples, 2);
  EXPECT_EQ(es.first, 75.0);
  EXPECT_EQ(es.second, 37.5);
  EXPECT_EQ(es.difference, -37.5);
  EXPECT_EQ(es.interval.low, -50.0);
  EXPECT_EQ(es.interval.high, -25.0);
  EXPECT_EQ(es.resampled, Resampled::kSamples);
  EXPECT_EQ(es.at_least, 2);
  EXPECT_EQ(es.at_most, 4);
}

TEST(Comparison, SharesOfKnownFactsSayOfHowMany) {
  std::vector<NamedSweep> sweeps;
  for (const auto& [label, known] : {std::pair("a", 4), std::pair("b", 3)}) {
    auto whole = cell_of(0, {true, true, true, true});
    whole.forgetting = {{4, {known, 2, 1}, {4, 1, 1}}};
    auto other = cell_of(1, {true, true, true, true});
    other.forgetting = {{4, {2, 1, 1}, {4, 1, 1}}};
    sweeps.push_back(sweep_of(label, {whole, other}));
  }
  const auto comparison = compare(sweeps[0], sweeps[1]);
  const auto& ever = quantity(comparison, "forgetting.argmax.ever");
  EXPECT_EQ(ever.first_known, 6);
  EXPECT_EQ(ever.second_known, 5);
  EXPECT_EQ(quantity(comparison, "es").first_known, 0) << "is no share of known facts";
  EXPECT_THAT(comparison_table(comparison), HasSubstr("50.0 (n 6) |"));
  EXPECT_THAT(comparison_table(comparison), HasSubstr("58.3 (n 5) |"));
  EXPECT_THAT(comparison_csv(std::vector{comparison}), HasSubstr(",6,5\n"));
}

TEST(Comparison, IsOfTheEditsThatBothHaveMade) {
  const auto first = sweep_of("a", {cell_of(0, {true, true, false, false})});
  const auto second = sweep_of("b", {cell_of(0, {true, true})});
  const auto& es = quantity(compare(first, second), "es");
  EXPECT_EQ(es.first, 100.0);
  EXPECT_EQ(es.difference, 0.0);
  EXPECT_EQ(es.at_most, 2);
}

TEST(Comparison, OfOneSampleTakesBlocksOfEditsWhereFactsAndOrderAreTheSame) {
  const std::vector<bool> good(64, true);
  std::vector<bool> bad(64, true);
  for (std::size_t i = 0; i < bad.size(); i += 3) bad[i] = false;
  const auto first = sweep_of("a", {cell_of(0, good)});
  const auto same = compare(first, sweep_of("b", {cell_of(0, bad)}));
  const auto& es = quantity(same, "es");
  EXPECT_THAT(same.same_facts, ElementsAre("rome/tiny/sample0"));
  EXPECT_EQ(es.resampled, Resampled::kEdits);
  EXPECT_EQ(es.block, 8U);
  EXPECT_NEAR(es.difference, -100.0 * 22.0 / 64.0, 1e-9);
  EXPECT_LT(es.interval.low, es.difference);
  EXPECT_GT(es.interval.high, es.difference);
  const auto other = compare(first, sweep_of("b", {cell_of(0, bad, 900)}));
  EXPECT_THAT(other.other_facts, ElementsAre("rome/tiny/sample0"));
  EXPECT_EQ(quantity(other, "es").resampled, Resampled::kNothing);
  EXPECT_TRUE(std::isnan(quantity(other, "es").interval.low));
  EXPECT_EQ(quantity(other, "es").difference, es.difference);
}

TEST(Comparison, WhatOneSweepHasAloneIsNotPaired) {
  const auto first = sweep_of("a", {cell_of(0, {true}), cell_of(1, {true}), cell_of(2, {})});
  const auto second = sweep_of("b", {cell_of(0, {true}), cell_of(2, {true}), cell_of(3, {true})});
  const auto comparison = compare(first, second);
  EXPECT_EQ(quantity(comparison, "es").num_samples, 1);
  EXPECT_THAT(comparison.not_edited, ElementsAre("rome/tiny/sample2"));
  EXPECT_THAT(
      experiment_differences(first, second).items,
      testing::IsSupersetOf({"in the grid of a alone: rome/tiny/sample1", "in the grid of b alone: rome/tiny/sample3",
                             "edits: 0 in a, 1 in b (rome/tiny/sample2)"}));
}

TEST(Comparison, OfNothingHasNoRowsAndSaysSo) {
  const auto comparison = compare(sweep_of("a", {cell_of(0, {true})}), sweep_of("b", {cell_of(1, {true})}));
  EXPECT_THAT(comparison.quantities, IsEmpty());
  EXPECT_THAT(markdown_of(comparison_section(std::vector{comparison})), HasSubstr("no cell of both is edited"));
}

TEST(Comparison, ABreakIsComparedWhereBothHaveOne) {
  auto first = sweep_of("a", {cell_of(0, {true}), cell_of(1, {true})});
  auto second = sweep_of("b", {cell_of(0, {true}), cell_of(1, {true})});
  first.results.phases[0].point = CatastrophicPoint{40, 50, 40, 0.9, {}};
  first.results.phases[1].point = CatastrophicPoint{40, 60, 40, 0.9, {}};
  second.results.phases[1].point = CatastrophicPoint{70, 90, 70, 0.9, {}};
  const auto& row = quantity(compare(first, second), "break_by");
  EXPECT_EQ(row.num_samples, 1);
  EXPECT_EQ(row.num_cells, 2);
  EXPECT_EQ(row.difference, 30.0);
  EXPECT_EQ(row.resampled, Resampled::kNothing) << "one number of one sample";
}

/// Two sweeps of made-up results: b is worse.
class ComparedSweeps : public testing::Test {
 protected:
  ComparedSweeps() {
    config_.scores_every = 30;
    fill(a_, config_, {});
    Fate worse;
    worse.collapse = 60;
    fill(b_, config_, worse);
  }
  using Fate = fake::Fate;
  static void fill(const test::TemporaryFolder& root, const core::ExperimentConfig& config, Fate fate) {
    const ledger::SweepFolder folder(root.path());
    fake::write_experiment(folder, config);
    ledger::replace_text(folder.inspection(), core::to_json(fake::inspection(config)));
    fake::commit_baseline(folder, config, "tiny");
    for (const auto& cell : config.cells) fake::commit_cell(folder, config, cell, fate, 60);
  }
  [[nodiscard]] static NamedSweep read(const std::string& label, const test::TemporaryFolder& root) {
    return {label, read_sweep(root.path(), editing::catalogue())};
  }

  core::ExperimentConfig config_ = fake::experiment({"rome", "ft-c"}, {"tiny"}, 3, 60);
  test::TemporaryFolder a_, b_;
};

TEST_F(ComparedSweeps, SwappedGiveNegatedDifferencesAndIntervals) {
  const auto a = read("a", a_);
  const auto b = read("b", b_);
  const auto there = compare(a, b);
  const auto back = compare(b, a);
  ASSERT_EQ(there.quantities.size(), back.quantities.size());
  std::size_t num_intervals = 0;
  for (std::size_t i = 0; i < there.quantities.size(); ++i) {
    const auto& one = there.quantities[i];
    const auto& other = back.quantities[i];
    EXPECT_EQ(one.quantity, other.quantity);
    if (one.num_samples == 0) continue;
    EXPECT_EQ(one.difference, -other.difference) << one.quantity;
    EXPECT_EQ(one.first, other.second) << one.quantity;
    if (std::isnan(one.interval.low)) continue;
    EXPECT_EQ(one.interval.low, -other.interval.high) << one.quantity;
    EXPECT_EQ(one.interval.high, -other.interval.low) << one.quantity;
    ++num_intervals;
  }
  EXPECT_GT(num_intervals, 20U);
  EXPECT_LT(quantity(there, "f1.mean").interval.high, 0.0) << "b's tasks collapse";
}

TEST_F(ComparedSweeps, OfOneWithItselfAreNothing) {
  const auto a = read("a", a_);
  auto twin = read("a (2)", a_);
  const auto comparison = compare(a, twin);
  for (const auto& row : comparison.quantities) {
    if (row.num_samples == 0) continue;
    EXPECT_EQ(row.num_samples, 3) << row.quantity;
    EXPECT_EQ(row.difference, 0.0) << row.quantity;
    EXPECT_EQ(row.interval.low, 0.0) << row.quantity;
    EXPECT_EQ(row.interval.high, 0.0) << row.quantity;
  }
  for (const auto& curve : comparison.curves) {
    for (const auto& point : curve.points) EXPECT_EQ(point.difference, 0.0) << curve.metric;
  }
  EXPECT_EQ(comparison.same_facts.size(), 6U);
  EXPECT_EQ(comparison.same_edits.size(), 6U);
  EXPECT_THAT(experiment_differences(a, twin).items, ElementsAre("nothing: both ask for the same"));
}

TEST_F(ComparedSweeps, HaveEveryQuantityOfAMethod) {
  std::set<std::string> there;
  for (const auto& row : compare(read("a", a_), read("b", b_)).quantities) {
    if (row.method == "rome" && row.num_samples == 3) there.insert(row.quantity);
  }
  for (const auto* name :
       {"es", "ps", "ns", "score", "es_all_edits", "ps_all_edits", "ns_all_edits", "forgetting.argmax.ever",
        "forgetting.argmax.now", "forgetting.efficacy.ever", "forgetting.efficacy.now", "f1.mean", "f1.sentiment",
        "f1.paraphrase", "f1.acceptability", "f1.inference", "normalized_distance"}) {
    EXPECT_TRUE(there.contains(name)) << name;
  }
}

TEST_F(ComparedSweeps, WithoutABaselineStillHaveTheEditedF1) {
  std::filesystem::remove_all(b_.path() / "prerequisites");
  const auto b = read("b", b_);
  EXPECT_THAT(b.results.remarks.left_out, Contains(HasSubstr("unedited model")));
  EXPECT_EQ(quantity(compare(read("a", a_), b), "f1.mean").num_samples, 3);
}

TEST_F(ComparedSweeps, CheckedAtOtherEditsCompareOnlyWhatIsForgottenNow) {
  const test::TemporaryFolder c;
  auto config = config_;
  config.forgetting_every = 20;
  fill(c, config, {});
  const auto comparison = compare(read("a", a_), read("c", c));
  EXPECT_EQ(quantity(comparison, "forgetting.argmax.ever").num_samples, 0);
  EXPECT_EQ(quantity(comparison, "forgetting.argmax.now").num_samples, 3);
  EXPECT_THAT(comparison.notes, Contains(HasSubstr("rome/tiny/sample0: forgetting was asked at other edits")));
  for (const auto& curve : comparison.curves) EXPECT_THAT(curve.metric, Not(HasSubstr(".ever")));
}

TEST_F(ComparedSweeps, PerplexityOfAnotherFixedTextIsLeftOutWithTheReason) {
  const test::TemporaryFolder c;
  auto config = config_;
  config.monitor_every = 30;
  fill(c, config, {});
  const auto one = read("c", c);
  const auto same = compare(one, read("d", c));
  EXPECT_EQ(quantity(same, "perplexity.fixed_text").num_samples, 3);
  EXPECT_THAT(same.notes, Not(Contains(HasSubstr("fixed text"))));
  auto other = read("d", c);
  for (auto& history : other.results.histories) history.monitor_identity = "dddddddddddd";
  const auto comparison = compare(one, other);
  for (const auto& row : comparison.quantities) EXPECT_NE(row.quantity, "perplexity.fixed_text");
  EXPECT_EQ(quantity(comparison, "spectral_ratio").num_samples, 3) << "norms are compared all the same";
  EXPECT_THAT(comparison.notes, Contains(HasSubstr("rome/tiny/sample0: perplexity of the fixed text is not compared, "
                                                   "because text, number of tokens (monitor_text, monitor_tokens)")));
}

TEST_F(ComparedSweeps, CurvesAreOfCheckpointsThatBothHave) {
  const test::TemporaryFolder c;
  auto config = config_;
  config.tasks_every = 20;
  fill(c, config, {});
  for (const auto& curve : compare(read("a", a_), read("c", c)).curves) {
    if (curve.metric != "f1.mean") continue;
    std::vector<std::int64_t> edits;
    for (const auto& point : curve.points) edits.push_back(point.edits);
    EXPECT_THAT(edits, ElementsAre(0, 60)) << "30 and 60 beside 20, 40 and 60";
  }
}

TEST_F(ComparedSweeps, TablesHaveARowForEachQuantityAndNoLabelBreaksThem) {
  const auto comparison = compare(read("a, \"old\"", a_), read("b|<i>", b_));
  const auto csv = comparison_csv(std::vector{comparison});
  EXPECT_TRUE(csv.starts_with("first,second,method,model,quantity,edits_least,edits_most,samples,common_samples,"));
  EXPECT_THAT(csv, HasSubstr("\n\"a, \"\"old\"\"\",b|<i>,rome,tiny,es,60,60,3,3,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), std::ssize(comparison.quantities) + 1);
  const auto page = markdown_of(comparison_section(std::vector{comparison}));
  EXPECT_THAT(page, testing::AllOf(HasSubstr("b\\|\\<i> |"), HasSubstr("ES after each edit"),
                                   HasSubstr("6 of 6 cells edit the same facts in the same order")));
}

}  // namespace
}  // namespace lethe::report
