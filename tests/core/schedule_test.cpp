#include "core/config/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"

namespace lethe::core {
namespace {

using Parts = std::vector<ReductionPart>;

const GridCell kCell{"rome", "small-gpt2", 0};

ExperimentConfig config_of(std::int64_t edits, std::int64_t checkpoint, std::int64_t forgetting, std::int64_t tasks) {
  ExperimentConfig config;
  config.cells = {kCell};
  config.edits[kCell] = edits;
  config.checkpoint_every = checkpoint;
  config.forgetting_every = forgetting;
  config.tasks_every = tasks;
  config.tasks.resize(1);
  return config;
}

/// Checkpoints at which the part is due.
std::vector<std::int64_t> edits_with(const ExperimentConfig& config, ReductionPart part) {
  std::vector<std::int64_t> edits;
  for (const auto n : checkpoints_of(config, kCell)) {
    const auto parts = parts_due(config, kCell, n);
    if (std::ranges::find(parts, part) != parts.end()) edits.push_back(n);
  }
  return edits;
}

TEST(Checkpoints, AreTheUnionOfAllIntervalsAndTheLastEdit) {
  EXPECT_EQ(checkpoints_of(config_of(25, 10, 15, 12), kCell), (std::vector<std::int64_t>{10, 12, 15, 20, 24, 25}));
  EXPECT_EQ(checkpoints_of(config_of(3, 10, 10, 30), kCell), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(checkpoints_of(config_of(1, 1, 1, 1), kCell), (std::vector<std::int64_t>{1}));
}

TEST(PartsDue, EachFollowsItsOwnInterval) {
  const auto config = config_of(25, 10, 15, 12);
  EXPECT_EQ(parts_due(config, kCell, 10), Parts{ReductionPart::kDistance});
  EXPECT_EQ(parts_due(config, kCell, 12), (Parts{ReductionPart::kDistance, ReductionPart::kTasks}));
  EXPECT_EQ(parts_due(config, kCell, 15), (Parts{ReductionPart::kDistance, ReductionPart::kForgetting}));
  EXPECT_EQ(parts_due(config, kCell, 25), (Parts{ReductionPart::kDistance, ReductionPart::kForgetting,
                                                 ReductionPart::kTasks, ReductionPart::kScores}));
  for (const auto none : {0, -10, 11, 26, 30}) EXPECT_TRUE(parts_due(config, kCell, none).empty()) << none;
}

TEST(PartsDue, NoTasksWithoutTasks) {
  auto config = config_of(30, 10, 10, 30);
  config.tasks.clear();
  EXPECT_EQ(parts_due(config, kCell, 30),
            (Parts{ReductionPart::kDistance, ReductionPart::kForgetting, ReductionPart::kScores}));
}

TEST(PartsDue, ScoresOfAllEditsAtTheEndAndWhereTheyAreAskedFor) {
  auto config = config_of(50, 20, 40, 30);
  config.tasks.clear();
  const auto scored = [&] { return edits_with(config, ReductionPart::kScores); };
  EXPECT_EQ(scored(), std::vector<std::int64_t>{50});
  config.scores_every = 15;
  EXPECT_EQ(checkpoints_of(config, kCell), (std::vector<std::int64_t>{15, 20, 30, 40, 45, 50}));
  EXPECT_EQ(scored(), (std::vector<std::int64_t>{15, 30, 45, 50}));
  config.scores_every = 0;
  EXPECT_TRUE(scored().empty());
}

TEST(PartsDue, TextsOnlyWhereTheyAreAskedFor) {
  auto config = config_of(50, 20, 40, 30);
  config.tasks.clear();
  const auto written = [&] { return edits_with(config, ReductionPart::kTexts); };
  EXPECT_TRUE(written().empty());
  config.texts_every.reset();
  EXPECT_EQ(written(), std::vector<std::int64_t>{50});
  config.texts_every = 15;
  EXPECT_EQ(checkpoints_of(config, kCell), (std::vector<std::int64_t>{15, 20, 30, 40, 45, 50}));
  EXPECT_EQ(written(), (std::vector<std::int64_t>{15, 30, 45, 50}));
}

TEST(PartsDue, TheMonitorIsAskedForByItsKeyAlone) {
  auto config = config_of(50, 20, 40, 1000);
  const auto measured = [&] { return edits_with(config, ReductionPart::kMonitor); };
  EXPECT_TRUE(measured().empty());
  config.monitor_every.reset();
  EXPECT_EQ(measured(), std::vector<std::int64_t>{50});
  config.monitor_every = 15;
  EXPECT_EQ(measured(), (std::vector<std::int64_t>{15, 30, 45, 50}));
  EXPECT_EQ(checkpoints_of(config, kCell), (std::vector<std::int64_t>{15, 20, 30, 40, 45, 50}));
}

TEST(Checkpoints, AreNotMadeForTasksThatAreNotThere) {
  auto config = config_of(70, 20, 40, 30);
  EXPECT_EQ(checkpoints_of(config, kCell), (std::vector<std::int64_t>{20, 30, 40, 60, 70}));
  config.tasks.clear();
  EXPECT_EQ(checkpoints_of(config, kCell), (std::vector<std::int64_t>{20, 40, 60, 70}));
  EXPECT_TRUE(parts_due(config, kCell, 30).empty());
}

TEST(PartsDue, EveryCheckpointHasPartsAndNothingElse) {
  const auto config = config_of(200, 7, 11, 13);
  const auto checkpoints = checkpoints_of(config, kCell);
  for (std::int64_t n = -1; n <= 201; ++n) {
    const bool is_checkpoint = std::find(checkpoints.begin(), checkpoints.end(), n) != checkpoints.end();
    EXPECT_EQ(is_checkpoint, !parts_due(config, kCell, n).empty()) << n;
  }
}

TEST(Schedule, UnknownCellIsAConfigError) {
  EXPECT_THROW(checkpoints_of(config_of(5, 1, 1, 1), {"ft", "x", 0}), ConfigError);
  EXPECT_THROW(parts_due(config_of(5, 1, 1, 1), {"ft", "x", 0}, 5), ConfigError);
}

TEST(ReductionPart, NamesAndValuesAreInverse) {
  for (const auto* word : {"distance", "forgetting", "tasks", "scores", "texts", "monitor"})
    EXPECT_EQ(to_string(reduction_part_from(word)), word);
  EXPECT_THROW(reduction_part_from("task"), StorageError);
}

TEST(SlicesOf, CutByDocumentsAlone) {
  SecondMomentConfig config;
  config.documents_per_slice = 40;
  EXPECT_EQ(slices_of(config, 100), (std::vector<CorpusSlice>{{0, 40}, {40, 80}, {80, 100}}));
  EXPECT_EQ(slices_of(config, 40), (std::vector<CorpusSlice>{{0, 40}}));
  EXPECT_EQ(slices_of(config, 41), (std::vector<CorpusSlice>{{0, 40}, {40, 41}}));
  EXPECT_EQ(slices_of(config, 0).size(), 1U);
  config.memory_gb = 0.5;
  EXPECT_EQ(slices_of(config, 100).size(), 3U);
}

TEST(SlicesOf, AreOneWithALimitOfTokensAndNeverTooMany) {
  SecondMomentConfig config;
  config.documents_per_slice = 1;
  const auto slices = slices_of(config, 3 * kMaxSlices + 1);
  EXPECT_LE(static_cast<std::int64_t>(slices.size()), kMaxSlices);
  EXPECT_EQ(slices.back().last_document, 3 * kMaxSlices + 1);
  config.max_tokens = 1000;
  EXPECT_EQ(slices_of(config, 100), (std::vector<CorpusSlice>{{0, 100}}));
}

}  // namespace
}  // namespace lethe::core
