#include "orchestrator/display/sweep_status.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/digest.h"
#include "core/error.h"
#include "core/fault.h"
#include "editing/methods/catalogue.h"
#include "ledger/ownership.h"
#include "tests/orchestrator/small_experiment.h"
#include "tests/support/temporary_folder.h"

namespace lethe::orchestrator {
namespace {

/// A sweep's folder whose first cell has 20 of 60 edits.
class SweepStatus : public ::testing::Test {
 protected:
  SweepStatus() {
    folder_.write("experiment.json", core::to_json(config_));
    write_inspection(core::to_json(inspection_));
    const auto& facts = inspection_.cells[0];
    commit(sweep_.cell(facts.cell, facts.edit_identity), ledger::segment_stem(1, 20));
  }
  void write_inspection(const std::string& text) const { folder_.write("inspection.json", text); }
  static void commit(const std::filesystem::path& folder, const std::string& stem) {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / (stem + "-" + core::digest_of("x").hex() + ".h5")) << "x";
  }
  [[nodiscard]] std::string status() const {
    std::ostringstream out;
    print_status(SweepWatch(sweep_, editing::catalogue()).look(), out);
    return out.str();
  }

  [[nodiscard]] nlohmann::json status_json() const {
    std::ostringstream out;
    print_status_json(SweepWatch(sweep_, editing::catalogue()).look(), out);
    EXPECT_EQ(std::ranges::count(out.str(), '\n'), 1) << "one line a look";
    return nlohmann::json::parse(out.str());
  }
  [[nodiscard]] std::string phase() const { return status_json().at("phase"); }
  /// The token of a sweep on another host; `state` is "running " or "released".
  void write_token(const std::string& state, double age_seconds = 0.0) const {
    const auto path = folder_.write("owners/sweep.00000003.token",
                                    "beat 00000000000000000007 " + state +
                                        "\nowner host7_1.4711.99\nboot elsewhere\nprocess 4711 on host7\njob 99\n");
    const auto now = std::filesystem::file_time_type::clock::now();
    std::filesystem::last_write_time(path, now - std::chrono::milliseconds(static_cast<int>(1e3 * age_seconds)));
  }

  test::TemporaryFolder folder_;
  ledger::SweepFolder sweep_{folder_.path()};
  core::ExperimentConfig config_ =
      testing::make_config({.models = {"small-gpt2"}, .num_samples = 1, .has_tasks = false, .corpus_slices = 4});
  core::Inspection inspection_ = testing::make_inspection(config_);
};

TEST_F(SweepStatus, ResultsThatWentAfterTheEndAreMissed) {
  folder_.write("STATE", "COMPLETE\n");
  EXPECT_NE(status().find("results are not there any more"), std::string::npos) << status();
  const std::string missing = status_json().at("missing");
  EXPECT_NE(missing.find(config_.cells.front().name()), std::string::npos) << missing;
  folder_.write("STATE", "INCOMPLETE\n");
  EXPECT_EQ(status_json().at("missing"), "");
}

TEST_F(SweepStatus, CountsWhatIsCommittedUnderThePresentIdentities) {
  commit(sweep_.cell(inspection_.cells[1].cell, "ffffffffffff"), ledger::segment_stem(1, 60));
  const auto rows = read_cell_status(sweep_, editing::catalogue());
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].progress.edits_done, 20);
  EXPECT_EQ(rows[0].progress.edits, 60);
  EXPECT_EQ(rows[1].progress.edits_done, 0) << "of another identity";
}

TEST_F(SweepStatus, TellsHowFarAPrerequisiteIs) {
  const auto& moments = inspection_.prerequisites.at(0);
  const auto folder = folder_.path() / moments.folder;
  for (const auto slice : {0, 2, 3}) {
    commit(folder / ledger::kSlicesFolder, ledger::slice_stem(slice, moments.stems[0]));
  }
  EXPECT_NE(status().find(moments.title + ": not done (3 of 4 slices)"), std::string::npos) << status();
  commit(folder, moments.stems[0]);
  EXPECT_NE(status().find(moments.title + ": not done"), std::string::npos) << "parts are to be removed";
  std::filesystem::remove_all(folder / ledger::kSlicesFolder);
  EXPECT_EQ(status().find(moments.title), std::string::npos) << status();
}

