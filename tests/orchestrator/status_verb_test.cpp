// `lethe status` on sweeps that run, stop, die and end, over the fake executor.

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "tests/orchestrator/sweep_fixture.h"

namespace lethe::orchestrator {
namespace {

using testing::SweepTest;

class StatusVerb : public SweepTest {};

TEST_F(StatusVerb, TellsTheTruthAtAnyTime) {
  EXPECT_EQ(run(sweep_command(0)), 0) << output();
  EXPECT_EQ(run({LETHE_PROGRAM, "status", out_.string()}), 0);
  EXPECT_NE(output().find("COMPLETE"), std::string::npos) << output();
  EXPECT_NE(output().find("rome/small/sample0"), std::string::npos);
  EXPECT_NE(output().find("60/60"), std::string::npos);
  EXPECT_NE(output().find("4 of 4 cells done"), std::string::npos) << output();
  EXPECT_EQ(run({LETHE_PROGRAM, "status", (folder_.path() / "nothing").string()}), 1);
}

TEST_F(StatusVerb, TellsARunningAStoppedADeadAndACompleteSweepApart) {
  const std::vector<std::string> look{LETHE_PROGRAM, "status", out_.string(), "--json"};
  const auto told = [&](const std::string& key_and_value) {
    EXPECT_EQ(run(look), 0) << output();
    return output().find(key_and_value) != std::string::npos;
  };
  const auto stopped = start_held(sweep_command(0, {"--ranks", "2"}));
  EXPECT_TRUE(wait_for_text(out_ / "status.json", "\"running\"", std::chrono::seconds(20)));
  EXPECT_TRUE(told("\"phase\":\"running\"")) << output();
  EXPECT_TRUE(told("\"life\":\"alive\"")) << output();
  EXPECT_TRUE(told("\"pid\":" + std::to_string(stopped))) << output();
  ::kill(stopped, SIGUSR1);
  EXPECT_EQ(wait_for(stopped), 75);
  EXPECT_TRUE(told("\"phase\":\"stopped\"")) << output();
  EXPECT_TRUE(told("\"stopped\":\"signal 10\"")) << output();
  EXPECT_TRUE(told("\"eta_seconds\":null")) << output();

  const auto killed = start(sweep_command(0, {"--ranks", "2"}));
  EXPECT_TRUE(wait_for_text(out_ / "status.json", "\"pid\": " + std::to_string(killed), std::chrono::seconds(60)));
  EXPECT_TRUE(told("\"phase\":\"running\"")) << output();
  ::kill(killed, SIGKILL);
  wait_for(killed);
  EXPECT_TRUE(told("\"phase\":\"dead\"")) << output();
  EXPECT_TRUE(told("\"pid\":" + std::to_string(killed))) << output();
  EXPECT_EQ(state(), "INCOMPLETE") << "which tells the two apart in nothing";
  EXPECT_EQ(run({LETHE_PROGRAM, "status", "--watch", out_.string()}), 0) << "nothing moves here: it ends";
  EXPECT_NE(output().find("dead: process " + std::to_string(killed)), std::string::npos) << output();

  open_gate();
  EXPECT_EQ(run(sweep_command(0)), 0) << output();
  EXPECT_TRUE(told("\"phase\":\"complete\"")) << output();
}

TEST_F(StatusVerb, WatchingASweepEndsWithIt) {
  const auto child = start_held(sweep_command(0, {"--ranks", "2"}));
  std::thread opener([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    open_gate();
  });
  const auto watching = folder_.path() / "watched";
  const auto command = "\"" LETHE_PROGRAM "\" status --watch 0.2 " + out_.string() + " --json > " + watching.string();
  EXPECT_EQ(std::system(command.c_str()), 0);
  opener.join();
  EXPECT_EQ(wait_for(child), 0);
  const auto told = test::read_text(watching);
  EXPECT_EQ(told.find("\"phase\":\"running\""), told.find("\"phase\"")) << told;
  EXPECT_NE(told.rfind("\"phase\":\"complete\""), std::string::npos) << told;
  for (const char* wrong : {"0", "-1", "soon"}) {
    EXPECT_EQ(run({LETHE_PROGRAM, "status", out_.string(), std::string("--watch=") + wrong}), 2) << output();
  }
}

TEST_F(StatusVerb, SaysThatACoordinatorOfThisHostStandsStill) {
  const auto child = start_held(sweep_command(0, {"--ranks", "2"}));
  environment_["LETHE_OWNER_WATCH_SECONDS"] = "2.5";  // the beat comes once a second
  EXPECT_EQ(run({LETHE_PROGRAM, "status", out_.string()}), 0);
  EXPECT_EQ(output().find("stands still"), std::string::npos) << output();
  ::kill(child, SIGSTOP);
  std::this_thread::sleep_for(std::chrono::seconds(3));
  EXPECT_EQ(run({LETHE_PROGRAM, "status", out_.string()}), 0);
  EXPECT_NE(output().find("running: process " + std::to_string(child)), std::string::npos) << output();
  EXPECT_NE(output().find("its process runs on this host, its beat stands still: stopped or hung"), std::string::npos)
      << output();
  EXPECT_EQ(run({LETHE_PROGRAM, "status", "--json", out_.string()}), 0);
  EXPECT_NE(output().find("\"is_beat_still\":true"), std::string::npos) << output();
  ::kill(child, SIGCONT);
  open_gate();
  EXPECT_EQ(wait_for(child), 0) << output();
}

}  // namespace
}  // namespace lethe::orchestrator
