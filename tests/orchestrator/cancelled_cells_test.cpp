#include <algorithm>

#include <gtest/gtest.h>

#include "core/error.h"
#include "orchestrator/scheduling/coordinator.h"
#include "tests/orchestrator/simulated_sweep.h"

// What a running sweep does about cells that are cancelled meanwhile.

namespace lethe::orchestrator {
namespace {

using testing::expect_all_done;
using testing::FakeLedger;
using testing::make_config;
using testing::prerequisite_runs;
using testing::runs_of;
using testing::SimulatedSweep;

/// Edits of a cell, over all runs.
std::int64_t num_edits_of(SimulatedSweep& sweep, const core::GridCell& cell) {
  return sweep.ledger().cells[cell].num_edits;
}

/// What would be there if the sweep had asked for these cells' edits alone.
void expect_others_done(SimulatedSweep& sweep, const core::GridCell& cancelled) {
  FakeLedger expected;
  for (const auto& cell : sweep.config().cells) {
    if (cell != cancelled) expected.complete(sweep.config(), cell, sweep.config().edits.at(cell));
  }
  for (const auto& [cell, ledger] : expected.cells) {
    EXPECT_EQ(sweep.ledger().cells[cell].num_edits, ledger.num_edits) << cell.name();
    EXPECT_EQ(sweep.ledger().cells[cell].reductions, ledger.reductions) << cell.name();
  }
}

class CancelledRanks : public ::testing::TestWithParam<int> {};

TEST_P(CancelledRanks, ACellIsCutShortReducedAndTheOthersGoOn) {
  const auto config = make_config({.has_tasks = false});
  SimulatedSweep sweep(config, GetParam());
  const auto cell = config.cells[2];
  std::int64_t edits_when_cancelled = -1;
  sweep.on_step = [&](SimulatedSweep& self) {
    if (edits_when_cancelled >= 0 || num_edits_of(self, cell) < 20) return;
    edits_when_cancelled = num_edits_of(self, cell);
    self.ledger().cancelled_cells.insert(cell);
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  expect_others_done(sweep, cell);
  const auto& ledger = sweep.ledger().cells[cell];
  EXPECT_GE(ledger.num_edits, edits_when_cancelled);
  EXPECT_LE(ledger.num_edits, edits_when_cancelled + 3) << "an edit takes a second, and so does a look";
  FakeLedger evaluated;
  evaluated.complete(config, cell, ledger.num_edits / 10 * 10);
  EXPECT_EQ(ledger.reductions, evaluated.cells[cell].reductions) << "of all that is committed, and of nothing else";
  EXPECT_EQ(sweep.journal().count("cancelled"), 1);
  const auto totals = sweep.coordinator().backlog().totals();
  EXPECT_EQ(totals.num_cells_cancelled, 1);
  EXPECT_EQ(totals.num_cells_done, totals.num_cells - 1);
  EXPECT_EQ(totals.edits, totals.edits_done);
  EXPECT_EQ(totals.reductions, totals.reductions_done);
  EXPECT_EQ(sweep.coordinator().remaining_seconds(), 0.0);
}

TEST_P(CancelledRanks, AnUndoneCancellationLeavesNoTrace) {
  const auto config = make_config({});
  SimulatedSweep sweep(config, GetParam());
  const auto cell = config.cells[0];
  double cancelled_at = -1.0;
  sweep.on_step = [&](SimulatedSweep& self) {
    if (cancelled_at < 0.0 && num_edits_of(self, cell) >= 10) {
      cancelled_at = self.elapsed_seconds();
      self.ledger().cancelled_cells.insert(cell);
    }
    if (cancelled_at >= 0.0 && self.elapsed_seconds() > cancelled_at + 10.0) self.ledger().cancelled_cells.clear();
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  expect_all_done(sweep);
  EXPECT_EQ(sweep.journal().count("restored"), 1);
}

INSTANTIATE_TEST_SUITE_P(Ranks, CancelledRanks, ::testing::Values(1, 2, 5, 50));

TEST(CancelledCells, OneThatIsCancelledBeforeTheSweepIsNotBegunAndTheNextSweepMayBeginIt) {
  const auto config = make_config({});
  FakeLedger ledger;
  ledger.cancelled_cells = {config.cells[1]};
  SimulatedSweep sweep(config, 3, ledger);
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  EXPECT_EQ(num_edits_of(sweep, config.cells[1]), 0);
  expect_others_done(sweep, config.cells[1]);
  ledger = sweep.ledger();
  ledger.cancelled_cells.clear();
  SimulatedSweep next(config, 3, ledger);
  EXPECT_EQ(next.run(), Outcome::kComplete);
  expect_all_done(next);
}

TEST(CancelledCells, WhatOnlyTheyNeedIsNotMade) {
  const auto config = make_config({.methods = {"rome", "mend"}, .models = {"small-gpt2"}});
  FakeLedger ledger;
  for (const auto& cell : config.cells) {
    if (cell.method == "mend") ledger.cancelled_cells.insert(cell);
  }
  SimulatedSweep sweep(config, 2, ledger);
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  EXPECT_TRUE(prerequisite_runs(sweep, "editor").empty());
  EXPECT_EQ(prerequisite_runs(sweep, "moments").size(), 1U);
  EXPECT_EQ(prerequisite_runs(sweep, "baseline").size(), 1U) << "no cell needs it, the report does";
}

TEST(CancelledCells, ATrainingForThemIsStoppedAndGoesOnForOneThatIsWantedAgain) {
  const auto config = make_config({.methods = {"rome", "mend"}, .models = {"small-gpt2"}});
  SimulatedSweep sweep(config, 2);
  sweep.seconds_of = [](const core::Task& task) { return core::describe(task).starts_with("editor") ? 50.0 : 1.0; };
  sweep.on_step = [&](SimulatedSweep& self) {
    for (const auto& cell : config.cells) {
      if (cell.method != "mend") continue;
      const bool is_out = self.elapsed_seconds() > 10.0 && self.elapsed_seconds() < 80.0;
      if (is_out) self.ledger().cancelled_cells.insert(cell);
      if (!is_out) self.ledger().cancelled_cells.erase(cell);
    }
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  EXPECT_EQ(prerequisite_runs(sweep, "editor").size(), 2U) << "stopped once, and made";
  expect_all_done(sweep);
}

TEST(CancelledCells, APoisonedCellThatIsCancelledPoisonsNothing) {
  const auto config = make_config({});
  SimulatedSweep sweep(config, 4);
  const auto bad = config.cells[3];
  sweep.fault_of = [&](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    const auto* edit = std::get_if<core::EditTask>(&task);
    if (edit == nullptr || edit->cell != bad) return std::nullopt;
    return core::FailedEvent{core::FailureClass::kMethod, "not finite", 0};
  };
  sweep.on_step = [&](SimulatedSweep& self) {
    if (self.elapsed_seconds() > 20.0) self.ledger().cancelled_cells.insert(bad);
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  EXPECT_EQ(sweep.coordinator().failures().size(), 1U) << "it is told all the same";
  EXPECT_EQ(sweep.coordinator().backlog().totals().num_cells_failed, 0);
}

TEST(CancelledCells, AReductionThatFailsPoisonsTheSweep) {
  const auto config = make_config({});
  FakeLedger ledger;
  ledger.cells[config.cells[0]].num_edits = 30;
  ledger.cancelled_cells = {config.cells[0]};
  SimulatedSweep sweep(config, 4, ledger);
  sweep.fault_of = [&](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    const auto* reduce = std::get_if<core::ReduceTask>(&task);
    if (reduce == nullptr || reduce->cell != config.cells[0] || reduce->edits != 20) return std::nullopt;
    return core::FailedEvent{core::FailureClass::kMismatch, "other weights", 0};
  };
  EXPECT_EQ(sweep.run(), Outcome::kPoisoned);
}

TEST(CancelledCells, TheEtaIsWithoutThem) {
  const auto config = make_config({.models = {"small-gpt2"}, .has_tasks = false});
  SimulatedSweep sweep(config, 1);
  double before = 0.0;
  double after = 0.0;
  sweep.on_step = [&](SimulatedSweep& self) {
    if (before == 0.0 && num_edits_of(self, config.cells[0]) >= 30) {
      before = self.coordinator().remaining_seconds();
      for (std::size_t i = 1; i < config.cells.size(); ++i) self.ledger().cancelled_cells.insert(config.cells[i]);
    } else if (before > 0.0 && after == 0.0 && self.journal().count("cancelled") == 3) {
      after = self.coordinator().remaining_seconds();
    }
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  EXPECT_GT(after, 0.0);
  EXPECT_LT(after, 0.4 * before);
}

/// A folder that cannot be listed for a while.
class UnreadableLedger final : public LedgerView {
 public:
  [[nodiscard]] CellLedger cell(const core::CellFacts& /*facts*/) const override { return {}; }
  [[nodiscard]] PrerequisiteLedger prerequisite(const core::PrerequisiteFacts& /*facts*/) const override { return {}; }
  [[nodiscard]] std::set<core::GridCell> cancelled() const override {
    if (is_unreadable) throw core::StorageError("cancelled: Input/output error");
    return cells;
  }
  bool is_unreadable = true;
  std::set<core::GridCell> cells{{"rome", "m", 1}};
};

TEST(Cancellations, WhatCannotBeReadChangesNothingAndIsToldOnce) {
  const core::GridCell known{"rome", "m", 0};
  Cancellations cancellations({known}, 1.0, 0.0);
  UnreadableLedger ledger;
  testing::MemoryJournal journal;
  EXPECT_FALSE(cancellations.look(ledger, 1.0, journal));
  EXPECT_FALSE(cancellations.look(ledger, 2.0, journal));
  EXPECT_EQ(cancellations.cells(), std::set{known});
  EXPECT_EQ(journal.count("unreadable"), 1);
  ledger.is_unreadable = false;
  EXPECT_FALSE(cancellations.look(ledger, 2.5, journal)) << "it is not time to look";
  EXPECT_TRUE(cancellations.look(ledger, 3.0, journal));
  EXPECT_EQ(cancellations.cells(), ledger.cells);
  EXPECT_EQ(journal.count("cancelled"), 1);
  EXPECT_EQ(journal.count("restored"), 1);
  EXPECT_FALSE(cancellations.look(ledger, 4.0, journal));
}

}  // namespace
}  // namespace lethe::orchestrator
