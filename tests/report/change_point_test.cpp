#include "report/change_point.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/report/published_logs.h"
#include "tests/report/synthetic_curves.h"
#include "tests/support/reference_data.h"

namespace lethe::report {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Values at edits 0, 10, 20, ..., each with a standard error of `error`.
HealthCurve curve(const std::vector<double>& values, double error = 2.0) {
  HealthCurve made;
  for (std::size_t i = 0; i < values.size(); ++i) {
    made.add(10 * static_cast<std::int64_t>(i), values[i], error * error);
  }
  return made;
}

TEST(ChangePoint, AFallBetweenTwoCheckpointsIsDatedByThem) {
  const auto search = find_breaks(curve({90, 90, 90, 90, 90, 40, 40, 40, 40, 40}));
  ASSERT_THAT(search.breaks, SizeIs(1));
  const Break& found = search.breaks[0];
  EXPECT_EQ(found.after, 40);
  EXPECT_EQ(found.at, 50);
  EXPECT_EQ(found.by, 50);
  EXPECT_NEAR(found.before, 90.0, 1e-9);
  EXPECT_NEAR(found.behind, 40.0, 1e-9);
  // Five points on a line of unit spacing: the fit at its end has 0.6 of a value's variance, on both sides.
  EXPECT_NEAR(found.error, 2.0 * std::sqrt(1.2), 1e-9);
  EXPECT_GT(found.confidence, 0.999);
  EXPECT_EQ(found.num_behind, 5);
  EXPECT_FALSE(found.recovered_at.has_value());
}

TEST(ChangePoint, AFallOfThreeCheckpointsIsOneBreak) {
  std::vector<double> values(20, 90.0);
  values.insert(values.end(), {75, 60});
  values.insert(values.end(), 12, 45.0);
  const auto search = find_breaks(curve(values));
  ASSERT_THAT(search.breaks, SizeIs(1));
  EXPECT_EQ(search.breaks[0].after, 190);
  EXPECT_EQ(search.breaks[0].at, 200);
  EXPECT_EQ(search.breaks[0].by, 220);
  EXPECT_THAT(search.breaks[0].earliest, Le(190));
  EXPECT_THAT(search.breaks[0].latest, Ge(220));
}

TEST(ChangePoint, ABentDeclineOfAShortCurveIsNone) {
  // Forgetting of a cell of twenty checkpoints: the same fall over three of fifty would be a break.
  EXPECT_THAT(
      find_breaks(curve({100, 98, 88, 85, 75, 66, 60, 59, 55, 55, 55, 55, 52, 53, 49, 49, 47, 48, 45, 46})).breaks,
      IsEmpty());
}

TEST(ChangePoint, AFallOfAShortCurveIsToldWithLevelsThatItHas) {
  // Twenty checkpoints, of which two neighbours alone make a break; this one takes three.
  const std::vector<double> values{100, 100, 100, 96, 92, 82, 51, 26, 6, 0, 4, 5, 1, 0, 0, 0, 0, 0, 0, 0};
  const auto search = find_breaks(curve(values));
  ASSERT_THAT(search.breaks, SizeIs(1));
  const Break& found = search.breaks[0];
  EXPECT_EQ(found.after, 50);
  EXPECT_EQ(found.by, 80);
  EXPECT_NEAR(found.before, 82.0, 8.0);
  EXPECT_NEAR(found.behind, 6.0, 6.0);
}

TEST(ChangePoint, TwoFallsAreTwoBreaks) {
  std::vector<double> values(10, 95.0);
  values.insert(values.end(), 10, 60.0);
  values.insert(values.end(), 10, 10.0);
  const auto search = find_breaks(curve(values));
  ASSERT_THAT(search.breaks, SizeIs(2));
  EXPECT_EQ(search.breaks[0].at, 100);
  EXPECT_EQ(search.breaks[1].at, 200);
}

TEST(ChangePoint, AStraightDeclineIsNone) {
  std::vector<double> values;
  for (int i = 0; i < 50; ++i) values.push_back(95.0 - 60.0 * i / 49.0);
  const auto search = find_breaks(curve(values));
  EXPECT_TRUE(search.is_judged);
  EXPECT_THAT(search.breaks, IsEmpty());
  EXPECT_LT(search.highest_confidence, 0.01);
}

TEST(ChangePoint, ADipIsNoneAndARecoveryIsSaid) {
  std::vector<double> values(20, 90.0);
  values[9] = 20.0;
  EXPECT_THAT(find_breaks(curve(values)).breaks, IsEmpty());
  for (std::size_t i = 9; i < 15; ++i) values[i] = 20.0;
  const auto search = find_breaks(curve(values));
  ASSERT_THAT(search.breaks, SizeIs(1));
  EXPECT_EQ(search.breaks[0].at, 90);
  EXPECT_EQ(search.breaks[0].recovered_at, 150);
}

TEST(ChangePoint, AFallAtTheLastCheckpointIsSeenOnce) {
  const auto search = find_breaks(curve({90, 90, 90, 90, 90, 90, 90, 40}));
  ASSERT_THAT(search.breaks, SizeIs(1));
  EXPECT_EQ(search.breaks[0].by, 70);
  EXPECT_EQ(search.breaks[0].num_behind, 1);
}

TEST(ChangePoint, AFallAcrossMissingCheckpointsIsNotCalledAbrupt) {
  HealthCurve made;
  for (const std::int64_t at : {0, 10, 20, 30, 40, 50}) made.add(at, 90.0, 4.0);
  for (const std::int64_t at : {150, 160, 170, 180, 190}) made.add(at, 20.0, 4.0);
  EXPECT_THAT(find_breaks(made).breaks, IsEmpty());
}

TEST(ChangePoint, GapsAreLeftOut) {
  const auto search = find_breaks(curve({90, kNan, 90, 90, 90, kNan, 40, 40, 40, 40}));
  ASSERT_THAT(search.breaks, SizeIs(1));
  EXPECT_EQ(search.breaks[0].after, 40);
  EXPECT_EQ(search.breaks[0].by, 60);
}

TEST(ChangePoint, FewCheckpointsAreNotJudged) {
  EXPECT_FALSE(find_breaks({}).is_judged);
  EXPECT_FALSE(find_breaks(curve({90, 10, 10})).is_judged);
  EXPECT_FALSE(find_breaks(curve({90, kNan, kNan, kNan, 10})).is_judged);
  EXPECT_TRUE(find_breaks(curve({90, 90, 10, 10})).is_judged);
  EXPECT_THAT(find_breaks(curve({90, 75, 60, 45, 30})).breaks, IsEmpty()) << "of five, a decline of 60 is a slope";
  EXPECT_THAT(find_breaks(curve({90, 90, 90, 30, 30})).breaks, SizeIs(1));
}

TEST(ChangePoint, PlateausAreNone) {
  EXPECT_THAT(find_breaks(curve(std::vector<double>(60, 0.0))).breaks, IsEmpty());
  EXPECT_THAT(find_breaks(curve(std::vector<double>(60, 50.0))).breaks, IsEmpty());
  EXPECT_THAT(find_breaks(curve({10, 10, 10, 10, 90, 90, 90, 90})).breaks, IsEmpty()) << "a rise is no loss";
}

TEST(ChangePoint, ScatterBeyondSamplingNeedsALargerFall) {
  const auto with_scatter = [](double scatter) {
    std::vector<double> values;
    for (int i = 0; i < 40; ++i) values.push_back((i < 20 ? 80.0 : 55.0) + (i % 2 == 0 ? scatter : -scatter));
    return curve(values);
  };
  EXPECT_THAT(find_breaks(with_scatter(0.0)).breaks, SizeIs(1));
  EXPECT_THAT(find_breaks(with_scatter(25.0)).breaks, IsEmpty());
}

/// The criterion that docs/findings.md shows of a thousand curves of each kind.
TEST(ChangePoint, SyntheticBreaksAreFoundAndDeclinesAreNot) {
  constexpr int kCurves = 100;
  for (const auto& kind : synthetic::kinds()) {
    SCOPED_TRACE(kind.name);
    const auto outcome = synthetic::try_kind(kind, kCurves);
    EXPECT_EQ(outcome.num_curves, kCurves);
    if (kind.expected == synthetic::Expected::kReported) continue;
    EXPECT_LE(outcome.num_alarmed, 5);
    if (kind.expected == synthetic::Expected::kNone) continue;
    EXPECT_LE(outcome.num_missed, 5);
    EXPECT_LE(outcome.median_error(), 1.0);
    EXPECT_GE(outcome.num_covered, 88) << "of 95 % intervals";
  }
}

TEST(ChangePoint, PublishedLogsKeepHalfAndZeroApart) {
  const auto folder = test::reference_data() / "results/paper_sst_eval_data/v2";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "no reference data (LETHE_REFERENCE_DATA)";
  const auto runs = read_published_runs(folder);
  ASSERT_THAT(runs, SizeIs(8));
  for (const PublishedRun& run : runs) {
    SCOPED_TRACE(run.sample);
    EXPECT_THAT(run.half_at.value(), AllOf(Ge(2250), Le(3200)));
    EXPECT_THAT(run.zero_at.value(), AllOf(Ge(3000), Le(4350)));
    EXPECT_GT(*run.zero_at, *run.half_at);
    for (const Break& found : run.indicators.front().search.breaks)
      EXPECT_GT(found.after, 1850) << "gradual until then";
  }
}

}  // namespace
}  // namespace lethe::report
