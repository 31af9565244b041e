#include "report/shared_part.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lethe::report {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

core::TaskRecord asked_task(const std::string& name, const std::vector<std::int32_t>& labels) {
  return {name, labels, std::vector<std::int32_t>(labels.size(), 1), {}};
}

/// `edits` edits, forgetting and tasks asked at `checks`, the tasks of the unedited model too.
CellHistory checked_history(std::int64_t edits, const std::vector<std::int64_t>& checks) {
  CellHistory made;
  made.cell = {"rome", "tiny", 0};
  for (std::int64_t n = 1; n <= edits; ++n) {
    core::MetricRecord record;
    record.edit = n;
    record.case_id = 100 + n;
    made.records.push_back(record);
  }
  made.tasks.push_back({0, {asked_task("sst2", {0, 1})}});
  for (const auto at : checks) {
    made.forgetting.push_back({at, {}, {}});
    made.tasks.push_back({at, {asked_task("sst2", {0, 1})}});
    made.distances.push_back({at, {}});
    made.all_edits.push_back({at, {}, {}, 0.0});
  }
  if (!checks.empty()) made.last_all_edits.resize(static_cast<std::size_t>(checks.back()));
  return made;
}

template <typename Point>
std::vector<std::int64_t> edits_of(const std::vector<Point>& points) {
  std::vector<std::int64_t> edits;
  for (const Point& point : points) edits.push_back(point.edits);
  return edits;
}

TEST(SharedPart, IsWhatBothHave) {
  const auto shared = shared_part(checked_history(60, {20, 40, 60}), checked_history(40, {10, 20, 40}));
  EXPECT_EQ(shared.edits, 40);
  EXPECT_TRUE(shared.has_same_facts());
  for (const auto* one : {&shared.one, &shared.other}) {
    EXPECT_EQ(one->records.size(), 40U);
    EXPECT_THAT(edits_of(one->forgetting), ElementsAre(20, 40));
    EXPECT_THAT(edits_of(one->tasks), ElementsAre(0, 20, 40));
    EXPECT_THAT(edits_of(one->distances), ElementsAre(20, 40));
    EXPECT_THAT(edits_of(one->all_edits), ElementsAre(20, 40));
  }
  EXPECT_THAT(shared.one.last_all_edits, IsEmpty()) << "they are of edit 60";
  EXPECT_EQ(shared.other.last_all_edits.size(), 40U);
}

TEST(SharedPart, PerplexitiesOfOneTextAreComparedAndNormsAlways) {
  const auto monitored = [](const std::string& identity) {
    auto made = checked_history(60, {20, 40, 60});
    for (const std::int64_t at : {20, 40, 60}) {
      made.monitor.push_back(monitor_point(at, {{{"w", 1.0, 2.0, 3.0, 3.0}}, {{10, 20.0, 10.0}}}));
    }
    made.monitor_identity = identity;
    return made;
  };
  auto shorter = monitored("one text");
  shorter.monitor.pop_back();
  const auto same = shared_part(monitored("one text"), shorter);
  EXPECT_THAT(edits_of(same.one.monitor), ElementsAre(20, 40));
  EXPECT_TRUE(same.one.monitor.back().has_text());
  EXPECT_TRUE(same.has_same_fixed_text);
  const auto other = shared_part(monitored("one text"), monitored("another"));
  EXPECT_THAT(edits_of(other.one.monitor), ElementsAre(20, 40, 60));
  EXPECT_FALSE(other.has_same_fixed_text);
  for (const auto* one : {&other.one, &other.other}) {
    EXPECT_FALSE(one->monitor.back().has_text());
    EXPECT_EQ(largest_spectral_ratio(one->monitor.back()), 0.5);
  }
  const auto norms_alone = [&](const std::string& identity) {
    auto made = monitored(identity);
    for (auto& point : made.monitor) point.num_tokens = 0;
    return made;
  };
  EXPECT_TRUE(shared_part(norms_alone("a"), norms_alone("b")).has_same_fixed_text) << "there is no text to differ";
  EXPECT_FALSE(shared_part(norms_alone("a"), monitored("b")).has_same_fixed_text) << "one alone has a perplexity";
  EXPECT_TRUE(shared_part(checked_history(60, {20}), monitored("b")).has_same_fixed_text) << "of no common point";
}

TEST(SharedPart, ChecksAreAlikeUpToTheLastCommonOne) {
  EXPECT_TRUE(shared_part(checked_history(60, {20, 40, 60}), checked_history(60, {20, 40})).has_same_checks);
  EXPECT_TRUE(shared_part(checked_history(60, {20, 40, 50}), checked_history(60, {20, 40, 55})).has_same_checks);
  EXPECT_FALSE(shared_part(checked_history(60, {20, 40}), checked_history(60, {10, 20, 40})).has_same_checks);
  EXPECT_FALSE(shared_part(checked_history(60, {20}), checked_history(60, {10})).has_same_checks)
      << "there is no common one";
}

