#include "core/program_output.h"

#include <sys/wait.h>

#include <csignal>

#include <gtest/gtest.h>

namespace lethe::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using End = ProgramOutput::End;

ProgramOutput shell(const std::string& script, milliseconds limit = seconds(30)) {
  return output_of({"/bin/sh", "-c", script}, limit);
}

/// How long `action` takes.
template <typename Action>
milliseconds time_of(const Action& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
}

TEST(ProgramOutput, IsWhatItWroteAndHowItEnded) {
  const auto well = shell("echo a; echo hidden >&2; cat; echo b");
  EXPECT_EQ(well.end, End::kExited);
  EXPECT_EQ(well.wait_status, 0);
  EXPECT_EQ(well.text, "a\nb\n") << "its errors go nowhere, and it reads nothing";
  const auto badly = shell("echo why; exit 9");
  EXPECT_EQ(badly.end, End::kExited);
  EXPECT_EQ(WEXITSTATUS(badly.wait_status), 9);
  EXPECT_EQ(badly.text, "why\n");
  EXPECT_EQ(WTERMSIG(shell("kill -9 $$").wait_status), SIGKILL);
}

TEST(ProgramOutput, OfMoreThanAPipeHoldsIsWhole) { EXPECT_EQ(shell("head -c 500000 /dev/zero").text.size(), 500'000U); }

TEST(ProgramOutput, WhatCannotBeStartedIsSaid) {
  EXPECT_EQ(output_of({"/no/such/program"}, seconds(30)).end, End::kNotStarted);
  EXPECT_EQ(output_of({"/tmp"}, seconds(30)).end, End::kNotStarted);
}

TEST(ProgramOutput, AHangingProgramIsGivenUp) {
  ProgramOutput output;
  const auto taken =
      time_of([&] { output = shell("trap '' TERM INT; echo before; exec sleep 60", milliseconds(300)); });
  EXPECT_EQ(output.end, End::kGivenUp);
  EXPECT_EQ(output.text, "before\n");
  EXPECT_GE(taken, milliseconds(300));
  EXPECT_LT(taken, seconds(30));
}

TEST(ProgramOutput, WhoeverStopsWaitsForNothing) {
  const auto taken = time_of([] {
    EXPECT_EQ(output_of({"/bin/sleep", "60"}, seconds(60), [] { return true; }).end, End::kGivenUp);
  });
  EXPECT_LT(taken, seconds(30));
}

TEST(ProgramOutput, AChildOfItsThatKeepsThePipeIsNotWaitedFor) {
  ProgramOutput output;
  EXPECT_LT(time_of([&] { output = shell("sleep 20 & echo done"); }), seconds(15));
  EXPECT_EQ(output.end, End::kExited);
  EXPECT_EQ(output.text, "done\n");
}

TEST(ProgramOutput, WithoutAnEndIsGivenUp) {
  const auto output = shell("exec cat /dev/zero");
  EXPECT_EQ(output.end, End::kGivenUp);
  EXPECT_LT(output.text.size(), std::size_t{2} << 20);
}

TEST(ProgramOutput, SignalsThatThisProcessIgnoresEndTheProgram) {
  const auto before = std::signal(SIGTERM, SIG_IGN);
  EXPECT_EQ(WTERMSIG(shell("kill $$; sleep 60").wait_status), SIGTERM);
  std::signal(SIGTERM, before);
}

}  // namespace
}  // namespace lethe::core
