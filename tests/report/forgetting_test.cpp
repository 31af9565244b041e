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
std::vector<core::MetricRecord> records_of(const std::vector<std::pair<bool, bool>>& after_edit) {
  std::vector<core::MetricRecord> records;
  for (const auto& [is_correct, is_efficacious] : after_edit) {
    core::MetricRecord record;
    record.edit = static_cast<std::int64_t>(records.size()) + 1;
    record.scores = {rewrite(is_correct, is_efficacious),
                     {core::PromptKind::kParaphrase, 0.0F, 1.0F, true, 1.0F}};  // must not count
    records.push_back(record);
  }
  return records;
}

/// A life of a cell, point by point.
struct Life {
  std::vector<core::MetricRecord> records;
  ForgettingTally tally;
  std::vector<ForgettingPoint> points;

  void add_point(const std::vector<std::pair<bool, bool>>& now) {
    std::vector<core::ForgettingRecord> asked;
    for (const auto& [is_correct, is_efficacious] : now) {
      asked.push_back({static_cast<std::int64_t>(asked.size()) + 1, 0, rewrite(is_correct, is_efficacious)});
    }
    points.push_back(tally.count(records, asked));
  }
};

TEST(Forgetting, CountsOnlyFactsKnownAfterTheirEdit) {
  // Edit 2 never took; of 1, 3, 4 one is lost at n = 4.
  Life life{records_of({{true, true}, {false, true}, {true, true}, {true, true}}), {}, {}};
  life.add_point({{true, true}, {false, true}});
  life.add_point({{false, true}, {false, false}, {true, true}, {true, true}});
  const ForgettingCurve curve = forgetting_curve(life.points, Recall::kArgmax);
  EXPECT_THAT(curve.edits, ElementsAre(2, 4));
  EXPECT_THAT(curve.ever, ElementsAre(0.0, testing::DoubleNear(100.0 / 3.0, 1e-12)));
  EXPECT_THAT(curve.now, ElementsAre(0.0, testing::DoubleNear(100.0 / 3.0, 1e-12)));
}

TEST(Forgetting, KeepsRecoveriesApartFromThePublishedDefinition) {
  Life life{records_of({{true, true}, {true, true}, {true, true}, {true, true}}), {}, {}};
  life.add_point({{false, true}, {true, true}});
  life.add_point({{true, true}, {true, true}, {true, true}, {false, true}});
  const ForgettingCurve curve = forgetting_curve(life.points, Recall::kArgmax);
  EXPECT_THAT(curve.ever, ElementsAre(50.0, 50.0)) << "edit 1 stays forgotten, edit 4 joins it";
  EXPECT_THAT(curve.now, ElementsAre(50.0, 25.0)) << "edit 1 came back";
}

TEST(Forgetting, HasASecondDefinitionByLikelihood) {
  Life life{records_of({{false, true}, {true, true}}), {}, {}};
  life.add_point({{false, false}, {false, true}});
  EXPECT_THAT(forgetting_curve(life.points, Recall::kEfficacy).ever, ElementsAre(50.0));
  EXPECT_THAT(forgetting_curve(life.points, Recall::kArgmax).ever, ElementsAre(100.0));
}

TEST(Forgetting, ATieOfLikelihoodsIsNotKnown) {
  Life life{records_of({{true, true}}), {}, {}};
  core::ForgettingRecord tie{1, 0, rewrite(true, true)};
  tie.rewrite.nll_new = tie.rewrite.nll_true;
  life.points.push_back(life.tally.count(life.records, std::span(&tie, 1)));
  EXPECT_THAT(forgetting_curve(life.points, Recall::kEfficacy).ever, ElementsAre(100.0));
}

TEST(Forgetting, AShareOfNothingIsNoShare) {
  Life life{records_of({{false, false}, {false, true}}), {}, {}};
  life.add_point({{false, false}, {false, false}});
  const ForgettingCurve argmax = forgetting_curve(life.points, Recall::kArgmax);
  EXPECT_THAT(argmax.known, ElementsAre(0));
  EXPECT_THAT(argmax.ever, ElementsAre(testing::IsNan())) << "0 of 0 looks better than all who knew anything";
  EXPECT_THAT(argmax.now, ElementsAre(testing::IsNan()));
  EXPECT_THAT(forgetting_curve(life.points, Recall::kEfficacy).known, ElementsAre(1));
  EXPECT_THAT(forgetting_curve(life.points, Recall::kEfficacy).ever, ElementsAre(100.0));
  EXPECT_TRUE(forgetting_curve({}, Recall::kArgmax).edits.empty());
}

}  // namespace
}  // namespace lethe::report
