#include "orchestrator/cancel.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/digest.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "ledger/cancelled_cells.h"
#include "orchestrator/display/sweep_status.h"
#include "tests/orchestrator/small_experiment.h"
#include "tests/support/temporary_folder.h"

namespace lethe::orchestrator {
namespace {

/// A sweep's folder of four cells, the first complete, the second with 20 of 60 edits.
class Cancel : public ::testing::Test {
 protected:
  Cancel() {
    folder_.write("experiment.json", core::to_json(config_));
    folder_.write("inspection.json", core::to_json(inspection_));
    commit(0, ledger::segment_stem(1, 60));
    for (std::int64_t edits = 10; edits <= 60; edits += 10) {
      for (const auto part : {core::ReductionPart::kDistance, core::ReductionPart::kForgetting}) reduce(0, part, edits);
    }
    reduce(0, core::ReductionPart::kScores, 60);
    commit(1, ledger::segment_stem(1, 20));
  }
  void reduce(std::size_t cell, core::ReductionPart part, std::int64_t edits) const {
    commit(cell, ledger::reduction_stem(part, edits, inspection_.cells[cell].reduction_identities.at(part)));
  }
  void commit(std::size_t cell, const std::string& stem) const {
    const auto path = sweep_.cell(inspection_.cells[cell].cell, inspection_.cells[cell].edit_identity);
    std::filesystem::create_directories(path);
    std::ofstream(path / (stem + "-" + core::digest_of("x").hex() + ".h5")) << "x";
  }
  std::string cancel(const std::vector<std::string>& cells, const std::string& reason = "") const {
    std::ostringstream out;
    EXPECT_EQ(run_cancel({editing::catalogue(), folder_.path(), cells, reason}, out), 0);
    return out.str();
  }
  std::string undo(const std::vector<std::string>& cells) const {
    std::ostringstream out;
    EXPECT_EQ(run_cancel({editing::catalogue(), folder_.path(), cells, "", true}, out), 0);
    return out.str();
  }
  std::string refusal(const std::vector<std::string>& cells, bool is_undo = false) const {
    std::ostringstream out;
    try {
      run_cancel({editing::catalogue(), folder_.path(), cells, "", is_undo}, out);
    } catch (const core::ConfigError& error) {
      EXPECT_EQ(out.str(), "");
      return error.what();
    }
    ADD_FAILURE() << out.str();
    return {};
  }
  [[nodiscard]] std::string status() const {
    std::ostringstream out;
    print_status(SweepWatch(sweep_, editing::catalogue()).look(), out);
    return out.str();
  }
  [[nodiscard]] nlohmann::json status_json() const {
    std::ostringstream out;
    print_status_json(SweepWatch(sweep_, editing::catalogue()).look(), out);
    return nlohmann::json::parse(out.str());
  }

