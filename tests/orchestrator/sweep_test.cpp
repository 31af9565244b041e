// The program `lethe` with the fake executor: everything of a sweep but the models.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "core/config/experiment_config.h"
#include "core/config/schedule.h"
#include "editing/methods/catalogue.h"
#include "ledger/ownership.h"
#include "ledger/process_name.h"
#include "ledger/sweep_folder.h"
#include "orchestrator/display/sweep_look.h"
#include "orchestrator/scheduling/ledger_view.h"
#include "tests/orchestrator/small_experiment.h"
#include "tests/orchestrator/sweep_fixture.h"
#include "tests/support/temporary_folder.h"

namespace lethe::orchestrator {
namespace {

namespace fs = std::filesystem;
using testing::SweepTest;

TEST_F(SweepTest, RunsWithoutMpiAndASecondStartFindsEverythingDone) {
  EXPECT_EQ(run(sweep_command(0)), 0) << output();
  expect_complete();
  const auto num_events = test::read_text(out_ / "events.jsonl").size();
  EXPECT_EQ(run(sweep_command(0)), 0) << output();
  EXPECT_EQ(test::read_text(out_ / "events.jsonl").substr(num_events).find("assign"), std::string::npos);
}

TEST_F(SweepTest, RunsSeveralExecutorsUnderOneProcess) {
  EXPECT_EQ(run(sweep_command(0, {"--ranks", "3"})), 0) << output();
  expect_complete();
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_NE(test::read_text(out_ / "logs" / ("rank-" + std::to_string(rank) + ".log")).find("fake executor runs"),
              std::string::npos);
  }
}

class SweepRanks : public SweepTest, public ::testing::WithParamInterface<int> {};

TEST_P(SweepRanks, RunsUnderMpi) {
  EXPECT_EQ(run(sweep_command(GetParam())), 0) << output();
  expect_complete();
}

INSTANTIATE_TEST_SUITE_P(Mpi, SweepRanks, ::testing::Values(1, 2, 4, 8));

TEST_F(SweepTest, GrowingTheGridContinues) {
  write_config(30);
  EXPECT_EQ(run(sweep_command(0, {"--ranks", "2"})), 0) << output();
  expect_complete(30);
  write_config(60);
  EXPECT_EQ(run(sweep_command(0, {"--ranks", "2"})), 0) << output();
  expect_complete(60, {{30, core::ReductionPart::kScores}});  // due after the last edit, once
}

TEST_F(SweepTest, CrashesGarbageAndExitsAreRetried) {
  environment_["LETHE_FAKE_FAULTS"] =
      "segv@rome/small/sample0@25;exit@rome/small/sample1@7;garbage@ft-c/small/sample0@33;segv@ft-c/small/sample1@60";
  EXPECT_EQ(run(sweep_command(2)), 0) << output();
  expect_complete();
  const auto events = test::read_text(out_ / "events.jsonl");
  for (const char* words : {"signal 11", "exit status 17", "what is no event", "about to strike"}) {
    EXPECT_NE(events.find(words), std::string::npos) << words;
  }
}

TEST_F(SweepTest, AHangIsEndedAndRetried) {
  environment_["LETHE_FAKE_FAULTS"] = "hang@rome/small/sample0@25";
  environment_["LETHE_HANG_SECONDS"] = "2";
  EXPECT_EQ(run(sweep_command(0, {"--ranks", "2"})), 0) << output();
  expect_complete();
  EXPECT_NE(test::read_text(out_ / "events.jsonl").find("\"hang\""), std::string::npos);
}

TEST_F(SweepTest, APoisonedCellFailsAloneWithItsLastLines) {
  environment_["LETHE_FAKE_FAULTS"] = "!segv@rome/small/sample1@15;!data@ft-c/small/sample0@5";
  EXPECT_EQ(run(sweep_command(2)), 1) << output();
  EXPECT_EQ(state(), "POISONED");
  const auto rows = read_cell_status(ledger::SweepFolder(out_), editing::catalogue());
  ASSERT_EQ(rows.size(), 4U);
  for (const auto& row : rows) {
    if (row.cell.name() == "rome/small/sample1") {
      EXPECT_EQ(row.progress.edits_done, 10);
      EXPECT_EQ(row.progress.reductions_done(), 1) << "what is committed is still reduced";
      EXPECT_NE(row.failure.find("about to strike"), std::string::npos) << row.failure;
    } else if (row.cell.name() == "ft-c/small/sample0") {
      EXPECT_NE(row.failure.find("a record is malformed"), std::string::npos) << row.failure;
    } else {
      EXPECT_EQ(row.progress.edits_done, 60) << row.cell.name();
      EXPECT_TRUE(row.failure.empty());
    }
  }
  // The cause is gone: the same command finishes the rest.
  environment_.erase("LETHE_FAKE_FAULTS");
  EXPECT_EQ(run(sweep_command(2)), 0) << output();
  expect_complete();
}

TEST_F(SweepTest, WhatTheSystemRefusesForAMomentAtTheStartIsTriedAgain) {
  environment_["LETHE_FAULT"] = "folder.list:eio:3,file.link:eio:1";
  EXPECT_EQ(run(sweep_command(0)), 0) << output();
  EXPECT_NE(output().find("; trying again"), std::string::npos) << output();
  environment_.erase("LETHE_FAULT");
  expect_complete();
}

TEST_F(SweepTest, WhatTheSystemGoesOnRefusingAtTheStartStopsTheSweepInOrder) {
  for (const char* fault : {"folder.list:eio:3+", "executor.fork:eio:1+"}) {
    environment_["LETHE_FAULT"] = fault;
    EXPECT_EQ(run(sweep_command(0)), 75) << output();
    EXPECT_EQ(state(), "INCOMPLETE") << fault;
    EXPECT_NE(output().find("run again"), std::string::npos) << output();
  }
  environment_.erase("LETHE_FAULT");
  EXPECT_EQ(run(sweep_command(0)), 0) << output();
  expect_complete();
}

class StoppedSweep : public SweepTest, public ::testing::WithParamInterface<int> {};

TEST_P(StoppedSweep, CommitsLeavesAndGoesOn) {
  const auto child = start_held(sweep_command(0, {"--ranks", "2"}));
  ::kill(child, GetParam());
  EXPECT_EQ(wait_for(child), 75) << output();
  EXPECT_EQ(state(), "INCOMPLETE");
  EXPECT_NE(test::read_text(out_ / "events.jsonl").find("\"stopped\""), std::string::npos);
  open_gate();
  EXPECT_EQ(run(sweep_command(0)), 0) << output();
  expect_complete();
}

INSTANTIATE_TEST_SUITE_P(Signals, StoppedSweep, ::testing::Values(SIGTERM, SIGUSR1, SIGINT));

TEST_F(SweepTest, MpirunForwardsUserSignalsAndTheSweepStopsInOrder) {
  const auto child = start_held(sweep_command(3));
  ::kill(child, SIGUSR1);
  EXPECT_EQ(wait_for(child), 75) << output();
  EXPECT_EQ(state(), "INCOMPLETE");
  open_gate();
  EXPECT_EQ(run(sweep_command(2)), 0) << output();
  expect_complete();
}

TEST_F(SweepTest, KillingMpirunLeavesNoExecutorBehindAndTheNextStartGoesOn) {
  const auto child = start_held(sweep_command(3));
  ::kill(child, SIGKILL);
  wait_for(child);
  const auto is_any_left = [&] {
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const auto command_line = test::read_text(entry.path() / "cmdline");
      if (command_line.find(out_.string()) != std::string::npos) return true;
    }
    return false;
  };
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (is_any_left() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_FALSE(is_any_left());
  EXPECT_EQ(state(), "INCOMPLETE");
  open_gate();
  EXPECT_EQ(run(sweep_command(3)), 0) << output();
  expect_complete();
}

TEST_F(SweepTest, ASecondSweepInTheSameFolderIsRefusedAndHarmsNothing) {
  const auto first = start_held(sweep_command(2));
  EXPECT_EQ(run(sweep_command(0)), 69);
  EXPECT_NE(output().find("another sweep is running in this folder (process "), std::string::npos) << output();
  EXPECT_EQ(state(), "INCOMPLETE");
  EXPECT_EQ(run(sweep_command(3)), 69) << "under mpirun too";
  open_gate();
  EXPECT_EQ(wait_for(first), 0);
  expect_complete();
}

TEST_F(SweepTest, AWrongConfigLeavesTheStateOfARunningSweepAlone) {
  const auto first = start_held(sweep_command(2));
  const auto wrong = folder_.path() / "wrong.yaml";
  std::ofstream(wrong) << test::read_text(config_) << "chekpoint_every: 5\n";
  EXPECT_EQ(run({LETHE_PROGRAM, "sweep", wrong.string(), "--out", out_.string()}), 2);
  EXPECT_NE(output().find("chekpoint_every"), std::string::npos) << output();
  EXPECT_NE(output().find("STATE is left as it is"), std::string::npos) << output();
  EXPECT_EQ(state(), "INCOMPLETE");
  open_gate();
  EXPECT_EQ(wait_for(first), 0);
  expect_complete();
}

TEST_F(SweepTest, WhatAKilledOneLeftHalfWrittenInTheFolderGoes) {
  fs::create_directories(out_);
  const auto& own = ledger::process_name();
  const auto dead = own.substr(0, own.rfind('.')) + ".1";  // this pid, of a process that began long ago
  const auto half = out_ / (".status.json." + dead + ".7.tmp");
  const auto foreign = out_ / ".status.json.elsewhere_1.4711.99.7.tmp";
  const auto old = out_ / "cells" / ".segment-0000001-0000010.elsewhere_1.4711.99.8.tmp";
  const auto others = out_ / "report" / ".curves.csv.elsewhere_1.4711.99.9.tmp";
  const auto no_temporary = out_ / "cells" / ".notes.tmp";
  for (const auto* folder : {"cells", "report"}) fs::create_directories(out_ / folder);
  for (const auto& path : {half, foreign, old, others, no_temporary}) std::ofstream(path) << "{";
  for (const auto& path : {old, others, no_temporary}) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(2));
  }
  ASSERT_EQ(run(sweep_command(0)), 0) << output();
  EXPECT_FALSE(fs::exists(half));
  EXPECT_TRUE(fs::exists(foreign)) << "may be written to at this moment";
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(others)) << "of a report";
  EXPECT_TRUE(fs::exists(no_temporary)) << "of somebody else";
}

