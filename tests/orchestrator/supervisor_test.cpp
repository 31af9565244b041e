#include "orchestrator/supervisor.h"

#include <csignal>
#include <deque>

#include <gtest/gtest.h>

#include "comm/in_process_channel.h"
#include "core/error.h"
#include "tests/orchestrator/fakes.h"

namespace lethe::orchestrator {
namespace {

/// An executor whose reports the test writes.
class ScriptedExecutor final : public Executor {
 public:
  struct Script {
    std::deque<ExecutorReport> reports;
    std::vector<core::Command> commands;
    int num_starts = 0;
    int num_kills = 0;
    bool is_alive = false;
    bool cannot_start = false;
    bool cannot_start_now = false;
  };
  explicit ScriptedExecutor(Script& script) : script_(script) {}

  void start() override {
    if (script_.cannot_start) throw UnusableProgram("lethe-executor: Permission denied");
    if (script_.cannot_start_now) throw core::CommError("lethe-executor: Resource temporarily unavailable");
    ++script_.num_starts;
    script_.is_alive = true;
  }
  [[nodiscard]] bool is_alive() const override { return script_.is_alive; }
  void send(const core::Command& command) override { script_.commands.push_back(command); }
  std::optional<ExecutorReport> poll() override {
    if (script_.reports.empty()) return std::nullopt;
    auto report = script_.reports.front();
    script_.reports.pop_front();
    if (std::holds_alternative<ExecutorExited>(report)) script_.is_alive = false;
    return report;
  }
  void kill() override {
    ++script_.num_kills;
    script_.reports.emplace_back(ExecutorExited{SIGKILL});
  }
  void mark_log() override {}
  [[nodiscard]] std::string log_tail() const override { return "the last words"; }
  void log(const std::string& /*text*/) override {}

 private:
  Script& script_;
};

class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() {
    options_.build = "b";
    options_.hang_floor_seconds = 10.0;
  }

  /// A supervisor that has been welcomed; the executor is ready.
  Supervisor& ready() {
    create();
    supervisor_->on_message(to_message(Welcome{"/out", "/out/experiment.json", "cpu", 1, 1}));
    script_.reports.emplace_back(core::Event(core::ReadyEvent{1, "cpu"}));
    supervisor_->step();
    return *supervisor_;
  }
  void create() {
    supervisor_.emplace(
        *channels_[0], clock_, [this](const Welcome&) { return std::make_unique<ScriptedExecutor>(script_); },
        options_);
    ASSERT_EQ(channels_[0]->poll()->message.type, comm::MessageType::kHello);
  }
  void assign(std::uint64_t epoch) { supervisor_->on_message(to_message(Assignment{task_, 0.01}, epoch)); }
  void say(const core::Event& event) {
    script_.reports.emplace_back(event);
    supervisor_->step();
  }
  /// Next event that the coordinator gets, and its epoch.
  std::optional<std::pair<core::Event, std::uint64_t>> next_event() {
    while (const auto received = channels_[0]->poll()) {
      if (received->message.type != comm::MessageType::kEvent) continue;
      return std::pair(core::event_from_json(received->message.payload), received->message.epoch);
    }
    return std::nullopt;
  }
  core::FailedEvent expect_failure(core::FailureClass failure) {
    const auto event = next_event();
    EXPECT_TRUE(event && std::holds_alternative<core::FailedEvent>(event->first));
    if (!event || !std::holds_alternative<core::FailedEvent>(event->first)) return {};
    auto failed = std::get<core::FailedEvent>(event->first);
    EXPECT_EQ(core::to_string(failed.failure), core::to_string(failure));
    return failed;
  }

