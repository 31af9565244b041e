#include "orchestrator/display/sweep_status.h"

#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/digest.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
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
    print_status(sweep_, editing::catalogue(), out);
    return out.str();
  }

  test::TemporaryFolder folder_;
  ledger::SweepFolder sweep_{folder_.path()};
  core::ExperimentConfig config_ =
      testing::make_config({.models = {"small-gpt2"}, .num_samples = 1, .has_tasks = false, .corpus_slices = 4});
  core::Inspection inspection_ = testing::make_inspection(config_);
};

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

TEST_F(SweepStatus, ReadsPastAStatusThatIsNone) {
  for (const auto* text : {"", "{", "[]", "{\"retries\": 3, \"failures\": {}, \"stopped\": []}",
                           "{\"retries\": [1, {\"work\": 2}], \"failures\": [null, {\"reason\": {}}]}"}) {
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
