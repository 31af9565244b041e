#include "report/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lethe::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A task of 100 examples of which `num_correct` are right; both classes alike, so F1 is close to accuracy.
TaskPoint task_point(std::int64_t edits, int num_correct) {
  core::TaskRecord record{"t", {}, {}, {}};
  for (int i = 0; i < 100; ++i) {
    record.labels.push_back(i % 2);
    record.predictions.push_back(i < num_correct ? i % 2 : 1 - i % 2);
  }
  return {edits, {record}};
}

CellHistory with_tasks(const std::vector<std::pair<std::int64_t, int>>& points) {
  CellHistory history;
  history.cell = {"rome", "m", 0};
  for (const auto& [edits, correct] : points) history.tasks.push_back(task_point(edits, correct));
  return history;
}

TEST(Findings, FirstCrossingKnowsThePointBefore) {
  const std::vector<std::int64_t> edits{10, 20, 30};
  const std::vector<double> values{5.0, 25.0, 60.0};
  EXPECT_EQ(first_at_least(edits, values, 25.0)->at, 20);
  EXPECT_EQ(first_at_least(edits, values, 25.0)->previous, 10);
  EXPECT_EQ(first_at_least(edits, values, 5.0)->previous, 0);
  EXPECT_FALSE(first_at_least(edits, values, 61.0).has_value());
}

TEST(Findings, ALossLiesBetweenTwoReductions) {
  const auto loss = downstream_loss(with_tasks({{0, 100}, {30, 96}, {60, 40}}));
  ASSERT_TRUE(loss.has_value());
  EXPECT_EQ(loss->crossing->previous, 30);
  EXPECT_EQ(loss->crossing->at, 60);
}

TEST(Findings, ALossThatIsRegainedWasOne) {
  const auto loss = downstream_loss(with_tasks({{0, 100}, {30, 84}, {60, 60}, {90, 90}}));
  ASSERT_TRUE(loss.has_value());
  EXPECT_EQ(loss->crossing->at, 60);
  EXPECT_NEAR(loss->last_fraction, 0.9, 0.01) << "the end is reported even if it recovered";
}

TEST(Findings, NoLossIsSaidSo) {
  EXPECT_FALSE(downstream_loss(with_tasks({{0, 100}, {30, 80}}))->crossing.has_value());
  EXPECT_FALSE(downstream_loss(with_tasks({{0, 100}})).has_value()) << "only the baseline";
  EXPECT_FALSE(downstream_loss(with_tasks({{30, 80}})).has_value()) << "no baseline";
}

CellHistory edited(int sample, std::int64_t num_edits, std::int64_t num_lost) {
  CellHistory history = with_tasks({{0, 100}, {num_edits, 99}});
  history.cell.sample = sample;
  std::vector<core::ForgettingRecord> now;
  for (std::int64_t n = 1; n <= num_edits; ++n) {
    core::MetricRecord record;
    record.edit = n;
    record.scores = {{core::PromptKind::kRewrite, 1.0F, 2.0F, true, 1.0F}};
    history.records.push_back(record);
    now.push_back({n, 0, {core::PromptKind::kRewrite, 1.0F, 2.0F, n > num_lost, 1.0F}});
  }
  history.forgetting.push_back(ForgettingTally().count(history.records, now));
  return history;
}

TEST(Findings, CountsTheSamplesThatPassAThreshold) {
  const CellHistory first = edited(0, 100, 30);
  const CellHistory second = edited(1, 100, 12);
  const std::vector<const CellHistory*> histories{&first, &second};
  EXPECT_THAT(describe_findings(histories),
              AllOf(HasSubstr("**rome on m** (2 of 2 samples, 100 edits each)"),
                    HasSubstr("Right after their edit 100 of 100 facts were known"),
                    HasSubstr("12.0 to 30.0 % have been"), HasSubstr("10 % by edit 100 in every sample"),
                    HasSubstr("25 % by edit 100 in 1 of 2 samples"), HasSubstr("Never reached: 50 %."),
                    HasSubstr("never falls under 75 %"), Not(HasSubstr("failed numerically"))));
}

