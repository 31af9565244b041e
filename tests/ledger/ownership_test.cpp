#include "ledger/ownership.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "core/error.h"
#include "core/fault.h"
#include "tests/support/temporary_folder.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;
using test::read_text;
using test::TemporaryFolder;

OwnershipOptions quick() {
  OwnershipOptions options;
  options.beat_seconds = 0.02;
  options.watch_seconds = 0.4;
  return options;
}

/// A process that runs `work` and then waits to be killed. Created before this process has threads.
class Child {
 public:
  template <typename Work>
  explicit Child(const Work& work) : pid_(::fork()) {
    if (pid_ != 0) return;
    work();
    while (true) ::pause();
  }
  ~Child() {
    kill();
    ::waitpid(pid_, nullptr, 0);
  }
  void kill() const { ::kill(pid_, SIGKILL); }
  void send(int signal) const { ::kill(pid_, signal); }
  void reap() const {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);  // has ended, and stays a zombie
  }

 private:
  pid_t pid_;
};

bool wait_until(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return condition();
}

/// Names of files; in a folder of owners only of finished tokens.
std::vector<std::string> names_of(const fs::path& folder) {
  std::vector<std::string> names;
  if (!fs::exists(folder)) return names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.path().filename().string().starts_with('.')) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// The token as a process of another boot (or host) would have written it.
void make_foreign(const fs::path& token) {
  auto text = read_text(token);
  const auto boot = text.find("boot ");
  ASSERT_NE(boot, std::string::npos);
  text[boot + 5] = text[boot + 5] == 'z' ? 'y' : 'z';
  std::ofstream(token) << text;
}

class OwnershipTest : public testing::Test {
 protected:
  /// A token left by a process that was killed.
  fs::path dead_token(const std::string& key = "sweep") {
    {
      const Child child(
          [&] { static std::unique_ptr<Ownership> ownership = claim_ownership(owners_, key, quick()).ownership; });
      EXPECT_TRUE(wait_until([&] { return !names_of(owners_).empty(); }));
    }
    return owners_ / names_of(owners_).back();
  }

  TemporaryFolder folder_;
  fs::path owners_ = folder_.path() / "owners";
};

