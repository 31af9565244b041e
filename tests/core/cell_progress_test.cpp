#include "core/config/cell_progress.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "editing/methods/catalogue.h"

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

/// The same, with the method whose steps it edits in.
ExperimentConfig config_with_method(std::int64_t edits) {
  auto config = config_asking_for(edits);
  config.models.resize(1);
  config.models.front().name = "m";
  config.models.front().methods.emplace("rome",
                                        MethodConfig("rome", editing::catalogue().defaults("rome", Fidelity::kCode)));
  return config;
}

/// Collapsed at edit 23.
CellLedger collapsed_ledger(std::int64_t edits) {
  auto ledger = ledger_up_to(edits);
  ledger.collapsed_at = 23;
  return ledger;
}

TEST(CellProgress, ACellEndsSoManyEditsAfterItsCollapse) {
  auto config = config_with_method(60);
  config.scores_every = std::nullopt;  // after the last edit alone
  EXPECT_EQ(progress_of(config, kOnlyCell, collapsed_ledger(20)).edits, 60) << "without the setting a fact, and no end";
  EXPECT_FALSE(progress_of(config, kOnlyCell, collapsed_ledger(20)).collapsed_at);
  config.stop_at_collapse = 12;
  auto ledger = collapsed_ledger(20);
  ledger.num_edits = 35;
  auto progress = progress_of(config, kOnlyCell, ledger);
  EXPECT_EQ(progress.edits, 35);
  EXPECT_EQ(progress.edits_asked, 60);
  EXPECT_EQ(progress.collapsed_at, 23);
  EXPECT_EQ(progress.edits_done, 35);
  ASSERT_EQ(progress.missing.size(), 2U);  // 30, and 35 as the last edit
  EXPECT_EQ(progress.missing.back().edits, 35);
  EXPECT_EQ(progress.missing.back().parts,
            (std::vector{ReductionPart::kDistance, ReductionPart::kForgetting, ReductionPart::kScores}));
  EXPECT_FALSE(progress.is_complete());
  for (const auto& [edits, parts] : progress.missing) {
    for (const auto part : parts) ledger.reductions.emplace(edits, part);
  }
  EXPECT_TRUE(progress_of(config, kOnlyCell, ledger).is_complete());
  config.stop_at_collapse = 13;
  EXPECT_EQ(progress_of(config, kOnlyCell, ledger).edits, 36) << "a larger one goes on";
  config.stop_at_collapse = 0;
  progress = progress_of(config, kOnlyCell, ledger);
  EXPECT_EQ(progress.edits, 23);
  EXPECT_EQ(progress.edits_done, 23) << "edits beyond the end are none of its own";
  EXPECT_EQ(progress.missing.back().edits, 23);
}

TEST(CellProgress, ACollapseAtTheEndEndsNothing) {
  auto config = config_with_method(30);
  config.stop_at_collapse = 7;
  const auto progress = progress_of(config, kOnlyCell, collapsed_ledger(30));
  EXPECT_EQ(progress.edits, 30);
  EXPECT_FALSE(progress.collapsed_at) << "it ends with the edits asked for";
  config.stop_at_collapse = kMaxEdits;
  EXPECT_EQ(progress_of(config, kOnlyCell, collapsed_ledger(30)).edits, 30);
}

TEST(CellProgress, ACellThatEndsAtItsCollapseCanBeCancelledBefore) {
  auto config = config_with_method(60);
  config.stop_at_collapse = 12;
  auto ledger = collapsed_ledger(30);
  ledger.is_cancelled = true;
  EXPECT_TRUE(progress_of(config, kOnlyCell, ledger).is_cancelled);
  EXPECT_EQ(progress_of(config, kOnlyCell, ledger).edits_wanted(), 30);
  ledger.num_edits = 35;
  EXPECT_FALSE(progress_of(config, kOnlyCell, ledger).is_cancelled) << "nothing is left to cancel";
}

}  // namespace
}  // namespace lethe::core
