#include "storage/reduction.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/storage/sample_contents.h"

namespace lethe::storage {
namespace {

using test::TemporaryFolder;

ReductionContents reduction(core::ReductionPart part) {
  ReductionContents contents;
  contents.cell = {"ft-c", "small-gptj", 3};
  contents.edit_identity = "0123456789ab";
  contents.reduction_identity = "ba9876543210";
  contents.edits = 30;
  contents.part = part;
  contents.provenance = {{"device", "cpu"}};
  return contents;
}

ReductionContents round_trip(const ReductionContents& contents) {
  const TemporaryFolder folder;
  write_reduction(folder / "a.tmp", contents);
  ReductionContents read = read_reduction(folder / "a.tmp");
  EXPECT_EQ(read.cell, contents.cell);
  EXPECT_EQ(read.edit_identity, contents.edit_identity);
  EXPECT_EQ(read.reduction_identity, contents.reduction_identity);
  EXPECT_EQ(read.edits, contents.edits);
  EXPECT_EQ(read.part, contents.part);
  EXPECT_EQ(read.provenance, contents.provenance);
  return read;
}

TEST(Reduction, KeepsDistancesInTheirOrder) {
  ReductionContents contents = reduction(core::ReductionPart::kDistance);
  contents.distances = {{"h.5.weight", 12.5, 100}, {"h.0.weight", 1e-300, 6'000'000'000}};
  const ReductionContents read = round_trip(contents);
  ASSERT_EQ(read.distances.size(), 2U);
  EXPECT_EQ(read.distances[0].parameter, "h.5.weight");
  EXPECT_EQ(read.distances[1].frobenius, 1e-300);
  EXPECT_EQ(read.distances[1].num_weights, 6'000'000'000);
}

TEST(Reduction, KeepsForgetting) {
  ReductionContents contents = reduction(core::ReductionPart::kForgetting);
  contents.forgetting = {{1, 500, {core::PromptKind::kRewrite, 0.5F, 1.5F, true, 2.0F}},
                         {2, 400, {core::PromptKind::kRewrite, 2.5F, 1.5F, false, -2.0F}}};
  const ReductionContents read = round_trip(contents);
  ASSERT_EQ(read.forgetting.size(), 2U);
  EXPECT_EQ(read.forgetting[1].edit, 2);
  EXPECT_EQ(read.forgetting[1].case_id, 400);
  EXPECT_EQ(read.forgetting[1].rewrite, contents.forgetting[1].rewrite);
}

TEST(Reduction, KeepsScoresOfAllEditsBesideTheUneditedModels) {
  using enum core::PromptKind;
  ReductionContents contents = reduction(core::ReductionPart::kScores);
  const std::vector<core::TargetToken> tokens{{7, 0.5F, 7}, {8, 1.5F, 9}};
  contents.scores = {{1, 500, {{kRewrite, 0.5F, 1.5F, true, 2.0F, tokens, {}}}, {{kRewrite, 1.0F, 0.1F, false, -1.0F}}},
                     {2, 400, {}, {}},
                     {3,
                      300,
                      {{kRewrite, 2.0F, 1.0F, false, -2.0F}, {kNeighborhood, 3.0F, 1.0F, true, 2.5F, {}, tokens}},
                      {{kRewrite, 4.0F, 1.0F, false, -2.0F}, {kNeighborhood, 3.5F, 1.0F, true, 0.5F, tokens, {}}}}};
  const ReductionContents read = round_trip(contents);
  ASSERT_EQ(read.scores.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read.scores[i].edit, contents.scores[i].edit);
    EXPECT_EQ(read.scores[i].case_id, contents.scores[i].case_id);
    EXPECT_EQ(read.scores[i].edited, contents.scores[i].edited);
    EXPECT_EQ(read.scores[i].unedited, contents.scores[i].unedited);
  }
}

TEST(Reduction, RefusesScoresOfTwoModelsThatDoNotBelongTogether) {
  using enum core::PromptKind;
  const TemporaryFolder folder;
  ReductionContents contents = reduction(core::ReductionPart::kScores);
  contents.scores = {{1, 500, {{kRewrite}}, {}}};
  EXPECT_THROW(write_reduction(folder / "a.tmp", contents), core::StorageError);
  contents.scores = {{1, 500, {{kRewrite}}, {{kParaphrase}}}};
  write_reduction(folder / "b.tmp", contents);
  EXPECT_THROW((void)read_reduction(folder / "b.tmp"), core::StorageError);
  contents.scores = {{2, 500, {}, {}}, {1, 400, {}, {}}};
  write_reduction(folder / "c.tmp", contents);
  EXPECT_THROW((void)read_reduction(folder / "c.tmp"), core::StorageError);
}

std::vector<core::TextsRecord> sample_texts() {
  const core::WrittenTexts edited{{{5, 6, 5}, " a a"}, {{}, ""}, 3.5F};
  const core::WrittenTexts unedited{{{1}, " caf\u00e9"}, {{2, 3}, std::string(" nul\0", 5)}, 1.25F};
  return {{1, 500, "The mother tongue of X is", edited, unedited},
          {1, 500, "X was born in", unedited, edited},
          {3, 300, "", {}, {}}};
}

TEST(Reduction, KeepsTextsOfBothModels) {
  ReductionContents contents = reduction(core::ReductionPart::kTexts);
  EXPECT_TRUE(round_trip(contents).texts.empty());
  contents.texts = sample_texts();
  EXPECT_EQ(round_trip(contents).texts, contents.texts);
}

TEST(Reduction, RefusesTextsOutOfOrder) {
  for (const auto& [first, second] : {std::pair{2, 1}, std::pair{0, 1}}) {
    ReductionContents contents = reduction(core::ReductionPart::kTexts);
    contents.texts = sample_texts();
    contents.texts[0].edit = first;
    contents.texts[1].edit = second;
    EXPECT_THROW(round_trip(contents), core::StorageError) << first;
  }
}

core::MonitorRecord sample_monitor() {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  return {{{"h.0.weight", 0.25, 12.5, 40.0, 39.5}, {"h.1.weight", kNone, 1e-9, kNone, 0.0}},
          {{128, 700.5, 310.25}, {1, kNone, 9.0}}};
}

TEST(Reduction, KeepsWhatTheMonitorMeasured) {
  ReductionContents contents = reduction(core::ReductionPart::kMonitor);
  EXPECT_TRUE(round_trip(contents).monitor.is_empty());
  contents.monitor = sample_monitor();
  EXPECT_EQ(round_trip(contents).monitor, contents.monitor);
  contents.monitor.text.clear();
  EXPECT_EQ(round_trip(contents).monitor, contents.monitor) << "without a text";
}

TEST(Reduction, RefusesADocumentWithoutATokenAndTheMonitorInAnotherPart) {
  ReductionContents contents = reduction(core::ReductionPart::kMonitor);
  contents.monitor = sample_monitor();
  contents.monitor.text.back().num_tokens = 0;
  EXPECT_THROW(round_trip(contents), core::StorageError);
  contents = reduction(core::ReductionPart::kDistance);
  contents.monitor = sample_monitor();
  EXPECT_THROW(round_trip(contents), core::StorageError);
}

TEST(Reduction, RefusesForgettingOutOfOrder) {
  ReductionContents contents = reduction(core::ReductionPart::kForgetting);
  contents.forgetting = {{2, 500, {}}, {1, 400, {}}};
  const TemporaryFolder folder;
  write_reduction(folder / "a.tmp", contents);
  EXPECT_THROW((void)read_reduction(folder / "a.tmp"), core::StorageError);
}

TEST(Reduction, KeepsTasksInTheConfigsOrder) {
  ReductionContents contents = reduction(core::ReductionPart::kTasks);
  contents.tasks = {{"sst2", {1, 0, 1}, {1, -1, 0}, {{5, 6, 7}, {}, {9}}}, {"cola", {0}, {0}, {{1}}}};
  const ReductionContents read = round_trip(contents);
  ASSERT_EQ(read.tasks.size(), 2U);
  EXPECT_EQ(read.tasks[0].task, "sst2");
  EXPECT_EQ(read.tasks[0].labels, contents.tasks[0].labels);
  EXPECT_EQ(read.tasks[0].predictions, contents.tasks[0].predictions);
  EXPECT_EQ(read.tasks[0].generated_ids, contents.tasks[0].generated_ids);
  EXPECT_EQ(read.tasks[1].task, "cola");
}

TEST(Reduction, HoldsABaseline) {
  ReductionContents contents = reduction(core::ReductionPart::kTasks);
  contents.cell = {"", "small-gpt2", -1};
  contents.edit_identity.clear();
  contents.edits = 0;
  const ReductionContents read = round_trip(contents);
  EXPECT_TRUE(read.tasks.empty());
}

TEST(Reduction, RefusesRecordsThatWouldBeLost) {
  const TemporaryFolder folder;
  ReductionContents contents = reduction(core::ReductionPart::kDistance);
  contents.tasks = {{"sst2", {1}, {1}, {{1}}}};
  EXPECT_THAT([&] { write_reduction(folder / "a.tmp", contents); },
              testing::ThrowsMessage<core::StorageError>(testing::HasSubstr("another part than distance")));
  contents = reduction(core::ReductionPart::kTasks);
  contents.tasks = {{"sst2", {1, 0}, {1}, {{1}, {2}}}};
  EXPECT_THROW(write_reduction(folder / "a.tmp", contents), core::StorageError);
  contents.tasks = {{"sst2", {1}, {1}, {{1}}}, {"sst2", {1}, {1}, {{1}}}};
  EXPECT_THROW(write_reduction(folder / "a.tmp", contents), core::StorageError);
}

}  // namespace
}  // namespace lethe::storage