TEST_F(OwnershipTest, IsFreeAtFirstAndWhenGivenBack) {
  const auto start = std::chrono::steady_clock::now();
  for (int generation = 1; generation <= 3; ++generation) {
    const auto claim = claim_ownership(owners_, "sweep", quick());
    ASSERT_NE(claim.ownership, nullptr);
    EXPECT_TRUE(claim.predecessor.empty());
    EXPECT_EQ(names_of(owners_), std::vector{"sweep.0000000" + std::to_string(generation) + ".token"});
    EXPECT_FALSE(claim.ownership->is_lost());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(OwnershipTest, ALivingOwnerKeepsItAndKeysDoNotDisturbEachOther) {
  const Child child(
      [&] { static std::unique_ptr<Ownership> ownership = claim_ownership(owners_, "sweep", quick()).ownership; });
  ASSERT_TRUE(wait_until([&] { return names_of(owners_).size() == 1; }));
  const auto claim = claim_ownership(owners_, "sweep", quick());
  EXPECT_EQ(claim.ownership, nullptr);
  EXPECT_NE(claim.holder.find("process "), std::string::npos) << claim.holder;
  EXPECT_NE(claim_ownership(owners_, "cell.rome+small-gpt2+sample0", quick()).ownership, nullptr);
  const auto others = other_owners(owners_, "cell.rome+small-gpt2+sample0", quick());
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others.front().key, "sweep");
  EXPECT_EQ(living_owner(owners_, "sweep", quick()), claim.holder);
  EXPECT_EQ(living_owner(owners_, "cell.rome+small-gpt2+sample0", quick()), "");
}

TEST_F(OwnershipTest, AKilledProcessOfThisHostIsFollowedAtOnce) {
  auto options = quick();
  options.watch_seconds = 3600;  // it must not come to that
  const Child child(
      [&] { static std::unique_ptr<Ownership> ownership = claim_ownership(owners_, "sweep", quick()).ownership; });
  ASSERT_TRUE(wait_until([&] { return names_of(owners_).size() == 1; }));
  child.kill();
  child.reap();
  const auto after_zombie = claim_ownership(owners_, "sweep", options);
  ASSERT_NE(after_zombie.ownership, nullptr);
  EXPECT_NE(after_zombie.predecessor.find("process "), std::string::npos);
}

TEST_F(OwnershipTest, ADeadTokenOfAnotherHostIsWatchedThenFollowed) {
  make_foreign(dead_token());
  std::string watched;
  auto options = quick();
  options.on_watch = [&](const std::string& holder) { watched = holder; };
  const auto claim = claim_ownership(owners_, "sweep", options);
  ASSERT_NE(claim.ownership, nullptr);
  EXPECT_GE(claim.waited_seconds, 0.4);
  EXPECT_FALSE(watched.empty());
  EXPECT_EQ(claim.predecessor, watched);
}

TEST_F(OwnershipTest, AMovingTokenOfAnotherHostIsRespected) {
  const auto token = dead_token();
  make_foreign(token);
  std::atomic<bool> is_ending = false;
  std::thread far_away([&] {
    for (int beat = 0; !is_ending; ++beat) {
      std::fstream(token, std::ios::in | std::ios::out).seekp(20) << static_cast<char>('0' + beat % 10);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  const auto claim = claim_ownership(owners_, "sweep", quick());
  is_ending = true;
  far_away.join();
  EXPECT_EQ(claim.ownership, nullptr);
  EXPECT_FALSE(claim.holder.empty());
}

TEST_F(OwnershipTest, OfManyWhoFollowADeadOneOneSucceeds) {
  make_foreign(dead_token());
  const auto won = folder_.path() / "won";
  const auto lost = folder_.path() / "lost";
  fs::create_directories(won);
  fs::create_directories(lost);
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 8; ++i) {
    children.push_back(std::make_unique<Child>([&] {
      static Claim claim;
      claim = claim_ownership(owners_, "sweep", quick());
      std::ofstream((claim.ownership ? won : lost) / std::to_string(i)) << claim.holder;
    }));
  }
  EXPECT_TRUE(wait_until([&] { return names_of(won).size() + names_of(lost).size() == 8; }));
  EXPECT_EQ(names_of(won).size(), 1U);
}

TEST_F(OwnershipTest, OneWhoWasTakenForDeadNoticesItAndLeavesTheTokenAlone) {
  auto claim = claim_ownership(owners_, "sweep", quick());
  ASSERT_NE(claim.ownership, nullptr);
  const auto successor = owners_ / "sweep.00000002.token";
  std::ofstream(successor) << "beat 00000000000000000009 running \n";
  EXPECT_TRUE(wait_until([&] { return claim.ownership->is_lost(); }));
  EXPECT_FALSE(claim.ownership->is_gone());
  claim.ownership.reset();
  EXPECT_EQ(read_text(successor), "beat 00000000000000000009 running \n");
}

TEST_F(OwnershipTest, AStoppedProcessLosesItAndKnowsWhenItGoesOn) {
  const auto flag = folder_.path() / "lost";
  const Child child([&] {
    static std::unique_ptr<Ownership> ownership = claim_ownership(owners_, "sweep", quick()).ownership;
    while (!ownership->is_lost()) ::usleep(10'000);
    std::ofstream(flag) << "lost";
  });
  ASSERT_TRUE(wait_until([&] { return names_of(owners_).size() == 1; }));
  child.send(SIGSTOP);
  const auto claim = claim_ownership(owners_, "sweep", quick());
  EXPECT_NE(claim.ownership, nullptr);
  EXPECT_FALSE(fs::exists(flag));
  child.send(SIGCONT);
  EXPECT_TRUE(wait_until([&] { return fs::exists(flag); }));
  EXPECT_FALSE(claim.ownership->is_lost());
}

TEST_F(OwnershipTest, GarbageIsADeadToken) {
  fs::create_directories(owners_);
  std::ofstream(owners_ / "sweep.00000041.token") << "\x01\x02 no token";
  std::ofstream(owners_ / "sweep.4.token") << "beat";
  std::ofstream(owners_ / "other files") << "beat";
  const auto claim = claim_ownership(owners_, "sweep", quick());
  ASSERT_NE(claim.ownership, nullptr);
  EXPECT_EQ(claim.ownership->token().filename(), "sweep.00000042.token");
}

TEST_F(OwnershipTest, GenerationsOfNineDigitsAreSeen) {
  fs::create_directories(owners_);
  std::ofstream(owners_ / "sweep.99999999.token") << "garbage";
  auto first = claim_ownership(owners_, "sweep", quick()).ownership;
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->token().filename(), "sweep.100000000.token");
  EXPECT_EQ(names_of(owners_), std::vector<std::string>{"sweep.100000000.token"});
  EXPECT_FALSE(claim_ownership(owners_, "sweep", quick()).holder.empty());
  first.reset();
  const auto second = claim_ownership(owners_, "sweep", quick()).ownership;
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->token().filename(), "sweep.100000001.token");
}

TEST_F(OwnershipTest, OneWhoStalledAfterItsVerdictDoesNotOwnBesideALaterGeneration) {
  const auto dead = dead_token();
  make_foreign(dead);
  auto options = quick();
  std::unique_ptr<Ownership> later;
  // While the token is watched, two others follow it, one after the other; the name of the first is free again.
  options.should_stop = [&] {
    if (later) return false;
    fs::rename(dead, owners_ / "sweep.00000002.token");
    later = claim_ownership(owners_, "sweep", quick()).ownership;
    return false;
  };
  const auto claim = claim_ownership(owners_, "sweep", options);
  ASSERT_NE(later, nullptr);
  EXPECT_EQ(later->token().filename(), "sweep.00000003.token");
  EXPECT_EQ(claim.ownership, nullptr);
  EXPECT_FALSE(claim.holder.empty());
  EXPECT_FALSE(later->is_lost());
  EXPECT_EQ(names_of(owners_), std::vector<std::string>{"sweep.00000003.token"});
}

TEST_F(OwnershipTest, AFolderThatIsRemovedIsNoTakeOver) {
  const auto claim = claim_ownership(owners_, "sweep", quick());
  ASSERT_NE(claim.ownership, nullptr);
  EXPECT_FALSE(claim.ownership->is_gone());
  fs::remove_all(owners_);
  EXPECT_TRUE(wait_until([&] { return claim.ownership->is_lost(); }));
  EXPECT_TRUE(claim.ownership->is_gone());
  EXPECT_FALSE(fs::exists(owners_));
}

TEST_F(OwnershipTest, DeadTokensOfOthersAreClearedAway) {
  static_cast<void>(dead_token("cell.a+b+sample0"));
  const auto claim = claim_ownership(owners_, "sweep", quick());
  EXPECT_TRUE(other_owners(owners_, "sweep", quick()).empty());
  EXPECT_EQ(names_of(owners_), std::vector<std::string>{"sweep.00000001.token"});
}

TEST_F(OwnershipTest, WaitsForAnotherAndTakesTurns) {
  auto first = claim_ownership(owners_, "moments.m", quick()).ownership;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    first.reset();
  });
  int num_waits = 0;
  const auto second = wait_for_ownership(owners_, "moments.m", quick(), [&](const std::string&) { ++num_waits; });
  other.join();
  EXPECT_NE(second, nullptr);
  EXPECT_EQ(num_waits, 1);
}

