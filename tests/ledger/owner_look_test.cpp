#include "ledger/owner_look.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "core/host_name.h"
#include "ledger/ownership.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/without_root.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;

constexpr double kWatchSeconds = 0.4;

class OwnerLookTest : public testing::Test {
 protected:
  [[nodiscard]] OwnerLook first_look() const {
    OwnerWatch watch(owners_, kWatchSeconds);
    return only(watch);
  }
  static OwnerLook only(OwnerWatch& watch) {
    const auto looks = watch.look();
    EXPECT_EQ(looks.size(), 1U);
    return looks.empty() ? OwnerLook{} : looks.front();
  }
  /// The token of a process on another host, last written so long ago.
  fs::path write_foreign(int beat, double age_seconds) const {
    fs::create_directories(owners_);
    auto path = owners_ / "sweep.00000001.token";
    auto digits = std::to_string(beat);
    std::ofstream(path) << "beat " << std::string(20 - digits.size(), '0') << digits << " running \n"
                        << "owner host7_1.4711.99\nboot elsewhere\nprocess 4711 on host7\njob 1234\n";
    const auto age =
        std::chrono::duration_cast<fs::file_time_type::duration>(std::chrono::duration<double>(age_seconds));
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
    return path;
  }

  test::TemporaryFolder folder_;
  fs::path owners_ = folder_.path() / "owners";
};

TEST_F(OwnerLookTest, NobodyIsSeenWhereNobodyWas) {
  OwnerWatch watch(owners_, kWatchSeconds);
  EXPECT_TRUE(watch.look().empty());
  EXPECT_FALSE(fs::exists(owners_)) << "looking makes nothing";
}

TEST_F(OwnerLookTest, AProcessOfThisHostIsKnownByItsPidAndWhatItLeavesByItsRelease) {
  ::setenv("SLURM_JOB_ID", "77", 1);
  auto claim = claim_ownership(owners_, "sweep", {});
  ::unsetenv("SLURM_JOB_ID");
  ASSERT_NE(claim.ownership, nullptr);
  const auto alive = first_look();
  EXPECT_EQ(alive.life, OwnerLife::kAlive);
  EXPECT_TRUE(alive.is_certain) << alive.how;
  EXPECT_EQ(alive.pid, std::to_string(::getpid()));
  EXPECT_EQ(alive.host, core::host_name());
  EXPECT_EQ(alive.job, "77");
  ASSERT_TRUE(alive.beat_age_seconds.has_value());
  EXPECT_LT(*alive.beat_age_seconds, 60.0);
  claim.ownership.reset();
  EXPECT_EQ(first_look().life, OwnerLife::kReleased);
  EXPECT_EQ(std::distance(fs::directory_iterator(owners_), fs::directory_iterator()), 1) << "the token alone";
}