TEST(Findings, NameWhereF1IsLostAndLeaveItsKindToThePhases) {
  CellHistory broken = edited(0, 100, 0);
  broken.tasks = with_tasks({{0, 100}, {30, 96}, {60, 40}}).tasks;
  CellHistory declined = edited(1, 100, 0);
  declined.tasks = with_tasks({{0, 100}, {30, 84}, {60, 80}, {90, 60}}).tasks;
  const CellHistory calm = edited(2, 100, 0);
  const std::vector<const CellHistory*> histories{&broken, &declined, &calm};
  EXPECT_THAT(describe_findings(histories),
              AllOf(HasSubstr("it falls under 75 % after edit 30 to 60 and by edit 60 to 90 in 2 of 3 samples."),
                    Not(HasSubstr("gradual")), Not(HasSubstr("catastroph"))));
}

TEST(Findings, SaysWhatIsNotMeasured) {
  CellHistory history = edited(0, 3, 0);
  history.forgetting.clear();
  history.tasks.clear();
  history.records[1].status = core::EditStatus::kNonFinite;
  const CellHistory empty = with_tasks({});
  const std::vector<const CellHistory*> histories{&history, &empty};
  EXPECT_THAT(describe_findings(histories),
              AllOf(HasSubstr("1 of 2 samples"), HasSubstr("Forgetting has not been measured yet"),
                    HasSubstr("Downstream performance has not been measured yet"),
                    HasSubstr("1 of 3 edits failed numerically")));
  const std::vector<const CellHistory*> nothing{&empty};
  EXPECT_EQ(describe_findings(nothing), "**rome on m**: no edits yet.");
}

TEST(Findings, NothingKnownIsNothingForgotten) {
  CellHistory history = edited(0, 20, 0);
  for (auto& record : history.records) record.scores[0].is_correct = false;
  history.forgetting = {{20, {0, 0, 0}, {20, 0, 0}}};
  const std::vector<const CellHistory*> histories{&history};
  EXPECT_THAT(describe_findings(histories),
              AllOf(HasSubstr("0 of 20 facts were known, so there was nothing to forget"), Not(HasSubstr("0.0 %")),
                    Not(HasSubstr("nan")), HasSubstr("PS –, NS –")));
}

TEST(Findings, ASampleThatKnewNothingCountsForItselfAlone) {
  CellHistory blank = edited(0, 100, 0);
  blank.forgetting = {{100, {0, 0, 0}, {0, 0, 0}}};
  const CellHistory other = edited(1, 100, 30);
  const std::vector<const CellHistory*> histories{&blank, &other};
  EXPECT_THAT(describe_findings(histories),
              AllOf(HasSubstr("0 to 100 of 100 facts were known"), HasSubstr("30.0 % have been forgotten")));
}

TEST(Findings, AnUneditedModelThatCanNothingIsMeasuredAllTheSame) {
  CellHistory history = edited(0, 3, 0);
  history.tasks = {task_point(0, 0), task_point(3, 0)};
  const std::vector<const CellHistory*> histories{&history};
  EXPECT_THAT(describe_findings(histories), AllOf(HasSubstr("mean F1 of the downstream tasks is 0.0"),
                                                  HasSubstr("ends at 0.0"), Not(HasSubstr("not been measured"))));
  history.tasks.erase(history.tasks.begin());
  EXPECT_THAT(describe_findings(histories), HasSubstr("unedited model's is not there to compare"));
  history.tasks = {{0, {{"t", {}, {}, {}}}}, {3, {{"t", {}, {}, {}}}}};
  EXPECT_THAT(describe_findings(histories), AllOf(HasSubstr("has no examples"), Not(HasSubstr("nan"))));
}

}  // namespace
}  // namespace lethe::report
