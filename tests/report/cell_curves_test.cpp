#include "report/cell_curves.h"

#include <cmath>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lethe::report {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

const storage::Curve* find(const std::vector<storage::Curve>& curves, const std::string& metric) {
  for (const storage::Curve& curve : curves) {
    if (curve.metric == metric) return &curve;
  }
  return nullptr;
}

core::MetricRecord record(std::int64_t edit, bool is_efficacious, int num_good_neighbors) {
  core::MetricRecord made;
  made.edit = edit;
  made.scores.push_back({core::PromptKind::kRewrite, is_efficacious ? 0.0F : 2.0F, 1.0F, is_efficacious, 0.0F});
  for (int i = 0; i < 4; ++i) {
    made.scores.push_back({core::PromptKind::kNeighborhood, 1.0F, i < num_good_neighbors ? 0.0F : 2.0F, false, 0.0F});
  }
  return made;
}

TEST(CellCurves, BucketsOfFiveAndTheMeanOfTheLastTen) {
  CellHistory history;
  // 57 edits: 11 buckets and 2 edits that are dropped. Bucket 1 fails wholly, the others succeed.
  for (std::int64_t n = 1; n <= 57; ++n) history.records.push_back(record(n, n > 5, 3));
  const auto curves = cell_curves(history, {});
  const auto* five = find(curves, "efficacy.window_5");
  ASSERT_NE(five, nullptr);
  EXPECT_THAT(five->edits, ElementsAre(5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55));
  EXPECT_EQ(five->values.front(), 0.0);
  EXPECT_EQ(five->values[1], 100.0);
  const auto* fifty = find(curves, "efficacy.window_50");
  ASSERT_NE(fifty, nullptr);
  EXPECT_DOUBLE_EQ(fifty->values[1], 50.0) << "fewer buckets at the start";
  EXPECT_DOUBLE_EQ(fifty->values[9], 90.0);
  EXPECT_DOUBLE_EQ(fifty->values[10], 100.0) << "the first bucket has left the window";
  EXPECT_DOUBLE_EQ(find(curves, "neighborhood.window_5")->values[3], 75.0);
  EXPECT_TRUE(std::isnan(find(curves, "paraphrase.window_5")->values[0])) << "no paraphrases: a gap, not a zero";
}

TEST(CellCurves, AnEditWithoutPromptsOfAKindCountsInNoWindow) {
  CellHistory history;
  // Paraphrases of edits 2, 3 and 12 alone: two in the first bucket, none in the second, one in the third.
  for (std::int64_t n = 1; n <= 15; ++n) history.records.push_back(record(n, true, 4));
  for (const auto& [edit, nll_new] : {std::pair(2, 0.0F), std::pair(3, 2.0F), std::pair(12, 0.0F)}) {
    auto& scores = history.records[static_cast<std::size_t>(edit - 1)].scores;
    scores.push_back({core::PromptKind::kParaphrase, nll_new, 1.0F, false, 0.0F});
  }
  const auto curves = cell_curves(history, {});
  EXPECT_THAT(find(curves, "paraphrase.window_5")->values, ElementsAre(50.0, testing::IsNan(), 100.0));
  EXPECT_THAT(find(curves, "paraphrase.window_50")->values, ElementsAre(50.0, 50.0, 75.0));
  EXPECT_THAT(find(curves, "efficacy.window_5")->values, ElementsAre(100.0, 100.0, 100.0));
}

TEST(CellCurves, TasksBeginWithTheBaseline) {
  core::ExperimentConfig config;
  config.tasks.resize(1);
  config.tasks[0].name = "sst2";
  config.tasks[0].title = "SST-2";
  CellHistory history;
  history.tasks = {{0, {{"sst2", {0, 1, 0, 1}, {0, 1, 0, 1}, {{}, {}, {}, {}}}}},
                   {30, {{"sst2", {0, 1, 0, 1}, {0, 1, 0, -1}, {{}, {}, {}, {}}}}}};
  const auto curves = cell_curves(history, config);
  const auto* f1 = find(curves, "f1.sst2");
  ASSERT_NE(f1, nullptr);
  EXPECT_EQ(f1->label, "SST-2");
  EXPECT_THAT(f1->edits, ElementsAre(0, 30));
  // Class 0: F1 1; class 1: precision 1, recall 1/2, F1 2/3; both weigh one half.
  EXPECT_THAT(f1->values, ElementsAre(100.0, DoubleNear(100.0 * (0.5 + 1.0 / 3.0), 1e-9)));
  EXPECT_THAT(find(curves, "invalid.sst2")->values, ElementsAre(0.0, 25.0));
  EXPECT_THAT(find(curves, "accuracy.sst2")->values, ElementsAre(100.0, 75.0));
  EXPECT_THAT(find(curves, "f1.mean")->edits, ElementsAre(0, 30));
}

