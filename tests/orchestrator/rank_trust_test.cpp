#include "orchestrator/scheduling/rank_trust.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "core/random_stream.h"
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

WorkKey edit_of(std::size_t cell) { return {WorkUnit::Kind::kEdit, cell, 0}; }

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

/// Ranks on which edits of the cell were tried.
std::set<int> ranks_that_tried(SimulatedSweep& sweep, const core::GridCell& cell) {
  std::set<int> ranks;
  for (const auto& run : sweep.runs()) {
    const auto* edit = std::get_if<core::EditTask>(&run.task);
    if (edit != nullptr && edit->cell == cell) ranks.insert(run.rank);
  }
  return ranks;
}

void let_fail(SimulatedSweep& sweep, std::function<bool(const core::GridCell&)> is_bad) {
  sweep.fault_of = [is_bad = std::move(is_bad)](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    const auto* edit = std::get_if<core::EditTask>(&task);
    if (edit == nullptr || !is_bad(edit->cell)) return std::nullopt;
    return core::FailedEvent{core::FailureClass::kCrash, "always", 0};
  };
}

TEST(RankTrust, WorkThatFailsEverywhereIsGivenUpAndNoRankIsBlamed) {
  for (const int num_ranks : {1, 2, 3, 5, 9}) {
    SimulatedSweep sweep(make_config({.num_samples = 10, .edits = 30}), num_ranks);
    const auto poison = sweep.config().cells.at(7);
    let_fail(sweep, [&](const auto& cell) { return cell == poison; });
    EXPECT_EQ(sweep.run(), Outcome::kPoisoned);
    ASSERT_EQ(sweep.coordinator().failures().size(), 1U);
    EXPECT_NE(sweep.coordinator().failures().front().work.find(poison.name()), std::string::npos);
    EXPECT_EQ(sweep.journal().count("distrusted"), 0);
    EXPECT_EQ(ranks_that_tried(sweep, poison).size(), static_cast<std::size_t>(std::min(4, num_ranks)));
    EXPECT_GE(sweep.journal().count("failed"), 4) << "three retries";
    EXPECT_LE(sweep.journal().count("failed"), 3 * 4 + 1) << "no rank tries more often than one that is alone";
  }
}

TEST(RankTrust, AMethodThatAlwaysFailsTakesNeitherRanksNorOtherWorkAlong) {
  SimulatedSweep sweep(make_config({.methods = {"rome", "ft-c", "ft"}, .num_samples = 10, .edits = 60}), 6);
  let_fail(sweep, [](const auto& cell) { return cell.method == "rome"; });
  EXPECT_EQ(sweep.run(), Outcome::kPoisoned);
  EXPECT_EQ(sweep.coordinator().failures().size(), 20U) << "ten samples of two models";
  for (const auto& cell : sweep.config().cells) {
    EXPECT_EQ(sweep.ledger().cells[cell].num_edits, cell.method == "rome" ? 0 : 60) << cell.name();
  }
  SimulatedSweep without(make_config({.methods = {"ft-c", "ft"}, .num_samples = 10, .edits = 60}), 6);
  EXPECT_EQ(without.run(), Outcome::kComplete);
  EXPECT_LT(sweep.elapsed_seconds(), 1.75 * without.elapsed_seconds())
      << "some rest before the work is found to be bad";
}

/// A third of the ranks, at moments of all of the sweep: also when there is nothing but what the dead have left.
Dead third_of(int num_ranks, double within_seconds, std::uint64_t seed) {
  core::RandomStream random(seed, "deaths");
  Dead dead;
  while (static_cast<int>(dead.size()) < num_ranks / 3) {
    const double moment = within_seconds * static_cast<double>(random.next() % 1000) / 1000.0;
    dead.try_emplace(static_cast<int>(random.next() % static_cast<std::uint64_t>(num_ranks)), moment, kForGood);
  }
  return dead;
}

TEST(RankTrust, AThirdOfTheRanksThatDiesForGoodLosesNothing) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const int num_ranks = seed % 2 == 0 ? 24 : 6;
    SimulatedSweep sweep(make_config({.num_samples = 15, .edits = 60}), num_ranks);  // 60 cells
    SimulatedSweep undisturbed(make_config({.num_samples = 15, .edits = 60}), num_ranks);
    undisturbed.run();
    let_die(sweep, third_of(num_ranks, undisturbed.elapsed_seconds(), seed));
    EXPECT_EQ(sweep.run(), Outcome::kComplete) << "seed " << seed;
    expect_all_done(sweep);
    EXPECT_LT(sweep.elapsed_seconds(), 2.1 * undisturbed.elapsed_seconds()) << "seed " << seed;
  }
}

TEST(RankTrust, AmongRanksThatDieForGoodBadWorkIsFoundAllTheSame) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SimulatedSweep sweep(make_config({.num_samples = 15, .edits = 60}), 12);
    const auto poison = sweep.config().cells.at(7);
    let_fail(sweep, [&](const auto& cell) { return cell == poison; });
    let_die(sweep, third_of(12, 400.0, seed));
    EXPECT_EQ(sweep.run(), Outcome::kPoisoned) << "seed " << seed;
    ASSERT_EQ(sweep.coordinator().failures().size(), 1U) << "seed " << seed;
    EXPECT_NE(sweep.coordinator().failures().front().work.find(poison.name()), std::string::npos);
  }
}

