#include "report/forgetting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lethe::report {
namespace {

using testing::ElementsAre;

core::PromptScore rewrite(bool is_correct, bool is_efficacious) {
  return {core::PromptKind::kRewrite, is_efficacious ? 1.0F : 2.0F, is_efficacious ? 2.0F : 1.0F, is_correct, 0.0F};
}

/// Edits, given by whether each is (correct, efficacious) right after it.
CellHistory history_of(const std::vector<std::pair<bool, bool>>& after_edit) {
  CellHistory history;
  for (const auto& [is_correct, is_efficacious] : after_edit) {
    core::MetricRecord record;
    record.edit = static_cast<std::int64_t>(history.records.size()) + 1;
    record.scores = {rewrite(is_correct, is_efficacious),
                     {core::PromptKind::kParaphrase, 0.0F, 1.0F, true, 1.0F}};  // must not count
    history.records.push_back(record);
  }
  return history;
}

void add_point(CellHistory& history, const std::vector<std::pair<bool, bool>>& now) {
  ForgettingPoint point{static_cast<std::int64_t>(now.size()), {}};
  for (const auto& [is_correct, is_efficacious] : now) {
    point.records.push_back(
        {static_cast<std::int64_t>(point.records.size()) + 1, 0, rewrite(is_correct, is_efficacious)});
  }
  history.forgetting.push_back(point);
}

TEST(Forgetting, CountsOnlyFactsKnownAfterTheirEdit) {
  // Edit 2 never took; of 1, 3, 4 one is lost at n = 4.
  CellHistory history = history_of({{true, true}, {false, true}, {true, true}, {true, true}});
  add_point(history, {{true, true}, {false, true}});
  add_point(history, {{false, true}, {false, false}, {true, true}, {true, true}});
  const ForgettingCurve curve = forgetting_curve(history, Recall::kArgmax);
  EXPECT_THAT(curve.edits, ElementsAre(2, 4));
  EXPECT_THAT(curve.ever, ElementsAre(0.0, testing::DoubleNear(100.0 / 3.0, 1e-12)));
  EXPECT_THAT(curve.now, ElementsAre(0.0, testing::DoubleNear(100.0 / 3.0, 1e-12)));
}

TEST(Forgetting, KeepsRecoveriesApartFromThePublishedDefinition) {
  CellHistory history = history_of({{true, true}, {true, true}, {true, true}, {true, true}});
  add_point(history, {{false, true}, {true, true}});
  add_point(history, {{true, true}, {true, true}, {true, true}, {false, true}});
  const ForgettingCurve curve = forgetting_curve(history, Recall::kArgmax);
  EXPECT_THAT(curve.ever, ElementsAre(50.0, 50.0)) << "edit 1 stays forgotten, edit 4 joins it";
  EXPECT_THAT(curve.now, ElementsAre(50.0, 25.0)) << "edit 1 came back";
}

TEST(Forgetting, HasASecondDefinitionByLikelihood) {
  CellHistory history = history_of({{false, true}, {true, true}});
  add_point(history, {{false, false}, {false, true}});
  EXPECT_THAT(forgetting_curve(history, Recall::kEfficacy).ever, ElementsAre(50.0));
  EXPECT_THAT(forgetting_curve(history, Recall::kArgmax).ever, ElementsAre(100.0));
}

TEST(Forgetting, ATieOfLikelihoodsIsNotKnown) {
  CellHistory history = history_of({{true, true}});
  add_point(history, {{true, true}});
  history.forgetting[0].records[0].rewrite.nll_new = 2.0F;
  EXPECT_THAT(forgetting_curve(history, Recall::kEfficacy).ever, ElementsAre(100.0));
}

TEST(Forgetting, IsZeroWhereNothingWasEverKnown) {
  CellHistory history = history_of({{false, false}});
  add_point(history, {{false, false}});
  EXPECT_THAT(forgetting_curve(history, Recall::kArgmax).ever, ElementsAre(0.0));
  EXPECT_TRUE(forgetting_curve(history_of({{true, true}}), Recall::kArgmax).edits.empty());
}

}  // namespace
}  // namespace lethe::report