TEST_F(SweepTest, ALeftTokenOfAnotherHostIsWatchedThenFollowed) {
  EXPECT_EQ(run(sweep_command(0)), 0) << output();
  const auto token = fs::directory_iterator(out_ / "owners")->path();
  std::ofstream(token)
      << "beat 00000000000000000007 running \nowner host_1.2.3\nboot elsewhere\nprocess 2 on far-away\n";
  environment_["LETHE_OWNER_WATCH_SECONDS"] = "0.3";
  EXPECT_EQ(run(sweep_command(0)), 0) << output();
  EXPECT_NE(output().find("watching for up to 0.3 s"), std::string::npos) << output();
  EXPECT_NE(output().find("process 2 on far-away"), std::string::npos) << output();
}

TEST_F(SweepTest, ASweepIsRefusedWhileACellOfItsFolderIsWorkedOn) {
  fs::create_directory(out_);
  const auto claim = ledger::claim_ownership(out_ / "owners", "cell.rome+small+sample0", {});
  ASSERT_NE(claim.ownership, nullptr);
  EXPECT_EQ(run(sweep_command(0)), 69);
  EXPECT_NE(output().find("is working on cell.rome+small+sample0"), std::string::npos) << output();
  EXPECT_FALSE(fs::exists(out_ / "STATE"));
}

