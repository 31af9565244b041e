#include "worker/commands/cell_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/contract/inspection.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "ledger/durable_file.h"
#include "tests/support/tiny_world.h"

namespace lethe::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

/// One folder that runs of single cells write what they are asked for into.
class CellRecord : public ::testing::Test {
 protected:
  CellRecord() {
    options_.models = "[tiny-gpt2]";
    options_.methods = "[ft-c]";
    options_.samples = "[0]";
  }

  void record(const std::string& cell) {
    Workspace workspace(
        core::load_experiment_config(test::write_tiny_world(world_.path(), options_), editing::catalogue()), out());
    workspace.make_root();
    record_cell_run(workspace, core::GridCell::from_name(cell));
  }
  std::string refusal(const std::string& cell) {
    try {
      record(cell);
    } catch (const core::ConfigError& error) {
      return error.what();
    }
    return "";
  }
  [[nodiscard]] std::filesystem::path out() const { return world_.path() / "out"; }
  [[nodiscard]] ledger::SweepFolder folder() const { return ledger::SweepFolder(out()); }
  /// "name: edits" of experiment.json, which inspection.json has under the same names.
  [[nodiscard]] std::vector<std::string> cells() const {
    std::vector<std::string> names;
    std::vector<std::string> inspected;
    const auto config = core::read_experiment_config(folder().experiment(), editing::catalogue());
    for (const auto& [cell, edits] : config.edits) {
      names.push_back(cell.name() + ": " + std::to_string(edits));
    }
    const auto inspection = core::read_inspection(folder().inspection());
    for (const auto& facts : inspection->cells) {
      inspected.push_back(facts.cell.name() + ": " + std::to_string(facts.edits));
      EXPECT_EQ(facts.edit_identity.size(), 12U);
    }
    EXPECT_THAT(inspected, ::testing::UnorderedElementsAreArray(names));
    return names;
  }

  test::TemporaryFolder world_;
  test::TinyWorldOptions options_;
};

TEST_F(CellRecord, IsOfTheConfigWithAllCellsOfTheRunBefore) {
  record("ft-c/tiny-gpt2/sample0");
  EXPECT_THAT(cells(), ElementsAre("ft-c/tiny-gpt2/sample0: 6"));
  options_.samples = "[0, 1]";
  options_.edits = 8;
  record("ft-c/tiny-gpt2/sample1");
  EXPECT_THAT(cells(), UnorderedElementsAre("ft-c/tiny-gpt2/sample0: 8", "ft-c/tiny-gpt2/sample1: 8"));
}

TEST_F(CellRecord, OfMoreCellsStaysWhereItHasThisOne) {
  options_.samples = "[0, 1]";
  record("ft-c/tiny-gpt2/sample1");
  options_.samples = "[1]";
  options_.forgetting_every = 3;
  EXPECT_EQ(refusal("ft-c/tiny-gpt2/sample1"), "");
  EXPECT_THAT(cells(), UnorderedElementsAre("ft-c/tiny-gpt2/sample0: 6", "ft-c/tiny-gpt2/sample1: 6"));
}

TEST_F(CellRecord, WhatNoReaderWouldShowIsRefused) {
  record("ft-c/tiny-gpt2/sample0");
  options_.samples = "[1]";
  EXPECT_THAT(refusal("ft-c/tiny-gpt2/sample1"),
              HasSubstr("experiment.json: the run before has ft-c/tiny-gpt2/sample0, and not this one: "
                        "ft-c/tiny-gpt2/sample1 would be shown by no reader"));
  EXPECT_THAT(cells(), ElementsAre("ft-c/tiny-gpt2/sample0: 6")) << "nothing has changed";

  options_.samples = "[0, 1]";
  record("ft-c/tiny-gpt2/sample0");
  options_.samples = "[0]";
  options_.edits = 8;
  EXPECT_THAT(refusal("ft-c/tiny-gpt2/sample0"), HasSubstr("and this one with 6 edits, not 8"));
}

TEST_F(CellRecord, OfWhatCannotBeReadIsMadeAnew) {
  record("ft-c/tiny-gpt2/sample0");
  ledger::replace_text(folder().experiment(), "{");
  ledger::replace_text(folder().inspection(), "{");
  record("ft-c/tiny-gpt2/sample0");
  EXPECT_THAT(cells(), ElementsAre("ft-c/tiny-gpt2/sample0: 6"));
  std::filesystem::remove(folder().inspection());
  record("ft-c/tiny-gpt2/sample0");
  EXPECT_THAT(cells(), ElementsAre("ft-c/tiny-gpt2/sample0: 6"));
}

}  // namespace
}  // namespace lethe::worker
