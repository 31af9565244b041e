#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/config/schedule.h"
#include "core/digest.h"
#include "editing/methods/catalogue.h"
#include "orchestrator/display/progress.h"
#include "orchestrator/display/sweep_status.h"
#include "orchestrator/scheduling/coordinator.h"
#include "tests/orchestrator/simulated_sweep.h"
#include "tests/orchestrator/small_experiment.h"
#include "tests/support/temporary_folder.h"

// What a sweep does about cells that end at their collapse (`stop_at_collapse`).

namespace lethe::orchestrator {
namespace {

using testing::FakeLedger;
using testing::make_config;
using testing::runs_of;
using testing::SimulatedSweep;

constexpr std::int64_t kCollapse = 23;

/// All edits of the cells, but of `cell` up to 31, and what is due of them.
void expect_ended(SimulatedSweep& sweep, const core::GridCell& cell) {
  for (const auto& one : sweep.config().cells) {
    const auto collapsed_at = one == cell ? std::optional(kCollapse) : std::nullopt;
    const auto& ledger = sweep.ledger().cells[one];
    EXPECT_EQ(ledger.num_edits, one == cell ? 31 : sweep.config().edits.at(one)) << one.name();
    std::set<std::pair<std::int64_t, core::ReductionPart>> due;
    for (const auto edits : core::checkpoints_of(sweep.config(), one, collapsed_at)) {
      for (const auto part : core::parts_due(sweep.config(), one, edits, collapsed_at)) due.emplace(edits, part);
    }
    EXPECT_EQ(ledger.reductions, due) << one.name();
  }
}

core::ExperimentConfig config_with_end() {
  auto config = make_config({});
  config.stop_at_collapse = 8;
  return config;
}

class CollapsedRanks : public ::testing::TestWithParam<int> {};

TEST_P(CollapsedRanks, ACellEndsIsEvaluatedThereAndTheOthersGoOn) {
  const auto config = config_with_end();
  SimulatedSweep sweep(config, GetParam());
  const auto cell = config.cells[2];
  sweep.collapses[cell] = kCollapse;
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  expect_ended(sweep, cell);
  const auto totals = sweep.coordinator().backlog().totals();
  EXPECT_EQ(totals.num_cells_done, totals.num_cells) << "it is complete";
  EXPECT_EQ(totals.num_cells_cancelled, 0);
  EXPECT_EQ(totals.edits, totals.edits_done);
  EXPECT_EQ(totals.reductions, totals.reductions_done);
  EXPECT_EQ(sweep.coordinator().remaining_seconds(), 0.0);
  EXPECT_EQ(sweep.journal().count("failed"), 0);

  SimulatedSweep again(config, GetParam(), sweep.ledger());
  again.collapses[cell] = kCollapse;
  EXPECT_EQ(again.run(), Outcome::kComplete);
  EXPECT_TRUE(again.runs().empty()) << "nothing is left";
}

TEST_P(CollapsedRanks, AnExecutorThatDiesBetweenCollapseAndEndChangesNothing) {
  const auto config = config_with_end();
  SimulatedSweep sweep(config, GetParam());
  const auto cell = config.cells[2];
  sweep.collapses[cell] = kCollapse;
  std::set<std::int64_t> died;
  sweep.dies_at = [&](const core::EditTask& task, std::int64_t edit) {
    const bool is_to_die = edit == kCollapse - 1 || edit == kCollapse + 1 || edit == 31;  // one is behind a checkpoint
    return task.cell == cell && is_to_die && died.insert(edit).second;
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  EXPECT_EQ(died.size(), 3U);
  expect_ended(sweep, cell);
}

TEST_P(CollapsedRanks, AStoppedSweepGoesOnToTheSameEnd) {
  const auto config = config_with_end();
  const auto cell = config.cells[2];
  for (std::int64_t stop = 20; stop <= 31; ++stop) {
    SimulatedSweep sweep(config, GetParam());
    sweep.collapses[cell] = kCollapse;
    sweep.on_step = [&](SimulatedSweep& self) {
      if (self.ledger().cells[cell].num_edits >= stop || self.elapsed_seconds() > 10.0 * static_cast<double>(stop)) {
        self.coordinator().request_stop("test");
      }
    };
    sweep.run();
    SimulatedSweep next(config, GetParam(), sweep.ledger());
    next.collapses[cell] = kCollapse;
    EXPECT_EQ(next.run(), Outcome::kComplete);
    expect_ended(next, cell);
  }
}

TEST_P(CollapsedRanks, ACellThatIsBeyondItsEndIsReducedUpToIt) {
  auto config = make_config({});
  const auto cell = config.cells[2];
  FakeLedger ledger;
  ledger.cells[cell].num_edits = config.edits.at(cell) - 1;
  config.stop_at_collapse = 8;
  SimulatedSweep sweep(config, GetParam(), ledger);
  sweep.collapses[cell] = kCollapse;
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  const auto& reached = sweep.ledger().cells[cell];
  EXPECT_EQ(reached.num_edits, config.edits.at(cell) - 1) << "no edit more";
  for (const auto edits : core::checkpoints_of(config, cell, kCollapse)) {
    for (const auto part : core::parts_due(config, cell, edits, kCollapse)) {
      EXPECT_TRUE(reached.reductions.contains({edits, part})) << edits;
    }
  }
  const auto totals = sweep.coordinator().backlog().totals();
  EXPECT_EQ(totals.edits, totals.edits_done);
  EXPECT_EQ(totals.reductions, totals.reductions_done);
  EXPECT_EQ(totals.num_cells_done, totals.num_cells);
}

INSTANTIATE_TEST_SUITE_P(Ranks, CollapsedRanks, ::testing::Values(1, 2, 5, 50));

TEST(CollapsedCells, WithoutTheSettingNothingEnds) {
  auto config = make_config({});
  SimulatedSweep sweep(config, 3);
  for (const auto& cell : config.cells) sweep.collapses[cell] = kCollapse;
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  testing::expect_all_done(sweep);
}

/// Of four cells the second has its 31 edits, all that is due of them, and the file of a collapse at 23.
class CollapsedStatus : public ::testing::Test {
 protected:
  CollapsedStatus() {
    config_.stop_at_collapse = 8;
    folder_.write("experiment.json", core::to_json(config_));
    folder_.write("inspection.json", core::to_json(inspection_));
    const auto& facts = inspection_.cells[1];
    put(ledger::segment_stem(1, 31), ".h5");
    put(ledger::collapse_stem(kCollapse), ".json");
    for (const auto edits : core::checkpoints_of(config_, facts.cell, kCollapse)) {
      for (const auto part : core::parts_due(config_, facts.cell, edits, kCollapse)) {
        put(ledger::reduction_stem(part, edits, facts.reduction_identities.at(part)), ".h5");
      }
    }
  }
  void put(const std::string& stem, const std::string& extension) const {
    const auto& facts = inspection_.cells[1];
    const auto path = ledger::SweepFolder(folder_.path()).cell(facts.cell, facts.edit_identity);
    std::filesystem::create_directories(path);
    std::ofstream(path / (stem + "-" + core::digest_of("x").hex() + extension)) << "x";
  }

  test::TemporaryFolder folder_;
  core::ExperimentConfig config_ = make_config({.models = {"small-gpt2"}, .has_tasks = false});
  core::Inspection inspection_ = testing::make_inspection(config_);
};

TEST_F(CollapsedStatus, SaysWhereTheCellEndedAndWhy) {
  const auto look = SweepWatch(ledger::SweepFolder(folder_.path()), editing::catalogue()).look();
  std::ostringstream out;
  print_status(look, out);
  EXPECT_NE(out.str().find("ended at edit 31: collapsed at 23"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("1 of 4 cells done"), std::string::npos) << out.str();
  std::ostringstream json;
  print_status_json(look, json);
  const auto row = nlohmann::json::parse(json.str()).at("cells").at(1);
  EXPECT_EQ(row.at("state"), "done");
  EXPECT_EQ(row.at("edits"), 31);
  EXPECT_EQ(row.at("edits_asked"), 60);
  EXPECT_EQ(row.at("collapsed_at"), 23);
  EXPECT_TRUE(nlohmann::json::parse(json.str()).at("cells").at(0).at("collapsed_at").is_null());
}

TEST(CollapsedCells, TheSweepsOutputNamesEachOnce) {
  const auto config = config_with_end();
  SimulatedSweep sweep(config, 3);
  sweep.collapses[config.cells[2]] = kCollapse;
  std::ostringstream out;
  ProgressDisplay display(out, ProgressDisplay::Mode::kLines, sweep.clock());
  sweep.on_step = [&](SimulatedSweep& self) { display.update(self.coordinator()); };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  display.finish(sweep.coordinator());
  const auto line = "COLLAPSED " + config.cells[2].name() + " at edit 23: ends at edit 31 of 60";
  const auto first = out.str().find(line);
  EXPECT_NE(first, std::string::npos) << out.str();
  EXPECT_EQ(out.str().find("COLLAPSED", first + 1), std::string::npos) << out.str();
}

}  // namespace
}  // namespace lethe::orchestrator
