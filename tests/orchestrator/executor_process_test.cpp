#include "orchestrator/process/executor_process.h"

#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace lethe::orchestrator {
namespace {

class ExecutorProcessTest : public ::testing::Test {
 protected:
  // As a sweep does: a pipe whose reader is gone is an error, not a death.
  ExecutorProcessTest() { std::signal(SIGPIPE, SIG_IGN); }

  /// An executor that is a shell script; its descriptor 3 takes events.
  ExecutorProcess make(const std::string& script) {
    return ExecutorProcess(zygote_, clock_, {{"/bin/sh", "-c", script}, {{"NAME", "value"}}, 1, 0.2},
                           folder_.path() / "logs" / "rank-0.log");
  }
  /// Next report, waiting for it.
  static ExecutorReport next(ExecutorProcess& executor) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
      if (auto report = executor.poll()) return *report;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ADD_FAILURE() << "no report";
    return ExecutorExited{-1};
  }

  Zygote zygote_;
  SteadyClock clock_;
  test::TemporaryFolder folder_;
};

TEST_F(ExecutorProcessTest, CommandsGoDownAndEventsComeUp) {
  auto executor = make(R"(while read line; do echo '{"event": "done"}' >&3; done)");
  executor.start();
  const auto done = core::to_json(core::Event(core::DoneEvent{}));
  ASSERT_FALSE(done.empty());
  auto echo = make("read line; echo '" + done + "' >&3");
  echo.start();
  echo.send(core::StopCommand{});
  const auto report = next(echo);
  ASSERT_TRUE(std::holds_alternative<core::Event>(report));
  EXPECT_TRUE(std::holds_alternative<core::DoneEvent>(std::get<core::Event>(report)));
  EXPECT_TRUE(std::holds_alternative<ExecutorExited>(next(echo)));
  EXPECT_FALSE(echo.is_alive());
}

TEST_F(ExecutorProcessTest, EverythingSaidBeforeTheDeathComesBeforeTheExit) {
  const auto event = core::to_json(core::Event(core::ProgressEvent{"edit", 1, 2, 0.5}));
  auto executor = make("for i in 1 2 3 4 5; do echo '" + event + "' >&3; done; kill -KILL $$");
  executor.start();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(std::holds_alternative<core::Event>(next(executor)));
  const auto exited = next(executor);
  ASSERT_TRUE(std::holds_alternative<ExecutorExited>(exited));
  EXPECT_TRUE(WIFSIGNALED(std::get<ExecutorExited>(exited).wait_status));
}

TEST_F(ExecutorProcessTest, GarbageIsReportedAsSuch) {
  auto executor = make("echo 'Segmentation violation in thread 3' >&3; read line");
  executor.start();
  EXPECT_TRUE(std::holds_alternative<ExecutorGarbage>(next(executor)));
}

TEST_F(ExecutorProcessTest, AnEventOfAnotherBuildIsToldWithTheRemedy) {
  auto executor = make(R"(echo '{"event": "finished"}' >&3; read line)");
  executor.start();
  const auto report = next(executor);
  ASSERT_TRUE(std::holds_alternative<ExecutorGarbage>(report));
  const auto& garbage = std::get<ExecutorGarbage>(report);
  EXPECT_EQ(garbage.failure, core::FailureClass::kConfig);
  EXPECT_NE(garbage.reason.find("\"finished\""), std::string::npos) << garbage.reason;
  EXPECT_NE(garbage.reason.find("install both from one"), std::string::npos) << garbage.reason;
}

TEST_F(ExecutorProcessTest, AnEndlessLineIsGarbageNotMemory) {
  auto executor = make("yes | tr -d '\\n' | head -c 3000000 >&3; read line");
  executor.start();
  EXPECT_TRUE(std::holds_alternative<ExecutorGarbage>(next(executor)));
}

TEST_F(ExecutorProcessTest, OutputGoesToTheLogAndItsTailIsAtHand) {
  auto executor = make("echo before; read line; for i in 1 2 3; do echo line $i; done; echo wrong >&2; exit 1");
  executor.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  executor.mark_log();
  executor.send(core::StopCommand{});
  next(executor);
  const auto tail = executor.log_tail();
  EXPECT_NE(tail.find("line 3\nwrong"), std::string::npos) << tail;
  EXPECT_EQ(tail.find("before"), std::string::npos) << tail;
}

TEST_F(ExecutorProcessTest, OneThatListensLeavesWhenItsInputEnds) {
  auto executor = make("read line; exit 3");
  executor.start();
  executor.kill();
  const auto exited = next(executor);
  EXPECT_EQ(describe_exit(std::get<ExecutorExited>(exited).wait_status), "exit status 3");
}

TEST_F(ExecutorProcessTest, OneThatHangsIsKilledAfterTheGraceTime) {
  auto executor = make("sleep 1000");
  executor.start();
  const auto start = std::chrono::steady_clock::now();
  executor.kill();
  const auto exited = next(executor);
  EXPECT_NE(describe_exit(std::get<ExecutorExited>(exited).wait_status).find("signal 9"), std::string::npos);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(200));
}

TEST_F(ExecutorProcessTest, CanBeStartedAgain) {
  auto executor = make("exit 4");
  for (int i = 0; i < 3; ++i) {
    executor.start();
    EXPECT_TRUE(executor.is_alive());
    EXPECT_EQ(describe_exit(std::get<ExecutorExited>(next(executor)).wait_status), "exit status 4");
    EXPECT_FALSE(executor.is_alive());
    executor.send(core::StopCommand{});  // to nobody: dropped
  }
}

TEST_F(ExecutorProcessTest, ACommandToADyingExecutorIsNoError) {
  auto executor = make("exec 0<&-; sleep 0.2; exit 6");
  executor.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  executor.send(core::StopCommand{});
  EXPECT_EQ(describe_exit(std::get<ExecutorExited>(next(executor)).wait_status), "exit status 6");
}

}  // namespace
}  // namespace lethe::orchestrator