TEST_F(SweepTest, SlicesOfTheCorpusAreSpreadOverRanksAndResumed) {
  environment_["LETHE_FAKE_EDIT_SECONDS"] = "0.05";
  const auto child = start(sweep_command(3));
  ASSERT_TRUE(wait_for_event("slice-000000")) << output();
  ::kill(child, SIGUSR1);
  wait_for(child);
  environment_["LETHE_FAKE_EDIT_SECONDS"] = "0.001";
  EXPECT_EQ(run(sweep_command(2)), 0) << output();
  expect_complete();
  const auto events = test::read_text(out_ / "events.jsonl");
  const auto count = [&](const std::string& text) {
    int found = 0;
    for (auto at = events.find(text); at != std::string::npos; at = events.find(text, at + 1)) ++found;
    return found;
  };
  for (const char* slice : {"slice-000000", "slice-000001", "slice-000002", "slice-000003"}) {
    EXPECT_EQ(count(slice), 1) << slice << " is committed once\n" << events;
  }
  EXPECT_EQ(count("slice-000004"), 0) << "the corpus has 1,000 documents";
  EXPECT_EQ(run({LETHE_PROGRAM, "status", out_.string()}), 0);
  EXPECT_EQ(output().find("second moments"), std::string::npos) << output();
}

