#include "report/phases.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/report/synthetic_curves.h"

namespace lethe::report {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kEdits = 400;
constexpr std::int64_t kBreakEdit = 213;

core::TaskRecord task(int num_right) {
  core::TaskRecord record{"t", {}, {}, {}};
  for (int i = 0; i < 200; ++i) {
    record.labels.push_back(i % 2);
    record.predictions.push_back(i < num_right ? i % 2 : -1);
  }
  return record;
}

/// A cell of which everything gives way at edit 213: facts fade at 5 points per 100 edits until then.
CellHistory breaking(std::int64_t edits = kEdits) {
  CellHistory history;
  history.cell = {"rome", "m", 0};
  for (std::int64_t n = 1; n <= edits; ++n) {
    const bool is_well = n < kBreakEdit || n % 5 == 0;
    core::MetricRecord record;
    record.edit = n;
    record.case_id = 7000 + n;
    record.diagnostics["delta_norm"] = n == kBreakEdit ? 30.0 : 2.0 + 0.001 * static_cast<double>(n % 7);
    record.scores = {{core::PromptKind::kRewrite, is_well ? 0.0F : 2.0F, 1.0F, is_well, 0.0F},
                     {core::PromptKind::kNeighborhood, 5.0F, n < kBreakEdit ? 1.0F : 9.0F, true, 0.0F}};
    history.records.push_back(record);
  }
  history.tasks.push_back({0, {task(184)}});
  for (std::int64_t n = 10; n <= edits; n += 10) {
    const bool is_lost = n >= kBreakEdit;
    const auto forgotten = is_lost ? n - 5 : n * n / 2000;
    history.forgetting.push_back({n, {n, forgotten, forgotten}, {}});
    const double distance = is_lost ? 100.0 + static_cast<double>(n) : std::sqrt(static_cast<double>(n));
    history.distances.push_back({n, {{"w", distance, 100}}});
    if (n % 20 == 0) history.tasks.push_back({n, {task(is_lost ? (n > 300 ? 0 : 20) : 180)}});
  }
  return history;
}

std::vector<IndicatorKind> kinds_at(const CatastrophicPoint& point) {
  std::vector<IndicatorKind> kinds;
  for (const Witness& witness : point.witnesses) kinds.push_back(witness.kind);
  return kinds;
}

TEST(Phases, AllThatGivesWayTogetherIsOnePoint) {
  const CellPhases phases = phases_of(breaking());
  ASSERT_TRUE(phases.point.has_value());
  EXPECT_EQ(phases.point->after, 210) << "F1 alone says 200 to 220";
  EXPECT_EQ(phases.point->by, 220);
  EXPECT_THAT(kinds_at(*phases.point), ElementsAre(IndicatorKind::kF1, IndicatorKind::kForgetting,
                                                   IndicatorKind::kEfficacy, IndicatorKind::kDistance));
  EXPECT_EQ(phases.point->gradual_until, 200);
  EXPECT_GT(phases.point->confidence, 0.999);
  EXPECT_EQ(phases.half_at, 220);
  EXPECT_EQ(phases.zero_at, 320);
}

TEST(Phases, TheLargestUpdateInTheIntervalIsTheEditBehindThePoint) {
  CellHistory history = breaking();
  history.records[99].diagnostics["delta_norm"] = 500.0;  // large, and not in the interval
  const CellPhases phases = phases_of(history);
  ASSERT_TRUE(phases.edit.has_value());
  EXPECT_EQ(phases.edit->edit, kBreakEdit);
  EXPECT_EQ(phases.edit->case_id, 7000 + kBreakEdit);
  EXPECT_TRUE(phases.edit->is_by_norm);
  EXPECT_TRUE(phases.edit->stands_out);
  EXPECT_NEAR(phases.edit->excess, 15.0, 0.1);
}

TEST(Phases, TheFirstEditOfAllIsBehindAPointOfItsOwn) {
  CellHistory history = breaking(10);
  history.tasks = {{0, {task(184)}}};
  for (std::int64_t n = 1; n <= 10; ++n) history.tasks.push_back({n, {task(0)}});
  const CellPhases phases = phases_of(history);
  ASSERT_TRUE(phases.edit.has_value());
  EXPECT_EQ(phases.edit->edit, 1);
  EXPECT_TRUE(std::isnan(phases.edit->excess));
  EXPECT_FALSE(phases.edit->stands_out);
}

/// Norms that grow with every edit are largest at the interval's end, which no edit there brought about.
TEST(Phases, UpdatesThatGrowAllTheWhileDoNotStandOut) {
  CellHistory history = breaking();
  for (auto& record : history.records) {
    record.diagnostics["delta_norm"] = std::exp(static_cast<double>(record.edit) / 20.0);
  }
  const auto edit = phases_of(history).edit;
  ASSERT_TRUE(edit.has_value());
  EXPECT_FALSE(edit->stands_out);
  EXPECT_NEAR(edit->excess, std::exp(25.0 / 20.0), 1e-9) << "over the median of the 50 edits before it";
}

TEST(Phases, OfUpdatesOfLikeSizeNoneStandsOut) {
  CellHistory history = breaking();
  history.records[kBreakEdit - 1].diagnostics["delta_norm"] = 4.0;
  EXPECT_FALSE(phases_of(history).edit->stands_out);
}

TEST(Phases, AFailedEditIsBehindNothing) {
  CellHistory history = breaking();
  history.records[kBreakEdit - 1].status = core::EditStatus::kNonFinite;
  EXPECT_NE(phases_of(history).edit->edit, kBreakEdit);
}

TEST(Phases, WithoutNormsTheNeighbourhoodTells) {
  CellHistory history = breaking();
  for (auto& record : history.records) record.diagnostics.clear();
  const auto edit = phases_of(history).edit;
  ASSERT_TRUE(edit.has_value());
  EXPECT_EQ(edit->edit, kBreakEdit);
  EXPECT_FALSE(edit->is_by_norm);
  EXPECT_NEAR(edit->excess, 8.0, 1e-6);
  for (auto& record : history.records) record.scores.pop_back();
  EXPECT_FALSE(phases_of(history).edit.has_value()) << "nothing says it";
}

TEST(Phases, TheRateIsOfThePhaseBeforeThePoint) {
  const CellPhases phases = phases_of(breaking());
  ASSERT_TRUE(phases.forgetting.has_value());
  EXPECT_EQ(phases.forgetting->until, 200) << "F1 may have begun to fall behind edit 200";
  EXPECT_NEAR(phases.forgetting->value, 100.0 * 20.0 / 200.0 / 2.0, 1e-9);
  const auto interval = wilson_interval(20, 200);
  EXPECT_NEAR(phases.forgetting->low, 100.0 * interval.low / 2.0, 1e-9);
  EXPECT_NEAR(phases.forgetting->high, 100.0 * interval.high / 2.0, 1e-9);
  EXPECT_EQ(phases.f1_loss->until, 200);
  EXPECT_LT(phases.f1_loss->low, phases.f1_loss->value);
}

TEST(Phases, WilsonsInterval) {
  // Newcombe (1998), table I: 81 of 263 is 0.2553 to 0.3662, 0 of 20 is 0 to 0.1611.
  EXPECT_NEAR(wilson_interval(81, 263).low, 0.2553, 1e-4);
  EXPECT_NEAR(wilson_interval(81, 263).high, 0.3662, 1e-4);
  EXPECT_EQ(wilson_interval(0, 20).low, 0.0);
  EXPECT_NEAR(wilson_interval(0, 20).high, 0.1611, 1e-4);
}

TEST(Phases, NoneObservedIsAnAnswer) {
  const CellPhases phases = phases_of(breaking(200));
  EXPECT_TRUE(phases.is_judged());
  EXPECT_FALSE(phases.point.has_value());
  EXPECT_FALSE(phases.edit.has_value());
  EXPECT_FALSE(phases.half_at.has_value());
  EXPECT_EQ(phases.forgetting->until, 200);
}

TEST(Phases, AnEmptyCellIsNotJudged) {
  const CellPhases phases = phases_of({});
  EXPECT_FALSE(phases.is_judged());
  EXPECT_FALSE(phases.point.has_value());
  EXPECT_FALSE(phases.forgetting.has_value());
  EXPECT_FALSE(phases.f1_loss.has_value());
  EXPECT_THAT(phase_curves(phases), IsEmpty());
}

TEST(Phases, TheDistanceAloneIsNoForgetting) {
  CellHistory history = breaking();
  history.tasks.clear();
  history.forgetting.clear();
  for (auto& record : history.records) record.scores.clear();
  const CellPhases phases = phases_of(history);
  EXPECT_FALSE(phases.point.has_value());
  EXPECT_FALSE(phases.is_judged());
  EXPECT_THAT(phases.indicators.back().search.breaks, SizeIs(1));
}

TEST(Phases, BreaksFarApartAreTwoPoints) {
  CellHistory history = breaking();
  history.tasks = {{0, {task(184)}}};  // F1 breaks at 100, all the rest at 213
  for (std::int64_t n = 20; n <= kEdits; n += 20) history.tasks.push_back({n, {task(n < 100 ? 180 : 40)}});
  const CellPhases phases = phases_of(history);
  EXPECT_THAT(kinds_at(*phases.point),
              ElementsAre(IndicatorKind::kForgetting, IndicatorKind::kEfficacy, IndicatorKind::kDistance));
  EXPECT_EQ(phases.half_at, 100);
}

Indicator breaking_at(IndicatorKind kind, std::int64_t at, double confidence) {
  Indicator indicator{kind, {}, {}, {}};
  for (std::int64_t n = 10; n <= kEdits; n += 10) indicator.curve.add(n, n < at ? 90.0 : 10.0, 1.0);
  indicator.search = {true, {{at - 10, at, at, at - 10, at, 90.0, 10.0, 2.0, confidence, 5, {}}}, confidence};
  return indicator;
}

/// Each is near the next, and the last is far from the first.
TEST(Phases, BreaksInARowAreNotAllOnePoint) {
  const auto point = shared_point(std::vector{breaking_at(IndicatorKind::kF1, 290, 0.99),
                                              breaking_at(IndicatorKind::kForgetting, 250, 0.98),
                                              breaking_at(IndicatorKind::kEfficacy, 210, 0.97)});
  ASSERT_TRUE(point);
  EXPECT_THAT(kinds_at(*point), ElementsAre(IndicatorKind::kForgetting, IndicatorKind::kEfficacy));
  EXPECT_EQ(point->after, 200);
  EXPECT_EQ(point->by, 210);
  EXPECT_NEAR(point->confidence, 0.97, 1e-12) << "what falls at 250 is no evidence for a fall at 210";
  EXPECT_EQ(point->witnesses[0].found.by, 250) << "each says its own";
}

TEST(Phases, BreaksAreCurvesToDraw) {
  const auto curves = phase_curves(phases_of(breaking()));
  std::vector<std::string> names;
  for (const auto& curve : curves) names.push_back(curve.metric);
  EXPECT_THAT(names, ElementsAre("break.all", "break.f1", "break.forgetting", "break.efficacy", "break.distance",
                                 "f1_above_chance.mean"));
  EXPECT_THAT(curves[0].edits, ElementsAre(210, 220));
  EXPECT_THAT(curves[1].edits, ElementsAre(200, 220));
  EXPECT_LT(curves[2].values[0], curves[2].values[1]) << "forgotten facts rise";
  EXPECT_NEAR(curves[4].values[1], 320.0, 10.0) << "a distance is drawn as a distance";
}

TEST(Phases, SyntheticCellsAreJudgedTogether) {
  constexpr int kCells = 100;
  for (const auto& kind : synthetic::cell_kinds()) {
    SCOPED_TRACE(kind.name);
    const auto outcome = synthetic::try_cell_kind(kind, kCells);
    EXPECT_LE(outcome.num_alarmed, 5);
    EXPECT_LE(outcome.num_missed, 5);
    EXPECT_LE(outcome.median_error(), 1.0);
  }
}

}  // namespace
}  // namespace lethe::report
