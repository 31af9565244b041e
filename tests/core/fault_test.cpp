#include "core/fault.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace lethe::core {
namespace {

class Fault : public testing::Test {
 protected:
  ~Fault() override { arm_faults(""); }

  /// Bytes that a write of `num_bytes` takes.
  static ssize_t written(std::size_t num_bytes) {
    return write_at("file.write", num_bytes, [](std::size_t size) { return static_cast<ssize_t>(size); });
  }
};

TEST_F(Fault, NothingHappensWhereNoneIsAskedFor) {
  ::unsetenv("LETHE_FAULT");
  arm_faults_from_environment();
  fault_point("edit.step");
  EXPECT_FALSE(fails_at("file.sync"));
  EXPECT_EQ(written(10), 10);
  EXPECT_FALSE(detail::are_faults_armed);
}

TEST_F(Fault, ACallFailsAtItsVisitAndAtNoOther) {
  arm_faults("file.sync:eio:2,file.sync:enospc:4");
  EXPECT_FALSE(fails_at("file.sync"));
  EXPECT_TRUE(fails_at("file.sync"));
  EXPECT_EQ(errno, EIO);
  EXPECT_FALSE(fails_at("file.create")) << "another site";
  EXPECT_FALSE(fails_at("file.sync"));
  EXPECT_TRUE(fails_at("file.sync"));
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_FALSE(fails_at("file.sync"));
}

TEST_F(Fault, APlusMeansEveryLaterVisitToo) {
  arm_faults("file.sync:eio:2+");
  EXPECT_FALSE(fails_at("file.sync"));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(fails_at("file.sync"));
}

TEST_F(Fault, AWriteTakesHalfOrFails) {
  arm_faults("file.write:short:1+,file.write:enospc:3");
  EXPECT_EQ(written(10), 5);
  EXPECT_EQ(written(1), 1) << "never nothing, or a loop would not end";
  EXPECT_EQ(written(10), 5) << "the first one listed";
  arm_faults("file.write:enospc:2,file.write:edquot:3");
  EXPECT_EQ(written(10), 10);
  EXPECT_EQ(written(10), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(written(10), -1);
  EXPECT_EQ(errno, EDQUOT);
}

TEST_F(Fault, ADelayPassesByItself) {
  arm_faults("edit.step:delay:1");
  const auto start = std::chrono::steady_clock::now();
  fault_point("edit.step");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST_F(Fault, AStoppedProcessGoesOnWhenItIsTold) {
  const auto child = ::fork();
  if (child == 0) {
    arm_faults("edit.step:stop:1");
    fault_point("edit.step");
    ::_exit(5);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
  EXPECT_TRUE(WIFSTOPPED(status));
  ::kill(child, SIGCONT);
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 5);
}

using FaultDeathTest = Fault;

TEST_F(FaultDeathTest, EndsTheProcessAndSaysSoBefore) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto at_second_visit = [](const char* fault) {
    arm_faults(fault);
    fault_point("edit.step");
    fault_point("edit.step");
  };
  EXPECT_EXIT(at_second_visit("edit.step:exit:2"), testing::ExitedWithCode(kFaultExit),
              "LETHE_FAULT: edit.step:exit:2 strikes in process [0-9]+");
  EXPECT_EXIT(at_second_visit("edit.step:kill:2"), testing::KilledBySignal(SIGKILL), "edit.step:kill:2 strikes");
  EXPECT_EXIT(at_second_visit("edit.step:segv:2"), testing::KilledBySignal(SIGSEGV), "edit.step:segv:2 strikes");
}

TEST_F(Fault, WhatIsUnknownIsRefusedWithAllThatIsKnown) {
  const auto refused = [](const std::string& text, const std::string& words) {
    EXPECT_THAT([&] { arm_faults(text); }, testing::ThrowsMessage<ConfigError>(testing::HasSubstr(words))) << text;
  };
  for (const char* text : {"edit.stop:kill:1", "kill", ":", "?"}) {
    refused(text,
            "expected <site>:<action>:<number>, with one of the sites and its actions\n  folder.create: exit, kill");
    refused(text, "\n  edit.step: exit, kill, segv, stop, delay\n");
    refused(text, "\n  file.write: exit, kill, segv, stop, delay, enospc, edquot, eio, short\n");
  }
  refused("edit.step:burn:1", "\"edit.step:burn:1\": edit.step takes the actions exit, kill, segv, stop, delay");
  refused("edit.step:eio:1", "edit.step takes the actions exit, kill, segv, stop, delay");
  refused("file.sync:short:1", "file.sync takes the actions exit, kill, segv, stop, delay, enospc, edquot, eio");
  refused("edit.step", "edit.step takes the actions");
  for (const char* number : {"", "0", "-1", "1.5", "one", "1++", "+", " 1", "99999999999999999999"}) {
    refused(std::string("edit.step:kill:") + number, "expected a number from 1 on");
  }
  refused("edit.step:kill", "expected a number from 1 on");
  refused("edit.step:kill:1,", "expected a fault after the comma");
  refused("edit.step:kill:1,,edit.step:exit:1", "expected <site>:<action>:<number>");
  EXPECT_FALSE(detail::are_faults_armed) << "nothing is armed by half";
}

}  // namespace
}  // namespace lethe::core