  std::vector<std::unique_ptr<comm::Channel>> channels_ = comm::connect_in_process(1);
  testing::FakeClock clock_;
  SupervisorOptions options_;
  ScriptedExecutor::Script script_;
  std::optional<Supervisor> supervisor_;
  core::Task task_ = core::EditTask{{"rome", "m", 0}, 60};
};

TEST_F(SupervisorTest, ATaskWaitsUntilTheExecutorIsReady) {
  create();
  supervisor_->on_message(to_message(Welcome{"/out", "/out/experiment.json", "cpu", 1, 1}));
  EXPECT_EQ(script_.num_starts, 1);
  assign(5);
  EXPECT_TRUE(script_.commands.empty());
  say(core::ReadyEvent{1, "cpu"});
  ASSERT_EQ(script_.commands.size(), 1U);
  EXPECT_EQ(std::get<core::RunCommand>(script_.commands[0]).task, task_);
}

TEST_F(SupervisorTest, EventsAreForwardedUnderTheAssignmentsEpoch) {
  ready();
  assign(7);
  say(core::CommittedEvent{"f", 10});
  say(core::DoneEvent{});
  const auto committed = next_event();
  ASSERT_TRUE(committed.has_value());
  EXPECT_EQ(std::get<core::CommittedEvent>(committed->first).edits, 10);
  EXPECT_EQ(committed->second, 7U);
  EXPECT_TRUE(std::holds_alternative<core::DoneEvent>(next_event()->first));
}

TEST_F(SupervisorTest, ProgressIsThinnedOutAndAveraged) {
  ready();
  assign(1);
  for (int i = 1; i <= 100; ++i) {
    say(core::ProgressEvent{"edit", i, 100, i % 2 == 0 ? 0.01 : 0.03});
    clock_.now += 0.01;
  }
  say(core::DoneEvent{});
  int num_progress = 0;
  std::int64_t last = 0;
  while (const auto event = next_event()) {
    if (const auto* progress = std::get_if<core::ProgressEvent>(&event->first)) {
      ++num_progress;
      last = progress->done;
      if (num_progress > 1) {
        EXPECT_NEAR(progress->seconds, 0.02, 0.001);
      }
    }
  }
  EXPECT_LE(num_progress, 5);
  EXPECT_EQ(last, 100) << "the last progress comes before the end";
}

TEST_F(SupervisorTest, ADeathIsReportedWithTheLastWordsAndTheNextTaskStartsAnew) {
  ready();
  assign(1);
  script_.reports.emplace_back(ExecutorExited{SIGSEGV});
  supervisor_->step();
  const auto failed = expect_failure(core::FailureClass::kCrash);
  EXPECT_NE(failed.reason.find("signal 11"), std::string::npos) << failed.reason;
  EXPECT_NE(failed.reason.find("the last words"), std::string::npos);
  assign(2);
  EXPECT_EQ(script_.num_starts, 2);
  say(core::ReadyEvent{2, "cpu"});
  EXPECT_EQ(script_.commands.size(), 2U);
}

TEST_F(SupervisorTest, GarbageEndsTheExecutorAndFailsTheTask) {
  ready();
  assign(1);
  script_.reports.emplace_back(ExecutorGarbage{"no JSON"});
  supervisor_->step();
  EXPECT_EQ(script_.num_kills, 1);
  EXPECT_NE(expect_failure(core::FailureClass::kCrash).reason.find("no JSON"), std::string::npos);
}

TEST_F(SupervisorTest, AnExecutorThatLeavesSaysWhyOfItsTaskAndOfTheOneThatComesTooLate) {
  ready();
  assign(1);
  say(core::LeavingEvent{core::FailureClass::kConfig, "a command is refused"});
  const auto failed = expect_failure(core::FailureClass::kConfig);
  EXPECT_EQ(failed.reason.substr(0, failed.reason.find(';')), "the executor leaves: a command is refused");
  ready();
  say(core::LeavingEvent{core::FailureClass::kConfig, "a command is refused"});
  EXPECT_EQ(next_event(), std::nullopt) << "there is no task that failed";
}

TEST_F(SupervisorTest, AnEventOfAnotherBuildIsNoCrash) {
  ready();
  assign(1);
  script_.reports.emplace_back(ExecutorGarbage{"event: more: unknown key", core::FailureClass::kConfig});
  supervisor_->step();
  expect_failure(core::FailureClass::kConfig);
}

TEST_F(SupervisorTest, AnEndWithStatusZeroInMidTaskIsNoSuccess) {
  ready();
  assign(1);
  script_.reports.emplace_back(ExecutorExited{0});
  supervisor_->step();
  const auto failed = expect_failure(core::FailureClass::kCrash);
  EXPECT_NE(failed.reason.find("before its task was done"), std::string::npos) << failed.reason;
}

TEST_F(SupervisorTest, NoProgressIsAHangAndProgressIsNone) {
  ready();
  assign(1);
  say(core::ProgressEvent{"edit", 1, 60, 0.01});
  for (int i = 0; i < 20; ++i) {
    clock_.now += 9.0;
    say(core::ProgressEvent{"edit", i + 2, 60, 0.01});
  }
  EXPECT_EQ(script_.num_kills, 0);
  clock_.now += 10.5;
  supervisor_->step();
  EXPECT_EQ(script_.num_kills, 1);
  supervisor_->step();
  while (const auto event = next_event()) {
    if (const auto* failed = std::get_if<core::FailedEvent>(&event->first)) {
      EXPECT_EQ(failed->failure, core::FailureClass::kHang);
      EXPECT_NE(failed->reason.find("no progress"), std::string::npos);
      return;
    }
  }
  FAIL() << "the hang was not reported";
}

TEST_F(SupervisorTest, AnExecutorThatCannotBeStartedFailsTheTaskWithoutRetry) {
  script_.cannot_start = true;
  create();
  supervisor_->on_message(to_message(Welcome{"/out", "/out/experiment.json", "cpu", 1, 1}));
  assign(1);
  EXPECT_NE(expect_failure(core::FailureClass::kConfig).reason.find("Permission denied"), std::string::npos);
}

TEST_F(SupervisorTest, ASystemThatRefusesAProcessForNowIsAskedAgain) {
  script_.cannot_start_now = true;
  create();
  supervisor_->on_message(to_message(Welcome{"/out", "/out/experiment.json", "cpu", 1, 1}));
  assign(1);
  expect_failure(core::FailureClass::kInfrastructure);
  script_.cannot_start_now = false;
  assign(2);
  EXPECT_EQ(script_.num_starts, 1);
}

TEST_F(SupervisorTest, AStopIsPassedOnAndAnsweredEvenIfTheExecutorJustLeaves) {
  ready();
  assign(3);
  supervisor_->on_message(empty_message(comm::MessageType::kStop));
  ASSERT_EQ(script_.commands.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<core::StopCommand>(script_.commands[1]));
  EXPECT_TRUE(std::holds_alternative<core::QuitCommand>(script_.commands[2]));
  script_.reports.emplace_back(ExecutorExited{0});
  supervisor_->step();
  EXPECT_TRUE(std::holds_alternative<core::StoppedEvent>(next_event()->first));
}

TEST_F(SupervisorTest, ATaskThatTheExecutorHasNotGotIsStoppedAtOnce) {
  create();
  supervisor_->on_message(to_message(Welcome{"/out", "/out/experiment.json", "cpu", 1, 1}));
  assign(3);
  supervisor_->on_message(empty_message(comm::MessageType::kStop));
  EXPECT_TRUE(std::holds_alternative<core::StoppedEvent>(next_event()->first));
  say(core::ReadyEvent{1, "cpu"});
  EXPECT_TRUE(script_.commands.empty());
}

TEST_F(SupervisorTest, OneTaskIsStoppedAloneAndTheExecutorTakesTheNext) {
  ready();
  assign(3);
  supervisor_->on_message(empty_message(comm::MessageType::kStopTask, 2));
  EXPECT_EQ(script_.commands.size(), 1U) << "of an assignment that has ended";
  supervisor_->on_message(empty_message(comm::MessageType::kStopTask, 3));
  ASSERT_EQ(script_.commands.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<core::StopCommand>(script_.commands[1]));
  say(core::StoppedEvent{7});
  EXPECT_EQ(next_event()->second, 3U);
  assign(4);
  ASSERT_EQ(script_.commands.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<core::RunCommand>(script_.commands[2]));
  // An executor that dies while it is to stop one task has died all the same.
  supervisor_->on_message(empty_message(comm::MessageType::kStopTask, 4));
  script_.reports.emplace_back(ExecutorExited{SIGSEGV});
  supervisor_->step();
  expect_failure(core::FailureClass::kCrash);
}

TEST_F(SupervisorTest, ByeFollowsTheExecutorsEnd) {
  ready();
  supervisor_->on_message(to_message(Quit{75}));
  supervisor_->step();
  EXPECT_FALSE(supervisor_->is_finished());
  script_.reports.emplace_back(ExecutorExited{0});
  supervisor_->step();
  EXPECT_TRUE(supervisor_->is_finished());
  EXPECT_EQ(supervisor_->exit_code(), 75);
  EXPECT_EQ(channels_[0]->poll()->message.type, comm::MessageType::kBye);
}

TEST_F(SupervisorTest, AnExecutorThatDoesNotLeaveIsKilled) {
  ready();
  supervisor_->on_message(to_message(Quit{0}));
  clock_.now += options_.quit_grace_seconds + 1.0;
  supervisor_->step();
  EXPECT_EQ(script_.num_kills, 1);
  supervisor_->step();
  EXPECT_TRUE(supervisor_->is_finished());
}

TEST_F(SupervisorTest, RefusesWhatIsNotForARank) {
  ready();
  EXPECT_THROW(supervisor_->on_message(empty_message(comm::MessageType::kBye)), core::CommError);
  assign(1);
  EXPECT_THROW(assign(2), core::CommError);
  EXPECT_THROW(supervisor_->on_message({comm::MessageType::kAssign, 0, 0, "{}"}), core::CommError);
}

}  // namespace
}  // namespace lethe::orchestrator
