#include "report/indicators.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lethe::report {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// `num_right` of 100 examples of two classes.
core::TaskRecord task(const std::string& name, int num_right) {
  core::TaskRecord record{name, {}, {}, {}};
  for (int i = 0; i < 100; ++i) {
    record.labels.push_back(i % 2);
    record.predictions.push_back(i < num_right ? i % 2 : 1 - i % 2);
  }
  return record;
}

Indicator of(const std::vector<Indicator>& indicators, IndicatorKind kind) {
  return indicators.at(static_cast<std::size_t>(kind));
}

core::MetricRecord edit(std::int64_t n, bool is_efficacious) {
  core::MetricRecord record;
  record.edit = n;
  record.scores = {{core::PromptKind::kRewrite, is_efficacious ? 0.0F : 2.0F, 1.0F, is_efficacious, 0.0F}};
  return record;
}

TEST(Indicators, TasksAtChanceAreNoEvidence) {
  EXPECT_TRUE(is_above_chance(task("t", 90)));
  EXPECT_FALSE(is_above_chance(task("t", 50)));
  EXPECT_FALSE(is_above_chance(task("t", 10))) << "wrong on purpose is not above chance";
  EXPECT_FALSE(is_above_chance({"t", {}, {}, {}}));
  core::TaskRecord constant = task("t", 50);
  for (auto& prediction : constant.predictions) prediction = 1;
  EXPECT_FALSE(is_above_chance(constant));
}

TEST(Indicators, F1IsTheMeanOfTheTasksAboveChance) {
  CellHistory history;
  history.tasks = {{0, {task("good", 90), task("chance", 50)}}, {50, {task("good", 80), task("chance", 52)}}};
  const auto& f1 = of(indicators_of(history), IndicatorKind::kF1);
  EXPECT_THAT(f1.curve.edits, ElementsAre(0, 50));
  EXPECT_THAT(f1.curve.values, ElementsAre(DoubleNear(90.0, 1e-9), DoubleNear(80.0, 1e-9)));
  const double share = 91.0 / 102.0;
  EXPECT_NEAR(f1.curve.variances[0], 1e4 * share * (1.0 - share) / 100.0, 1e-9);
  EXPECT_EQ(f1.not_judged, "too few checkpoints");
}

TEST(Indicators, ATaskThatIsMissingMakesAGap) {
  CellHistory history;
  history.tasks = {{0, {task("a", 90), task("b", 80)}}, {50, {task("a", 90)}}, {100, {task("a", 70), task("b", 60)}}};
  EXPECT_THAT(of(indicators_of(history), IndicatorKind::kF1).curve.edits, ElementsAre(0, 100));
}

TEST(Indicators, WhyNothingIsJudged) {
  CellHistory history;
  EXPECT_EQ(of(indicators_of(history), IndicatorKind::kF1).not_judged, "not measured");
  for (const std::int64_t at : {0, 10, 20, 30, 40}) history.tasks.push_back({at, {task("chance", 50)}});
  EXPECT_THAT(of(indicators_of(history), IndicatorKind::kF1).not_judged, HasSubstr("no task is above chance"));
  history.tasks.erase(history.tasks.begin());
  EXPECT_TRUE(of(indicators_of(history), IndicatorKind::kF1).search.is_judged) << "no baseline: all tasks are taken";
}

TEST(Indicators, FactsOfWhichNoneWasKnownAreAGap) {
  CellHistory history;
  history.forgetting = {{10, {0, 0, 0}, {}}, {20, {20, 6, 5}, {}}, {30, {30, 10, 0}, {}}};
  const auto& known = of(indicators_of(history), IndicatorKind::kForgetting).curve;
  EXPECT_THAT(known.edits, ElementsAre(20, 30));
  EXPECT_THAT(known.values, ElementsAre(75.0, 100.0)) << "recoveries count: forgotten now, not ever";
  EXPECT_EQ(plotted_value(IndicatorKind::kForgetting, 20, known.values[0]), 25.0);
}

TEST(Indicators, EfficacyWindowsEndAtTheCheckpointsOfTheRest) {
  CellHistory history;
  for (std::int64_t n = 1; n <= 130; ++n) history.records.push_back(edit(n, n > 30));
  EXPECT_THAT(of(indicators_of(history), IndicatorKind::kEfficacy).curve.edits, ElementsAre(50, 100));
  history.forgetting = {{30, {30, 0, 0}, {}}, {60, {60, 0, 0}, {}}, {90, {90, 0, 0}, {}}};
  const auto& efficacy = of(indicators_of(history), IndicatorKind::kEfficacy).curve;
  EXPECT_THAT(efficacy.edits, ElementsAre(30, 60, 90, 120));
  EXPECT_THAT(efficacy.values, ElementsAre(0.0, 100.0, 100.0, 100.0));
  EXPECT_GT(efficacy.variances[1], 0.0) << "30 of 30 is no certainty";
}

/// Distances at edits 10, 20, ..., 400.
CellHistory with_distance(double (*distance)(double)) {
  CellHistory history;
  for (std::int64_t n = 10; n <= 400; n += 10) {
    history.distances.push_back({n, {{"w", distance(static_cast<double>(n)), 100}}});
  }
  return history;
}

TEST(Indicators, DistancesThatGrowAsWalksDoNotBreak) {
  const auto is_calm = [](double (*distance)(double)) {
    const auto& found = of(indicators_of(with_distance(distance)), IndicatorKind::kDistance);
    return found.search.is_judged && found.search.breaks.empty();
  };
  EXPECT_TRUE(is_calm([](double n) { return std::sqrt(n); })) << "a random walk";
  EXPECT_TRUE(is_calm([](double n) { return 3.0 * n; })) << "all updates one way";
  EXPECT_TRUE(is_calm([](double) { return 2.0; }));
}

TEST(Indicators, ADistanceThatDoublesAtOnceBreaks) {
  const auto history = with_distance([](double n) { return n > 250 ? 300.0 + n : std::sqrt(n); });
  const auto& distance = of(indicators_of(history), IndicatorKind::kDistance);
  ASSERT_THAT(distance.search.breaks, SizeIs(1));
  EXPECT_EQ(distance.search.breaks[0].after, 250);
  EXPECT_EQ(distance.search.breaks[0].by, 260);
  EXPECT_NEAR(plotted_value(IndicatorKind::kDistance, 260, distance.search.breaks[0].behind), 560.0, 30.0);
}

TEST(Indicators, ADistanceOfZeroIsAGap) {
  CellHistory history = with_distance([](double) { return 0.0; });
  EXPECT_THAT(of(indicators_of(history), IndicatorKind::kDistance).curve.edits, IsEmpty());
}

}  // namespace
}  // namespace lethe::report
