#include "core/config/cell_progress.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace lethe::core {
namespace {

const GridCell kOnlyCell{"rome", "m", 0};

/// Checkpoints at 10, 20, ..., forgetting at each, no tasks.
ExperimentConfig config_asking_for(std::int64_t edits) {
  ExperimentConfig config;
  config.cells = {kOnlyCell};
  config.edits[kOnlyCell] = edits;
  config.checkpoint_every = config.forgetting_every = 10;
  config.tasks_every = 30;
  return config;
}

CellLedger ledger_up_to(std::int64_t edits) {
  CellLedger ledger{edits, {}};
  for (std::int64_t n = 10; n <= edits; n += 10) {
    ledger.reductions.emplace(n, ReductionPart::kDistance);
    ledger.reductions.emplace(n, ReductionPart::kForgetting);
  }
  ledger.reductions.emplace(20, ReductionPart::kScores);  // of a sweep that asked for no more once
  return ledger;
}

TEST(CellProgress, WhatIsDueAndNotCommittedIsMissing) {
  auto ledger = ledger_up_to(20);
  ledger.reductions.erase({10, ReductionPart::kForgetting});
  const auto progress = progress_of(config_asking_for(30), kOnlyCell, ledger);
  EXPECT_EQ(progress.edits_done, 20);
  EXPECT_EQ(progress.reductions, 3);
  EXPECT_EQ(progress.reductions_done(), 1);
  ASSERT_EQ(progress.missing.size(), 2U);
  EXPECT_EQ(progress.missing[0].parts, std::vector{ReductionPart::kForgetting});
  EXPECT_EQ(progress.missing[1].edits, 30);
  EXPECT_FALSE(progress.is_complete());
}

TEST(CellProgress, MoreThanIsAskedForIsComplete) {
  const auto progress = progress_of(config_asking_for(20), kOnlyCell, ledger_up_to(40));
  EXPECT_EQ(progress.edits_done, 20) << "edits beyond those of the config are none of its own";
  EXPECT_EQ(progress.reductions, 2);
  EXPECT_TRUE(progress.is_complete());
}

TEST(CellProgress, TheLastEditIsACheckpointOfItsOwn) {
  EXPECT_FALSE(progress_of(config_asking_for(15), kOnlyCell, ledger_up_to(20)).is_complete())
      << "nothing was reduced at 15";
}

TEST(CellProgress, OfACancelledCellNothingIsDueBeyondItsLastEdit) {
  auto ledger = ledger_up_to(20);
  ledger.num_edits = 24;  // the edit under way was committed
  ledger.is_cancelled = true;
  auto progress = progress_of(config_asking_for(60), kOnlyCell, ledger);
  EXPECT_TRUE(progress.is_cancelled);
  EXPECT_TRUE(progress.is_complete());
  EXPECT_EQ(progress.edits, 60);
  EXPECT_EQ(progress.edits_wanted(), 24);
  EXPECT_EQ(progress.reductions, 2) << "edit 24 is no checkpoint of the config";
  ledger.reductions.erase({20, ReductionPart::kForgetting});
  progress = progress_of(config_asking_for(60), kOnlyCell, ledger);
  EXPECT_FALSE(progress.is_complete()) << "what is committed is evaluated";
  ASSERT_EQ(progress.missing.size(), 1U);
  EXPECT_EQ(progress.missing[0].edits, 20);
}

TEST(CellProgress, ACellThatIsCancelledTooLateIsOneLikeAnyOther) {
  auto ledger = ledger_up_to(20);
  ledger.is_cancelled = true;
  EXPECT_FALSE(progress_of(config_asking_for(20), kOnlyCell, ledger).is_cancelled);
  EXPECT_TRUE(progress_of(config_asking_for(20), kOnlyCell, ledger).is_complete());
  const auto none = progress_of(config_asking_for(20), kOnlyCell, {0, {}, true});
  EXPECT_TRUE(none.is_cancelled && none.is_complete());
  EXPECT_EQ(none.reductions, 0);
}

TEST(CellProgress, AStrangersCellIsRefused) {
  EXPECT_THROW(static_cast<void>(progress_of(config_asking_for(20), {"rome", "m", 1}, {})), ConfigError);
}

}  // namespace
}  // namespace lethe::core