TEST(RankTrust, WhatADeadRankLeavesWaitsForASoundOne) {
  SimulatedSweep sweep(make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 2, .edits = 60}), 2);
  let_die(sweep, {{1, {20.0, kForGood}}});
  EXPECT_EQ(sweep.run(), Outcome::kComplete) << "the sound one is busy with its own cell for longer than four tries";
  expect_all_done(sweep);
  const double death = sweep.clock().now - sweep.elapsed_seconds() + 20.0;
  std::map<core::GridCell, int> tries;  // of edits, on the dead rank
  for (const auto& run : sweep.runs()) {
    const auto* edit = std::get_if<core::EditTask>(&run.task);
    if (edit != nullptr && run.rank == 1 && run.end_seconds >= death) ++tries[edit->cell];
  }
  for (const auto& [cell, count] : tries) EXPECT_LE(count, 4) << cell.name() << ": then it is left to others";
  EXPECT_FALSE(tries.empty());
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
  trust.on_failure(edit_of(0), false, 0.0, options);
  trust.on_failure(edit_of(0), false, 1.0, options);
  trust.on_failure(edit_of(1), false, 2.0, options);
  EXPECT_TRUE(trust.is_doubtful());
  EXPECT_FALSE(trust.is_distrusted());
  EXPECT_EQ(trust.rests_until_seconds(), 0.0);
  double rest = options.first_rest;
  for (int i = 0; i < 40; ++i) {
    trust.on_failure(edit_of(2), false, 100.0, options);
    EXPECT_TRUE(trust.is_distrusted());
    EXPECT_EQ(trust.rests_until_seconds(), 100.0 + std::min(rest, options.longest_rest));
    rest *= 2.0;
  }
  trust.on_progress();
  EXPECT_FALSE(trust.is_doubtful());
  EXPECT_EQ(trust.rests_until_seconds(), 0.0);
}

TEST(RankTrust, WhatIsKnownToFailDoesNotSpeakAgainstARank) {
  const RetryOptions options;
  RankTrust trust;
  for (std::size_t cell = 0; cell < 10; ++cell) trust.on_failure(edit_of(cell), true, 0.0, options);
  EXPECT_TRUE(trust.is_doubtful());
  EXPECT_FALSE(trust.is_distrusted());
}

TEST(RankTrust, ARankIsTrustedAgainWhenItsFailuresWereTheWorks) {
  const RetryOptions options;
  RankTrust trust;
  for (std::size_t cell = 0; cell < 3; ++cell) trust.on_failure(edit_of(cell), false, 0.0, options);
  EXPECT_TRUE(trust.is_distrusted());
  trust.on_given_up(edit_of(7), options);
  EXPECT_TRUE(trust.is_distrusted()) << "that has not failed there";
  trust.on_given_up(edit_of(1), options);
  EXPECT_FALSE(trust.is_distrusted());
  EXPECT_EQ(trust.rests_until_seconds(), 0.0);
}

TEST(FailedWorks, CountsWhatStandsAgainstAWork) {
  FailedWorks works(2);
  EXPECT_TRUE(works.is_empty());
  works.add(edit_of(0), 1);
  works.add(edit_of(0), 2);
  works.add(edit_of(0), 2);
  works.add(edit_of(1), 2);
  EXPECT_EQ(works.standing(edit_of(0), [](int) { return true; }).num_tries, 3);
  const auto standing = works.standing(edit_of(0), [](int rank) { return rank != 2; });
  EXPECT_EQ(standing.num_tries, 1);
  EXPECT_EQ(standing.num_ranks, 1);
  EXPECT_FALSE(works.has_tried_enough(edit_of(0), 1));
  EXPECT_TRUE(works.has_tried_enough(edit_of(0), 2));
  EXPECT_TRUE(works.leaves_any(2));
  EXPECT_FALSE(works.leaves_any(1));
  works.forget(edit_of(0));
  EXPECT_EQ(works.standing(edit_of(0), [](int) { return true; }).num_tries, 0);
  EXPECT_EQ(works.standing(edit_of(1), [](int) { return true; }).num_tries, 1);
}

TEST(FailedWorks, ProgressOfARankTellsWhoseFailuresTheyWere) {
  FailedWorks works(4);
  works.add(edit_of(0), 1);
  works.add(edit_of(1), 1);
  EXPECT_FALSE(works.is_known_to_fail(edit_of(0), 2));
  works.on_progress(1, {edit_of(0)}, false);
  EXPECT_TRUE(works.is_known_to_fail(edit_of(0), 2)) << "rank 1 is sound, and it failed there";
  EXPECT_FALSE(works.is_known_to_fail(edit_of(0), 1));
  EXPECT_FALSE(works.is_known_to_fail(edit_of(1), 2));
  works.on_progress(1, {edit_of(0), edit_of(1)}, true);
  EXPECT_TRUE(works.is_empty()) << "rank 1 was bad, and has healed";
}

}  // namespace
}  // namespace lethe::orchestrator