TEST(CellCurves, DistancesBeginAtZeroAndAddInSquares) {
  CellHistory history;
  history.distances = {{10, {{"w", 3.0, 100}, {"b", 4.0, 10}}}};
  const auto curves = cell_curves(history, {});
  EXPECT_THAT(find(curves, "distance.w")->values, ElementsAre(0.0, 3.0));
  EXPECT_THAT(find(curves, "distance_per_weight.b")->values, ElementsAre(0.0, 0.4));
  EXPECT_THAT(find(curves, "distance.total")->values, ElementsAre(0.0, 5.0));
}

TEST(CellCurves, SharesOfNothingAreGaps) {
  CellHistory history;
  history.forgetting = {{10, {0, 0, 0}, {4, 1, 1}}};
  history.tasks = {{0, {{"t", {}, {}, {}}}}};
  const auto curves = cell_curves(history, {});
  EXPECT_TRUE(std::isnan(find(curves, "forgetting.argmax.ever")->values[0]));
  EXPECT_THAT(find(curves, "forgetting.argmax.known")->values, ElementsAre(0.0));
  EXPECT_THAT(find(curves, "forgetting.efficacy.known")->values, ElementsAre(4.0));
  EXPECT_THAT(find(curves, "forgetting.efficacy.now")->values, ElementsAre(25.0));
  EXPECT_THAT(find(curves, "examples.t")->values, ElementsAre(0.0));
  for (const auto* metric : {"f1.t", "f1.mean", "mcc.t", "accuracy.t", "invalid.t"}) {
    EXPECT_TRUE(std::isnan(find(curves, metric)->values[0])) << metric;
  }
}

TEST(CellCurves, AnEmptyCellHasNone) { EXPECT_TRUE(cell_curves({}, {}).empty()); }

TEST(CellCurves, ScoresOfAllEditsStandBesideTheUneditedModels) {
  const auto asked = [](std::int64_t edit, bool is_known, bool has_paraphrase) {
    core::ScoresRecord record{edit, edit, {}, {}};
    const auto add = [&](core::PromptKind kind, bool is_success) {
      const float nll_new = is_success == (kind != core::PromptKind::kNeighborhood) ? 0.0F : 2.0F;
      record.edited.push_back({kind, nll_new, 1.0F, is_success, 0.0F, {{1, 1.0F, is_success ? 1 : 2}}, {{5, 1.0F, 5}}});
      record.unedited.push_back({kind, 2.0F, 1.0F, false, 0.0F, {{1, 1.0F, 2}}, {{5, 1.0F, is_known ? 5 : 6}}});
    };
    add(core::PromptKind::kRewrite, is_known);
    if (has_paraphrase) add(core::PromptKind::kParaphrase, true);
    add(core::PromptKind::kNeighborhood, false);
    return record;
  };
  CellHistory history;
  history.all_edits = {average_all_edits(
      std::vector{asked(1, true, false), asked(2, false, false), asked(3, true, false), asked(4, true, true)})};
  const auto curves = cell_curves(history, {});
  const auto only = [&](const char* metric) {
    const auto* curve = find(curves, metric);
    if (curve == nullptr) return kNone;
    EXPECT_THAT(curve->edits, ElementsAre(4)) << metric;
    return curve->values.front();
  };
  EXPECT_EQ(only("efficacy.all_edits"), 75.0);
  EXPECT_EQ(only("efficacy.unedited"), 0.0);
  EXPECT_EQ(only("paraphrase.all_edits"), 100.0) << "of the one edit that has paraphrases";
  EXPECT_EQ(only("neighborhood.all_edits"), 0.0);
  EXPECT_EQ(only("neighborhood.unedited"), 100.0);
  EXPECT_EQ(only("efficacy_accuracy.all_edits"), 75.0);
  EXPECT_EQ(only("efficacy_token_accuracy.all_edits"), 75.0);
  EXPECT_EQ(only("locality.all_edits"), 75.0);
}

}  // namespace
}  // namespace lethe::report