TEST_F(OwnerLookTest, AKilledProcessOfThisHostIsDeadAtOnce) {
  const auto child = ::fork();
  if (child == 0) {
    static const auto claim = claim_ownership(owners_, "sweep", {});
    while (true) ::pause();
  }
  for (int i = 0; i < 1000 && OwnerWatch(owners_, kWatchSeconds).look().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(first_look().life, OwnerLife::kAlive);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto dead = first_look();
  EXPECT_EQ(dead.life, OwnerLife::kDead);
  EXPECT_TRUE(dead.is_certain);
  EXPECT_EQ(dead.pid, std::to_string(child));
}

TEST_F(OwnerLookTest, AStoppedProcessOfThisHostLivesAndItsBeatStandsStill) {
  const auto child = ::fork();
  if (child == 0) {
    static const auto claim = claim_ownership(owners_, "sweep", {.beat_seconds = 0.05});
    while (true) ::pause();
  }
  OwnerWatch watch(owners_, kWatchSeconds);
  for (int i = 0; i < 1000 && OwnerWatch(owners_, kWatchSeconds).look().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_FALSE(only(watch).is_beat_still);
  ::kill(child, SIGSTOP);
  ::waitpid(child, nullptr, WUNTRACED);
  std::this_thread::sleep_for(std::chrono::duration<double>(1.5 * kWatchSeconds));
  only(watch);  // a beat between the first look and the stop
  std::this_thread::sleep_for(std::chrono::duration<double>(1.5 * kWatchSeconds));
  for (const auto& look : {first_look(), only(watch)}) {
    EXPECT_EQ(look.life, OwnerLife::kAlive);
    EXPECT_TRUE(look.is_certain);
    EXPECT_TRUE(look.is_beat_still);
    EXPECT_NE(look.how.find("its process runs on this host, its beat stands still: stopped or hung"), std::string::npos)
        << look.how;
  }
  ::kill(child, SIGCONT);
  std::this_thread::sleep_for(std::chrono::duration<double>(kWatchSeconds));
  EXPECT_FALSE(only(watch).is_beat_still) << "it goes on";
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(OwnerLookTest, OfAnotherHostTheAgeOfTheBeatIsAFirstAnswerAndSaysSo) {
  write_foreign(7, 0.0);
  const auto fresh = first_look();
  EXPECT_EQ(fresh.life, OwnerLife::kAlive);
  EXPECT_FALSE(fresh.is_certain);
  EXPECT_NE(fresh.how.find("by the file system's clock"), std::string::npos) << fresh.how;
  EXPECT_EQ(fresh.beat, 7U);
  EXPECT_EQ(fresh.host, "host7");
  EXPECT_EQ(fresh.job, "1234");
  write_foreign(7, 3600.0);
  const auto old = first_look();
  EXPECT_EQ(old.life, OwnerLife::kDead);
  EXPECT_FALSE(old.is_certain);
  EXPECT_NEAR(old.beat_age_seconds.value_or(0.0), 3600.0, 60.0);
}

TEST_F(OwnerLookTest, WatchingSeesTheBeatMoveHoweverOldItsTimeLooks) {
  OwnerWatch watch(owners_, kWatchSeconds);
  write_foreign(7, 3600.0);
  EXPECT_EQ(only(watch).life, OwnerLife::kDead);
  write_foreign(8, 3600.0);
  const auto moved = only(watch);
  EXPECT_EQ(moved.life, OwnerLife::kAlive) << "a clock that is wrong";
  EXPECT_TRUE(moved.is_certain);
  std::this_thread::sleep_for(std::chrono::duration<double>(1.5 * kWatchSeconds));
  const auto still = only(watch);
  EXPECT_EQ(still.life, OwnerLife::kDead);
  EXPECT_TRUE(still.is_certain) << still.how;
}

TEST_F(OwnerLookTest, WatchingSeesABeatStandStillHoweverFreshItsTimeLooks) {
  OwnerWatch watch(owners_, kWatchSeconds);
  write_foreign(7, -3600.0);
  EXPECT_EQ(only(watch).life, OwnerLife::kAlive);
  std::this_thread::sleep_for(std::chrono::duration<double>(1.5 * kWatchSeconds));
  EXPECT_EQ(only(watch).life, OwnerLife::kDead);
}

TEST_F(OwnerLookTest, AFolderThatTakesNoFileLeavesItOpen) {
  write_foreign(7, 0.0);
  fs::permissions(folder_.path(), fs::perms::all);
  test::hand_over(owners_, test::kNobody, fs::perms::owner_read | fs::perms::owner_exec);
  const auto told = test::told_without_root([&] {
    const auto look = first_look();
    return std::string(look.life == OwnerLife::kUnknown ? "unknown" : "known") +
           (look.beat_age_seconds ? ", with an age" : ", without an age");
  });
  fs::permissions(owners_, fs::perms::owner_all);
  EXPECT_EQ(told, "unknown, without an age");
}

TEST_F(OwnerLookTest, GarbageIsNobodyOfWhomAnythingIsKnown) {
  fs::create_directories(owners_);
  std::ofstream(owners_ / "sweep.00000001.token") << "no token at all";
  const auto look = first_look();
  EXPECT_EQ(look.pid, "");
  EXPECT_EQ(look.job, "");
  EXPECT_NE(look.life, OwnerLife::kReleased);
}

}  // namespace
}  // namespace lethe::ledger