TEST_F(SweepTest, AWrongConfigIsRefusedByAllRanks) {
  std::ofstream(config_, std::ios::app) << "chekpoint_every: 5\n";
  EXPECT_EQ(run(sweep_command(2)), 2) << output();
  EXPECT_EQ(state(), "CONFIG_ERROR");
  EXPECT_NE(output().find("chekpoint_every"), std::string::npos) << output();
}

TEST_F(SweepTest, ProblemsOfTheInputsAreAllToldBeforeAnythingRuns) {
  environment_["LETHE_FAKE_PROBLEM"] = "records.json: no such file";
  EXPECT_EQ(run(sweep_command(0)), 2);
  EXPECT_EQ(state(), "CONFIG_ERROR");
  EXPECT_NE(output().find("records.json: no such file"), std::string::npos) << output();
  EXPECT_FALSE(fs::exists(out_ / "cells"));
  EXPECT_EQ(run({LETHE_PROGRAM, "plan", config_.string()}), 2) << output();
  EXPECT_NE(output().find("NOT READY TO RUN: 1 problem"), std::string::npos) << output();
  EXPECT_EQ(run({LETHE_PROGRAM, "plan", "--strict", config_.string()}), 2) << "as scripts may still call it";
}

TEST_F(SweepTest, ResultsOfOtherSettingsAreRefusedSideBySide) {
  EXPECT_EQ(run(sweep_command(0)), 0) << output();
  const auto cell = out_ / "cells" / "rome" / "small" / "sample0";
  const auto identity = fs::directory_iterator(cell)->path();
  const auto foreign = cell / "0123456789ab";
  fs::rename(identity, foreign);
  fs::remove(ledger::find_committed(foreign, "identity").value().path);
  const auto temporary = ledger::temporary_path(foreign, "identity");
  std::ofstream(temporary) << R"({"cell": "rome/small/sample7"})";
  ledger::publish(temporary, "identity", ".json");
  EXPECT_EQ(run(sweep_command(0)), 2);
  EXPECT_NE(output().find("cell: rome/small/sample7 in the folder, rome/small/sample0 in the config"),
            std::string::npos)
      << output();
  EXPECT_EQ(state(), "COMPLETE") << "of the run before; nothing of it has changed";
}

TEST_F(SweepTest, ARefusedConfigLeavesTheStateOfACompleteFolder) {
  ASSERT_EQ(run(sweep_command(0)), 0) << output();
  const auto good = test::read_text(config_);
  for (const auto& bad : {good + "edit: 3\n", good + "ranks: [\n", std::string("no config")}) {
    std::ofstream(config_) << bad;
    EXPECT_EQ(run(sweep_command(0)), 2) << output();
    EXPECT_EQ(state(), "COMPLETE") << bad;
  }
  std::ofstream(config_) << good;
  environment_["LETHE_FAKE_PROBLEM"] = "records.json: no such file";
  EXPECT_EQ(run(sweep_command(0)), 2) << output();
  EXPECT_EQ(state(), "COMPLETE");
  for (const std::string unfinished : {"INCOMPLETE", "CONFIG_ERROR"}) {
    std::ofstream(out_ / "STATE") << unfinished << "\n";
    EXPECT_EQ(run(sweep_command(0)), 2) << output();
    EXPECT_EQ(state(), "CONFIG_ERROR") << "a wrapper must not start it again";
  }
}

