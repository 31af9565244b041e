#include "core/collapse_rule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace lethe::core {
namespace {

constexpr std::int64_t kVocabulary = 1000;  // ln 1000 = 6.908, nine tenths of it 6.217
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

/// A record whose neighbourhood prompts cost these nats. Its other prompts cost what must count for nothing.
MetricRecord record_of(std::int64_t edit, const std::vector<float>& neighbours) {
  MetricRecord record;
  record.edit = edit;
  record.scores = {{PromptKind::kRewrite, 0.0F, 100.0F}, {PromptKind::kParaphrase, 0.0F, 100.0F}};
  for (const auto nats : neighbours) record.scores.push_back({PromptKind::kNeighborhood, 50.0F, nats});
  return record;
}

std::vector<MetricRecord> records_of(const std::vector<float>& nats) {
  std::vector<MetricRecord> records;
  for (const auto one : nats) records.push_back(record_of(std::ssize(records) + 1, {one}));
  return records;
}

std::optional<std::int64_t> collapse_of(const std::vector<float>& nats, int facts_per_step = 1) {
  CollapseDetector detector(kVocabulary);
  for (const auto& record : records_of(nats)) detector.add(record, record.edit % facts_per_step == 0);
  return detector.collapsed_at();
}

TEST(CollapseRule, SumsWhatExceedsNineTenthsOfAUniformGuess) {
  // 8.217 is 2 nats above: ten of them make 20, and the rounding of 6.217 is below half a thousandth.
  const std::vector<float> nine(9, 8.2175F);
  EXPECT_EQ(collapse_of(nine), std::nullopt);
  auto ten = nine;
  ten.push_back(8.2175F);
  EXPECT_EQ(collapse_of(ten), 10);
  // What is below takes away: 2 x 9 - 1.217 = 16.8, so that two more are needed.
  auto less = nine;
  less.insert(less.end(), {5.0F, 8.2175F, 8.2175F});
  EXPECT_EQ(collapse_of(less), 12);
}

TEST(CollapseRule, TheSumNeverGoesBelowZero) {
  std::vector<float> nats(1000, 0.5F);
  nats.insert(nats.end(), 10, 8.2175F);
  EXPECT_EQ(collapse_of(nats), 1010) << "a long good time is no credit";
}

TEST(CollapseRule, TheMeanOfTheNeighboursCountsAndNoOtherPrompt) {
  CollapseDetector detector(kVocabulary);
  for (std::int64_t edit = 1; edit <= 10; ++edit) detector.add(record_of(edit, {6.2175F, 10.2175F}), true);
  EXPECT_EQ(detector.collapsed_at(), 10);
  CollapseDetector without(kVocabulary);
  for (std::int64_t edit = 1; edit <= 1000; ++edit) without.add(record_of(edit, {}), true);
  EXPECT_EQ(without.collapsed_at(), std::nullopt) << "records without neighbours say nothing";
}

TEST(CollapseRule, OneRecordCountsFiveNatsAtMost) {
  EXPECT_EQ(collapse_of({1e30F, 1e30F, 1e30F}), std::nullopt);
  EXPECT_EQ(collapse_of({1e30F, 1e30F, 1e30F, 1e30F}), 4);
  EXPECT_EQ(collapse_of({12.0F, -100.0F, 12.0F, 12.0F, 12.0F, 12.0F}), 6) << "nor less than five";
}

TEST(CollapseRule, WhatIsNotFiniteCountsFiveNats) {
  const auto infinite = std::numeric_limits<float>::infinity();
  EXPECT_EQ(collapse_of({kNone, infinite, kNone}), std::nullopt);
  EXPECT_EQ(collapse_of({kNone, infinite, kNone, -infinite}), 4);
  EXPECT_EQ(collapse_of({kNone, 0.0F, kNone, 0.0F, kNone, 0.0F, kNone, 0.0F}), std::nullopt);
}

TEST(CollapseRule, LaterRecordsChangeNothing) {
  std::vector<float> nats(10, 8.2175F);
  nats.insert(nats.end(), 500, 0.0F);
  nats.insert(nats.end(), 500, 12.0F);
  EXPECT_EQ(collapse_of(nats), 10);
}

TEST(CollapseRule, OfABatchItsLastEditIsTheCollapse) {
  const std::vector<float> nats(40, 8.2175F);
  EXPECT_EQ(collapse_of(nats, 4), 12);
  EXPECT_EQ(collapse_of(nats, 10), 10);
  EXPECT_EQ(collapse_of(std::vector<float>(9, 12.0F), 10), std::nullopt) << "the step is not at its end";
  // Within a step the sum may fall again: it was certain all the same.
  EXPECT_EQ(collapse_of({12, 12, 12, 12, 0, 0, 0, 0, 0, 0}, 10), 10);
}

TEST(CollapseRule, CutsBetweenRecordsDoNotShow) {
  std::mt19937_64 random(7);
  std::normal_distribution<float> noise(6.4F, 2.0F);
  std::vector<float> nats(400);
  for (auto& one : nats) one = noise(random);
  const auto records = records_of(nats);
  const auto whole = collapse_of(nats);
  ASSERT_TRUE(whole);
  for (std::size_t cut = 0; cut <= records.size(); ++cut) {
    // Folded up to here, laid aside, and gone on with.
    CollapseDetector first(kVocabulary);
    for (std::size_t i = 0; i < cut; ++i) first.add(records[i], true);
    auto again = first;
    for (std::size_t i = cut; i < records.size(); ++i) again.add(records[i], true);
    ASSERT_EQ(again.collapsed_at(), whole) << cut;
  }
}

/// Runs of edits whose NLLs scatter around `mean`, and in how many of them there is an alarm.
int num_alarms(double mean, double deviation, int num_runs, int num_edits) {
  int alarms = 0;
  for (int run = 0; run < num_runs; ++run) {
    std::mt19937_64 random(static_cast<std::uint64_t>(run) + 1);
    std::normal_distribution<double> noise(mean, deviation);
    CollapseDetector detector(kVocabulary);
    for (std::int64_t edit = 1; edit <= num_edits; ++edit) {
      detector.add(record_of(edit, {static_cast<float>(noise(random))}), true);
    }
    alarms += detector.collapsed_at() ? 1 : 0;
  }
  return alarms;
}

TEST(CollapseRule, NoiseBelowTheReferenceGivesNoAlarm) {
  // The small world's records scatter by 1 to 1.7 nats around 4 to 5 where a model forgets and still speaks.
  EXPECT_EQ(num_alarms(4.7, 1.7, 20, 10'000), 0);
  EXPECT_EQ(num_alarms(2.0, 1.5, 20, 10'000), 0);
}

TEST(CollapseRule, AJumpIsFoundWithinTenEdits) {
  for (int run = 0; run < 100; ++run) {
    std::mt19937_64 random(static_cast<std::uint64_t>(run) + 1);
    std::normal_distribution<float> before(3.0F, 1.5F);
    std::normal_distribution<float> behind(11.0F, 2.5F);
    std::vector<float> nats;
    for (int edit = 0; edit < 300; ++edit) nats.push_back(before(random));
    for (int edit = 0; edit < 50; ++edit) nats.push_back(behind(random));
    const auto found = collapse_of(nats);
    ASSERT_TRUE(found);
    EXPECT_GE(*found, 304);
    EXPECT_LE(*found, 310);
  }
}

}  // namespace
}  // namespace lethe::core