  test::TemporaryFolder folder_;
  ledger::SweepFolder sweep_{folder_.path()};
  core::ExperimentConfig config_ = testing::make_config({.models = {"small-gpt2"}, .has_tasks = false});
  core::Inspection inspection_ = testing::make_inspection(config_);
};

TEST_F(Cancel, SaysHowFarTheCellIsAndStatusNamesIt) {
  EXPECT_NE(cancel({"rome/small-gpt2/sample1"}, "collapsed").find("cancelled after 20 of 60 committed edits"),
            std::string::npos);
  EXPECT_TRUE(ledger::is_cancelled(sweep_, config_.cells[1]));
  const auto text = status();
  EXPECT_NE(text.find("cancelled: collapsed"), std::string::npos) << text;
  EXPECT_NE(text.find("1 of 4 cells done, 1 cancelled"), std::string::npos) << text;
  const auto row = status_json().at("cells").at(1);
  EXPECT_EQ(row.at("state"), "cancelled");
  EXPECT_EQ(row.at("cancel_reason"), "collapsed");
  EXPECT_EQ(row.at("edits"), 60);
  EXPECT_EQ(row.at("reductions"), 2) << "checkpoints 10 and 20";
  EXPECT_EQ(status_json().at("edits").at("all"), 60 + 20 + 60 + 60);
  EXPECT_NE(cancel({"rome/small-gpt2/sample1"}).find("is cancelled already"), std::string::npos);
  EXPECT_EQ(status_json().at("cells").at(1).at("cancel_reason"), "collapsed") << "no word takes no word away";
}

TEST_F(Cancel, ACellThatIsCompleteIsToldAndLeftAlone) {
  EXPECT_EQ(cancel({"rome/small-gpt2/sample0"}),
            "rome/small-gpt2/sample0: is complete already, and nothing is left to cancel\n");
  EXPECT_TRUE(ledger::cancelled_cells(sweep_).empty());
}

TEST_F(Cancel, APatternMeansAllCellsThatFitIt) {
  cancel({"ft-c/*"});
  EXPECT_EQ(ledger::cancelled_cells(sweep_), (std::set{config_.cells[2], config_.cells[3]}));
  cancel({"*/sample1"});
  EXPECT_EQ(ledger::cancelled_cells(sweep_).size(), 3U);
  undo({"*"});
  EXPECT_TRUE(ledger::cancelled_cells(sweep_).empty());
}

TEST_F(Cancel, AWrongNameIsRefusedWithTheNearestAndNothingIsCancelled) {
  const auto text = refusal({"rome/small-gpt2/sample1", "rome/small-gtp2/sample0", "memit/*"});
  EXPECT_NE(text.find("rome/small-gtp2/sample0: is no cell of " + folder_.path().string() +
                      "; did you mean \"rome/small-gpt2/sample0\"?"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("memit/*: no cell is called so"), std::string::npos) << text;
  EXPECT_TRUE(ledger::cancelled_cells(sweep_).empty());
}

TEST_F(Cancel, UndoingReopensASweepThatWasCompleteWithoutTheCell) {
  cancel({"rome/small-gpt2/sample1"});
  folder_.write("STATE", "COMPLETE\n");
  EXPECT_NE(undo({"rome/small-gpt2/sample1"}).find("goes on after edit 20 of 60"), std::string::npos);
  EXPECT_EQ(status_json().at("state"), "INCOMPLETE");
  EXPECT_NE(undo({"rome/small-gpt2/sample1"}).find("is not cancelled"), std::string::npos);
}

TEST_F(Cancel, AFinishedSweepWithoutItsCancelledCellsMissesNothing) {
  folder_.write("STATE", "COMPLETE\n");
  for (const auto part : {core::ReductionPart::kDistance, core::ReductionPart::kForgetting}) {
    for (const std::int64_t edits : {10, 20}) reduce(1, part, edits);
  }
  cancel({"rome/small-gpt2/sample1", "ft-c/*"});
  EXPECT_EQ(status_json().at("missing"), "");
  EXPECT_NE(status().find("second moments"), std::string::npos) << "a cell that needs them is complete";
  undo({"ft-c/*"});
  folder_.write("STATE", "COMPLETE\n");
  EXPECT_NE(status_json().at("missing"), "");
}

TEST_F(Cancel, ACellThatTheGridHasNoMoreCanBeTakenBack) {
  ledger::cancel_cell(sweep_, {"mend", "small-gpt2", 0}, "");
  EXPECT_NE(refusal({"mend/small-gpt2/sample0"}).find("is no cell of"), std::string::npos);
  EXPECT_NE(undo({"mend/small-gpt2/sample0"}).find("no longer cancelled"), std::string::npos);
  EXPECT_TRUE(ledger::cancelled_cells(sweep_).empty());
}

TEST_F(Cancel, AFolderThatIsNoSweepsIsRefused) {
  const test::TemporaryFolder empty;
  std::ostringstream out;
  EXPECT_THROW(run_cancel({editing::catalogue(), empty.path(), {"*"}, ""}, out), core::StorageError);
}

}  // namespace
}  // namespace lethe::orchestrator