TEST_F(SweepTest, AFullDiskIsSaidAtOnceStopsTheSweepAndLosesNothing) {
  environment_["LETHE_FAKE_FAULTS"] =
      "!full@rome/small/sample0@21;!full@rome/small/sample1@21;"
      "!full@ft-c/small/sample0@11;!full@ft-c/small/sample1@1";
  EXPECT_EQ(run(sweep_command(0, {"--ranks", "2"})), 75) << output();
  EXPECT_EQ(state(), "INCOMPLETE");
  EXPECT_NE(output().find("TRIED AGAIN edit "), std::string::npos) << output();
  EXPECT_NE(
      output().find("stopped: no rank can write in the sweep's folder: segment: cannot be written: No space left"),
      std::string::npos)
      << output();
  EXPECT_EQ(run({LETHE_PROGRAM, "status", out_.string()}), 0);
  EXPECT_NE(output().find("stopped: no rank can write"), std::string::npos) << output();
  EXPECT_NE(output().find("tried again: edit ft-c/small/sample1: folder: segment: cannot be written: No space left"),
            std::string::npos)
      << output();
  environment_.erase("LETHE_FAKE_FAULTS");
  EXPECT_EQ(run(sweep_command(0, {"--ranks", "2"})), 0) << output();
  expect_complete();
  EXPECT_EQ(run({LETHE_PROGRAM, "status", out_.string()}), 0);
  EXPECT_EQ(output().find("tried again"), std::string::npos) << output();
}

TEST_F(SweepTest, AFolderThatVanishesEndsTheSweepAndIsNotMadeAgain) {
  environment_["LETHE_FAKE_EDIT_SECONDS"] = "5";
  const auto child = start(sweep_command(0, {"--ranks", "2"}));
  ASSERT_TRUE(wait_for_both_at_work()) << output();
  fs::rename(out_, folder_.path() / "elsewhere");
  EXPECT_EQ(wait_for(child), 75) << output();
  EXPECT_NE(output().find(out_.string() + ": is gone"), std::string::npos) << output();
  EXPECT_FALSE(fs::exists(out_));
  fs::rename(folder_.path() / "elsewhere", out_);
  environment_.erase("LETHE_FAKE_EDIT_SECONDS");
  EXPECT_EQ(run(sweep_command(0, {"--ranks", "2"})), 0) << output();
  expect_complete();
}

// /proc takes no files from anybody, not even from root.
TEST_F(SweepTest, AFolderThatTakesNothingFromTheStartIsWaitedForByTheWrapper) {
  out_ = "/proc/self/fdinfo";
  EXPECT_EQ(run(sweep_command(0)), 75) << output();
  EXPECT_NE(output().find("/proc/self/fdinfo/owners: cannot be created: "), std::string::npos) << output();
}

TEST_F(SweepTest, ARankAloneReducesWhileItEdits) {
  environment_["LETHE_FAKE_EDIT_SECONDS"] = "0.001";
  ASSERT_EQ(run(sweep_command(0)), 0) << output();
  expect_complete();
  const auto events = test::read_text(out_ / "events.jsonl");
  const auto first_reduction = events.find(R"("task":"reduce rome/small/sample0 @10")");
  const auto last_edits = events.find(R"("task":"edit rome/small/sample0","edits":60)");  // reductions tell edits too
  ASSERT_NE(last_edits, std::string::npos) << events;
  EXPECT_LT(first_reduction, last_edits) << events;
}

TEST_F(SweepTest, AMissingExecutorIsNamed) {
  environment_["LETHE_EXECUTOR"] = "/no/such/executor";
  EXPECT_EQ(run(sweep_command(0)), 1);
  EXPECT_NE(output().find("/no/such/executor"), std::string::npos) << output();
}

}  // namespace
}  // namespace lethe::orchestrator