TEST(SharedPart, AnotherOrderIsSeen) {
  auto other = checked_history(60, {});
  std::swap(other.records[3].case_id, other.records[4].case_id);
  EXPECT_FALSE(shared_part(checked_history(60, {}), other).has_same_facts());
  EXPECT_TRUE(shared_part(checked_history(3, {}), other).has_same_facts()) << "as far as both have come";
}

TEST(SharedPart, OtherRecordsBehindTheSameCaseIdsAreOtherFacts) {
  const auto with_requests = [](const std::string& requests) {
    auto made = checked_history(60, {});
    made.requests = requests;
    return made;
  };
  const auto other = shared_part(with_requests("aa"), with_requests("bb"));
  EXPECT_TRUE(other.has_same_case_ids);
  EXPECT_EQ(other.has_same_records, false);
  EXPECT_FALSE(other.has_same_facts());
  EXPECT_TRUE(shared_part(with_requests("aa"), with_requests("aa")).has_same_facts());
  const auto unknown = shared_part(with_requests("aa"), with_requests(""));
  EXPECT_EQ(unknown.has_same_records, std::nullopt);
  EXPECT_TRUE(unknown.has_same_facts()) << "as far as case ids tell";
}

TEST(SharedPart, WithoutABaselineNeitherHasOne) {
  auto other = checked_history(20, {20});
  other.tasks.erase(other.tasks.begin());
  const auto shared = shared_part(checked_history(20, {20}), other);
  EXPECT_THAT(edits_of(shared.one.tasks), ElementsAre(20));
}

TEST(SharedPart, TextsAreComparedWhereTheyAreAsLongAndOfTheSameFacts) {
  const auto with_texts = [](const std::string& identity, const std::vector<std::int64_t>& compared) {
    auto history = checked_history(20, {20});
    TextsPoint point;
    point.edits = 20;
    point.compared = {compared, 3};
    point.file.identity = identity;
    history.texts = {point};
    return history;
  };
  const auto same = shared_part(with_texts("a", {101, 103}), with_texts("a", {101, 103}));
  EXPECT_TRUE(same.has_same_texts && same.has_same_references);
  EXPECT_TRUE(same.one.texts.at(0).compared && same.other.texts.at(0).compared);
  const auto longer = shared_part(with_texts("a", {101}), with_texts("b", {101}));
  EXPECT_FALSE(longer.has_same_texts);
  EXPECT_THAT(edits_of(longer.one.texts), IsEmpty());
  EXPECT_THAT(edits_of(longer.other.texts), IsEmpty());
  const auto fewer = shared_part(with_texts("a", {101, 103}), with_texts("a", {101}));
  EXPECT_FALSE(fewer.has_same_references);
  EXPECT_THAT(edits_of(fewer.one.texts), ElementsAre(20)) << "fluency is compared";
  EXPECT_FALSE(fewer.one.texts.at(0).compared || fewer.other.texts.at(0).compared);
  auto other_order = with_texts("a", {201});
  for (auto& record : other_order.records) record.case_id += 100;
  const auto orders = shared_part(with_texts("a", {101}), other_order);
  EXPECT_TRUE(orders.has_same_references);
  EXPECT_TRUE(orders.one.texts.at(0).compared && orders.other.texts.at(0).compared);
}

TEST(SharedPart, TasksThatAreAskedOtherwiseAreLeftOut) {
  auto one = checked_history(20, {20});
  auto other = checked_history(20, {20});
  for (auto* of : {&one, &other}) {
    for (auto& point : of->tasks) {
      point.tasks.push_back(asked_task("cola", {1, 1}));
      point.tasks.push_back(asked_task("rte", {1}));
    }
  }
  other.tasks.back().tasks[1].labels = {1, 0};  // other examples
  one.task_identities = {{"rte", "aaaaaaaaaaaa"}, {"sst2", "cccccccccccc"}};
  other.task_identities = {{"rte", "bbbbbbbbbbbb"}};  // other words; of sst2 one file says nothing
  const auto shared = shared_part(one, other);
  EXPECT_THAT(shared.tasks_of_one_alone, ElementsAre("cola", "rte"));
  for (const auto& point : shared.one.tasks) {
    ASSERT_EQ(point.tasks.size(), 1U);
    EXPECT_EQ(point.tasks.front().task, "sst2");
  }
}

}  // namespace
}  // namespace lethe::report
