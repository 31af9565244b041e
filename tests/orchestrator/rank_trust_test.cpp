#include "orchestrator/scheduling/rank_trust.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/orchestrator/simulated_sweep.h"

namespace lethe::orchestrator {
namespace {

using testing::expect_all_done;
using testing::make_config;
using testing::SimulatedSweep;

/// Ranks, and from when until when every task dies there at once.
using Dead = std::map<int, std::pair<double, double>>;
constexpr double kForGood = 1e9;

void let_die(SimulatedSweep& sweep, const Dead& dead) {
  sweep.dies_now = [&sweep, dead, begin = sweep.clock().now](int rank) {
    const auto found = dead.find(rank);
    const double now = sweep.clock().now - begin;
    return found != dead.end() && now >= found->second.first && now < found->second.second;
  };
}

std::map<int, int> num_runs_after(SimulatedSweep& sweep, double seconds) {
  std::map<int, int> counts;
  for (const auto& run : sweep.runs()) {
    if (run.begin_seconds - (sweep.clock().now - sweep.elapsed_seconds()) >= seconds) ++counts[run.rank];
  }
  return counts;
}

TEST(RankTrust, RanksThatDieForGoodTakeNoWorkAlong) {
  SimulatedSweep sweep(make_config({.num_samples = 30, .edits = 60}), 12);  // 120 cells
  let_die(sweep, {{2, {100.0, kForGood}}, {3, {150.0, kForGood}}, {5, {151.0, kForGood}}, {11, {90.0, kForGood}}});
  EXPECT_EQ(sweep.run(), Outcome::kComplete) << "nothing is given up because of them";
  expect_all_done(sweep);
  EXPECT_TRUE(sweep.coordinator().failures().empty());
  EXPECT_EQ(sweep.journal().count("distrusted"), 4);
  const auto counts = num_runs_after(sweep, 160.0);
  for (const int rank : {2, 3, 5, 11}) {
    EXPECT_LE(counts.contains(rank) ? counts.at(rank) : 0, 8) << "rank " << rank << " is asked ever more rarely";
  }
}

TEST(RankTrust, ARankThatGetsOnAgainIsTrustedAgain) {
  SimulatedSweep sweep(make_config({.num_samples = 60, .edits = 60}), 4);  // 240 cells
  let_die(sweep, {{1, {100.0, 400.0}}});
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  expect_all_done(sweep);
  EXPECT_EQ(sweep.journal().count("distrusted"), 1);
  const auto counts = num_runs_after(sweep, 700.0);
  ASSERT_TRUE(counts.contains(1));
  EXPECT_GT(2 * counts.at(1), counts.at(2)) << "it works as the others do";
}

TEST(RankTrust, WorkThatFailsEverywhereIsGivenUpAndNoRankIsBlamed) {
  SimulatedSweep sweep(make_config({.num_samples = 10, .edits = 30}), 5);
  const auto poison = sweep.config().cells.at(7);
  sweep.fault_of = [&](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    const auto* edit = std::get_if<core::EditTask>(&task);
    if (edit == nullptr || edit->cell != poison) return std::nullopt;
    return core::FailedEvent{core::FailureClass::kCrash, "always", 0};
  };
  EXPECT_EQ(sweep.run(), Outcome::kPoisoned);
  ASSERT_EQ(sweep.coordinator().failures().size(), 1U);
  EXPECT_NE(sweep.coordinator().failures().front().work.find(poison.name()), std::string::npos);
  EXPECT_EQ(sweep.journal().count("distrusted"), 0);
  EXPECT_EQ(sweep.journal().count("failed"), 4) << "three retries, as on one rank";
}

TEST(RankTrust, WhereEveryRankFailsTheSweepEnds) {
  SimulatedSweep sweep(make_config({.num_samples = 2, .edits = 30}), 3);
  let_die(sweep, {{0, {0.0, kForGood}}, {1, {0.0, kForGood}}, {2, {0.0, kForGood}}});
  EXPECT_EQ(sweep.run(1e5), Outcome::kPoisoned);
  EXPECT_EQ(sweep.journal().count("given_up"), static_cast<int>(sweep.coordinator().failures().size()));
}

TEST(RankTrust, RestsGrowAndHaveAnEnd) {
  const RetryOptions options;
  RankTrust trust;
  trust.on_failure(true, 0.0, options);
  trust.on_failure(false, 1.0, options);  // the same work again
  trust.on_failure(true, 2.0, options);
  EXPECT_TRUE(trust.is_doubtful());
  EXPECT_FALSE(trust.is_distrusted());
  EXPECT_EQ(trust.rests_until_seconds(), 0.0);
  double rest = options.first_rest;
  for (int i = 0; i < 40; ++i) {
    trust.on_failure(true, 100.0, options);
    EXPECT_TRUE(trust.is_distrusted());
    EXPECT_EQ(trust.rests_until_seconds(), 100.0 + std::min(rest, options.longest_rest));
    rest *= 2.0;
  }
  trust.on_progress();
  EXPECT_FALSE(trust.is_doubtful());
  EXPECT_EQ(trust.rests_until_seconds(), 0.0);
}

}  // namespace
}  // namespace lethe::orchestrator