TEST_F(SweepStatus, TellsWhatStoppedTheRunAndWhatIsTriedAgain) {
  nlohmann::json retries = nlohmann::json::array();
  for (int i = 0; i < 12; ++i)
    retries.push_back({{"work", "edit c" + std::to_string(i)}, {"reason", "folder: full\nmore"}});
  folder_.write("status.json", nlohmann::json{{"stopped", "no rank can write"}, {"retries", retries}}.dump());
  const auto text = status();
  EXPECT_NE(text.find("stopped: no rank can write\n"), std::string::npos) << text;
  EXPECT_NE(text.find("tried again: edit c0: folder: full\n"), std::string::npos) << text;
  EXPECT_NE(text.find("... and 2 more are tried again\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("c10"), std::string::npos) << text;
  folder_.write("STATE", "COMPLETE\n");
  EXPECT_EQ(status().find("tried again"), std::string::npos) << "the run after came to its end";
}

TEST_F(SweepStatus, TellsAQuotaOfAFolderThatIsToTakeMoreFiles) {
  const auto trouble = [&] {
    core::arm_faults("file.write:edquot:1+");
    auto told = status_json().at("trouble").get<std::string>();
    core::arm_faults("");
    return told;
  };
  EXPECT_EQ(trouble(), "") << "nothing was begun here";
  folder_.write("STATE", "INCOMPLETE\n");
  EXPECT_EQ(trouble(), folder_.path().string() + ": takes no file: Disk quota exceeded; free some space and run again");
  EXPECT_EQ(status_json().at("trouble"), "") << "and none where there is none";
  write_token("running ");
  EXPECT_NE(trouble(), "") << "while the sweep waits";
  write_token("released");
  folder_.write("STATE", "COMPLETE\n");
  EXPECT_EQ(trouble(), "") << "it needs no more";
}

TEST_F(SweepStatus, TellsWhetherASweepRunsWasStoppedOrDied) {
  EXPECT_EQ(phase(), "none");
  folder_.write("STATE", "INCOMPLETE\n");
  EXPECT_EQ(phase(), "stopped") << "nobody is there";
  write_token("running ");
  EXPECT_EQ(phase(), "running");
  EXPECT_NE(status().find("running: process 4711 on host7, Slurm job 99; its beat is fresh by the file system's clock"),
            std::string::npos)
      << status();
  write_token("running ", 7200.0);
  EXPECT_EQ(phase(), "dead");
  EXPECT_NE(status().find("dead: process 4711 on host7, Slurm job 99 did not end in order"), std::string::npos)
      << status();
  EXPECT_NE(status().find("last beat 2 h 00 min ago"), std::string::npos) << status();
  write_token("released", 7200.0);
  EXPECT_EQ(phase(), "stopped");
  for (const std::string state : {"COMPLETE", "POISONED", "CONFIG_ERROR"}) {
    folder_.write("STATE", state + "\n");
    auto lower = state;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    EXPECT_EQ(phase(), lower);
    write_token("running ", 7200.0);
    EXPECT_EQ(phase(), lower) << "it was killed after its last word";
    write_token("running ");
    EXPECT_EQ(phase(), "running") << "another run has begun";
    write_token("released");
  }
}

TEST_F(SweepStatus, TellsCellsThatAreWorkedOnWithoutASweep) {
  const ledger::SweepFolder folder(folder_.path());
  const auto owners = folder.owners();
  auto claim = ledger::claim_ownership(owners, "cell", ledger::ownership_options());
  ASSERT_NE(claim.ownership, nullptr);
  EXPECT_EQ(phase(), "cells");
  EXPECT_NE(status().find("no sweep is at work, but these are:\ncell: process "), std::string::npos) << status();
  folder_.write("STATE", "INCOMPLETE\n");
  write_token("released");
  EXPECT_EQ(phase(), "cells") << "one was here before";
  write_token("running ");
  EXPECT_EQ(phase(), "running");
  write_token("running ", 7200.0);
  EXPECT_EQ(phase(), "dead") << "what it left behind may look alive";
  write_token("released");
  claim.ownership.reset();
  EXPECT_EQ(phase(), "stopped");
}

/// status.json of a run by that process.
nlohmann::json written_by(int pid) {
  return {{"time", "2026-01-02T03:04:05Z"},
          {"host", "host7"},
          {"pid", pid},
          {"edits_per_second", 0.25},
          {"eta_seconds", 7200.0},
          {"running",
           {{{"rank", 0},
             {"host", "host7"},
             {"work", "edit rome/small-gpt2/sample0"},
             {"cell", "rome/small-gpt2/sample0"},
             {"edits_done", 27},
             {"until", 60}}}},
          {"last_failure",
           {{"work", "edit rome/small-gpt2/sample0"}, {"class", "crash"}, {"reason", "it died\nof old age\nat last"}}}};
}

TEST_F(SweepStatus, TellsPaceAndRunningCellsOfTheRunThatRuns) {
  folder_.write("STATE", "INCOMPLETE\n");
  write_token("running ");
  folder_.write("status.json", written_by(4711).dump());
  EXPECT_NE(status().find("edits 27 of 120 (7 not committed yet), 0.25 a second, ETA 2 h 00 min (as of 2026-01-02"),
            std::string::npos)
      << status();
  EXPECT_NE(status().find("running (27)"), std::string::npos) << status();
  EXPECT_NE(
      status().find("last failure, of edit rome/small-gpt2/sample0:\n  crash: it died\n  of old age\n  at last\n"),
      std::string::npos)
      << status();
  const auto told = status_json();
  EXPECT_EQ(told.at("eta_seconds"), 7200.0);
  EXPECT_EQ(told.at("edits").at("uncommitted"), 7);
  EXPECT_EQ(told.at("owner").at("pid"), 4711);
  EXPECT_EQ(told.at("owner").at("job"), "99");
  EXPECT_EQ(told.at("cells").at(0).at("state"), "running");
  EXPECT_EQ(told.at("last_failure").at("reason"), "crash: it died\nof old age\nat last");
}

TEST_F(SweepStatus, ThePaceOfARunThatIsOverIsNotTold) {
  folder_.write("STATE", "INCOMPLETE\n");
  folder_.write("status.json", written_by(4000).dump());
  write_token("running ");
  EXPECT_NE(status().find("it is starting"), std::string::npos) << "of the run before: " << status();
  EXPECT_EQ(status().find("ETA"), std::string::npos) << status();
  EXPECT_TRUE(status_json().at("eta_seconds").is_null());
  EXPECT_EQ(status_json().at("cells").at(0).at("state"), "begun");
  folder_.write("status.json", written_by(4711).dump());
  write_token("running ", 3600.0);
  EXPECT_EQ(status().find("ETA"), std::string::npos) << "dead: " << status();
  EXPECT_TRUE(status_json().at("running").empty());
}

TEST_F(SweepStatus, NothingIsMadeBehindALinkInThePlaceOfTheTokens) {
  const test::TemporaryFolder elsewhere;
  std::filesystem::create_directory_symlink(elsewhere.path(), sweep_.owners());
  elsewhere.write("sweep.00000001.token", "beat 00000000000000000007 running \nprocess 1 on host7\n");
  EXPECT_EQ(phase(), "none");
}

TEST_F(SweepStatus, ReadsPastAStatusThatIsNone) {
  for (const auto* text :
       {"", "{", "[]", "{\"retries\": 3, \"failures\": {}, \"stopped\": []}",
        "{\"retries\": [1, {\"work\": 2}], \"failures\": [null, {\"reason\": {}}]}",
        "{\"running\": [1, {\"edits_done\": []}], \"last_failure\": 4, \"eta_seconds\": \"soon\"}"}) {
    folder_.write("status.json", text);
    EXPECT_NE(status().find("20/60"), std::string::npos) << text;
  }
  std::filesystem::remove(sweep_.status());
  std::filesystem::create_directory(sweep_.status());
  EXPECT_NE(status().find("20/60"), std::string::npos) << "a folder in its place";
}

TEST_F(SweepStatus, PassesOverAnInspectionOfAnotherVersion) {
  auto other = nlohmann::json::parse(core::to_json(inspection_));
  other["version"] = other.at("version").get<int>() + 1;
  for (const auto& text : {other.dump(), std::string("{}"), std::string("no json")}) {
    write_inspection(text);
    const auto rows = read_cell_status(sweep_, editing::catalogue());
    ASSERT_EQ(rows.size(), 2U) << text;
    EXPECT_EQ(rows[0].progress.edits_done, 20) << "names of files alone tell it";
    EXPECT_NE(status().find("20/60"), std::string::npos) << text;
    EXPECT_EQ(status().find("second moments"), std::string::npos) << "nothing is known of them";
  }
}

TEST_F(SweepStatus, AFolderInThePlaceOfAFileForPeopleIsPassedOver) {
  std::filesystem::create_directories(sweep_.state());
  std::filesystem::create_directories(sweep_.status());
  EXPECT_NE(status().find("no STATE yet"), std::string::npos) << status();
  EXPECT_NE(status().find("20/60"), std::string::npos) << status();
}

TEST_F(SweepStatus, FailuresThatLetheDidNotWriteArePassedOver) {
  for (const auto* text : {"", "[", "{}", "{\"failures\": 3}", "{\"failures\": [3]}"}) {
    folder_.write("status.json", text);
    EXPECT_NE(status().find("20/60"), std::string::npos) << text;
  }
}

TEST_F(SweepStatus, EditsBeyondThoseAskedForDoNotCount) {
  for (auto& [cell, edits] : config_.edits) edits = 20;
  folder_.write("experiment.json", core::to_json(config_));
  EXPECT_NE(status().find("20/20"), std::string::npos) << status();
  const auto& facts = inspection_.cells[0];
  commit(sweep_.cell(facts.cell, facts.edit_identity), ledger::segment_stem(21, 40));
  EXPECT_NE(status().find("20/20"), std::string::npos) << status();
}

}  // namespace
}  // namespace lethe::orchestrator
