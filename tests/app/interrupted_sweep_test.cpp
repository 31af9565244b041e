#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "core/random_stream.h"
#include "tests/app/child_process.h"
#include "tests/support/tiny_world.h"

// A sweep killed at random moments, mpirun first, and started again with the same command must end with the
// results of an undisturbed one, bit for bit.

namespace lethe {
namespace {

namespace fs = std::filesystem;
using test::lethe_command;
using test::run_command;

constexpr int kNumKills = 20;
constexpr int kRanks = 3;

class InterruptedSweep : public testing::Test {
 protected:
  InterruptedSweep() {
    test::TinyWorldOptions options;
    options.edits = 12;
    options.checkpoint_every = 3;
    options.documents_per_slice = 25;
    config_ = test::write_tiny_world(world_.path(), options);
  }

  std::vector<std::string> sweep(const std::string& out, int ranks = kRanks) const {
    return lethe_command({"sweep", config_.string(), "--out", (world_.path() / out).string()}, ranks);
  }
  void expect_same(const std::string& left, const std::string& right) const {
    const auto result = run_command(
        lethe_command({"verify", "--same", (world_.path() / left).string(), (world_.path() / right).string()}),
        world_.path());
    EXPECT_EQ(result.status, 0) << result.text;
    EXPECT_NE(result.text.find("8 cells: the same results"), std::string::npos) << result.text;
  }

  test::TemporaryFolder world_;
  fs::path config_;
};

TEST_F(InterruptedSweep, EqualsAnUndisturbedOneAfterTwentyKills) {
  const auto start = std::chrono::steady_clock::now();
  const auto whole = run_command(sweep("whole"), world_.path());
  ASSERT_EQ(whole.status, 0) << whole.text;
  const auto length = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  core::RandomStream random(2024, "moments of the kills");
  int kills = 0;
  for (int round = 0; kills < kNumKills; ++round) {
    const auto out = "killed" + std::to_string(round);
    for (int i = 0; i < 5; ++i) {
      test::ChildProcess child(sweep(out), world_.path() / "killed.log");
      const auto moment = std::chrono::duration<double>(0.05 * length + random.uniform() * length);
      if (child.wait_for(std::chrono::duration_cast<std::chrono::milliseconds>(moment))) break;
      child.send_signal(SIGKILL);
      child.wait_for(std::chrono::seconds(10));
      ++kills;
    }
    const auto resumed = run_command(sweep(out), world_.path());
    ASSERT_EQ(resumed.status, 0) << resumed.text;
    expect_same("whole", out);
    ASSERT_LT(round, 40) << "the sweep is too short to be killed";
  }
}

TEST_F(InterruptedSweep, StopsInOrderOnTermAndGoesOn) {
  const auto whole = run_command(sweep("whole"), world_.path());
  ASSERT_EQ(whole.status, 0) << whole.text;
  test::ChildProcess child(sweep("stopped"), world_.path() / "stopped.log");
  const auto events = world_.path() / "stopped" / "events.jsonl";
  for (int i = 0; i < 600 && !fs::exists(events); ++i) child.wait_for(std::chrono::milliseconds(20));
  child.wait_for(std::chrono::milliseconds(500));
  child.send_signal(SIGTERM);
  ASSERT_TRUE(child.wait_for(std::chrono::seconds(60)).has_value());
  std::string state;
  std::ifstream(world_.path() / "stopped" / "STATE") >> state;
  EXPECT_TRUE(state == "INCOMPLETE" || state == "COMPLETE") << state;
  const auto resumed = run_command(sweep("stopped"), world_.path());
  ASSERT_EQ(resumed.status, 0) << resumed.text;
  expect_same("whole", "stopped");
}

TEST_F(InterruptedSweep, HoldsTheSameResultsForAnyNumberOfRanks) {
  for (const int ranks : {1, 2, 4}) {
    const auto result = run_command(sweep("ranks" + std::to_string(ranks), ranks), world_.path());
    ASSERT_EQ(result.status, 0) << result.text;
  }
  expect_same("ranks1", "ranks2");
  expect_same("ranks1", "ranks4");
}

/// Second moments in many slices, and little else.
class SlicedMoments : public testing::Test {
 protected:
  SlicedMoments() {
    test::TinyWorldOptions options;
    options.edits = 2;
    options.methods = "[rome]";
    options.samples = "[0]";
    options.documents_per_slice = 7;  // nine slices of 60 documents
    config_ = test::write_tiny_world(world_.path(), options);
  }
  std::vector<std::string> sweep(const std::string& out, int ranks) const {
    return lethe_command({"sweep", config_.string(), "--out", (world_.path() / out).string()}, ranks);
  }
  std::string events(const std::string& out) const {
    std::ifstream in(world_.path() / out / "events.jsonl");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  test::TemporaryFolder world_;
  fs::path config_;
};

TEST_F(SlicedMoments, AreTheSameToTheBitForAnyNumberOfRanksAndAKillBetween) {
  const auto alone = run_command(sweep("ranks1", 1), world_.path());
  ASSERT_EQ(alone.status, 0) << alone.text;
  for (const int ranks : {2, 3}) {
    const auto out = "ranks" + std::to_string(ranks);
    {
      test::ChildProcess child(sweep(out, ranks), world_.path() / "killed.log");
      for (int i = 0; i < 3000 && events(out).find("slice-") == std::string::npos; ++i) {
        if (child.wait_for(std::chrono::milliseconds(2))) break;
      }
      child.send_signal(SIGKILL);
      child.wait_for(std::chrono::seconds(10));
    }
    EXPECT_NE(events(out).find("slice-"), std::string::npos);
    const auto resumed = run_command(sweep(out, ranks), world_.path());
    ASSERT_EQ(resumed.status, 0) << resumed.text;
    const auto same = run_command(
        lethe_command({"verify", "--same", (world_.path() / "ranks1").string(), (world_.path() / out).string()}),
        world_.path());
    EXPECT_EQ(same.status, 0) << same.text;
    for (const auto& entry : fs::recursive_directory_iterator(world_.path() / out / "prerequisites")) {
      EXPECT_NE(entry.path().filename(), "slices") << "partial sums are removed";
    }
  }
}

TEST_F(SlicedMoments, OfTheVerbStatsAreTheSweepsOwn) {
  ASSERT_EQ(run_command(sweep("whole", 2), world_.path()).status, 0);
  const auto stats = run_command(
      lethe_command({"stats", config_.string(), "--out", (world_.path() / "stats").string()}), world_.path());
  ASSERT_EQ(stats.status, 0) << stats.text;
  const auto continued = run_command(sweep("stats", 2), world_.path());
  ASSERT_EQ(continued.status, 0) << continued.text;
  EXPECT_EQ(events("stats").find("slice-"), std::string::npos) << "nothing is summed again";
  const auto same = run_command(
      lethe_command({"verify", "--same", (world_.path() / "whole").string(), (world_.path() / "stats").string()}),
      world_.path());
  EXPECT_EQ(same.status, 0) << same.text;
}

}  // namespace
}  // namespace lethe