TEST_F(OwnershipTest, AStopEndsTheWatching) {
  make_foreign(dead_token());
  auto options = quick();
  options.watch_seconds = 3600;
  options.should_stop = [] { return true; };
  const auto claim = claim_ownership(owners_, "sweep", options);
  EXPECT_EQ(claim.ownership, nullptr);
  EXPECT_TRUE(claim.holder.empty());
}

TEST_F(OwnershipTest, ATokenThatIsNamedAndThenFailsIsNoOwners) {
  core::arm_faults("file.unlink:eio:1");
  EXPECT_THROW(claim_ownership(owners_, "sweep", quick()), core::StorageError);
  core::arm_faults("");
  EXPECT_EQ(names_of(owners_), std::vector<std::string>{}) << "it would be watched as one of a process that lives";
  const auto claim = claim_ownership(owners_, "sweep", quick());
  ASSERT_NE(claim.ownership, nullptr);
  EXPECT_EQ(claim.predecessor, "");
}

TEST_F(OwnershipTest, AReadErrorIsNotTakenForNobody) {
  std::ofstream(owners_) << "a file where a folder should be";
  EXPECT_THROW(static_cast<void>(claim_ownership(owners_, "sweep", quick())), core::StorageError);
}

TEST(OwnershipOptions, RefuseAnythingButSeconds) {
  for (const char* text : {"soon", "0", "-3", "5s", ""}) {
    ::setenv("LETHE_OWNER_WATCH_SECONDS", text, 1);
    EXPECT_THROW(static_cast<void>(ownership_options()), core::ConfigError) << text;
  }
  ::setenv("LETHE_OWNER_WATCH_SECONDS", "2.5", 1);
  EXPECT_EQ(ownership_options().watch_seconds, 2.5);
  ::unsetenv("LETHE_OWNER_WATCH_SECONDS");
}

}  // namespace
}  // namespace lethe::ledger
