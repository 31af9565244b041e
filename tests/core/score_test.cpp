#include "core/score.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace lethe::core {
namespace {

using Labels = std::vector<std::int32_t>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

PromptScore prompt(PromptKind kind, float nll_new, float nll_true, bool is_correct = false) {
  return {kind, nll_new, nll_true, is_correct, 0.0F};
}

TEST(EditScores, CountsStrictWinsPerKind) {
  const std::vector<PromptScore> scores{
      prompt(PromptKind::kRewrite, 0.1F, 2.0F, true),     prompt(PromptKind::kParaphrase, 0.5F, 0.4F, true),
      prompt(PromptKind::kParaphrase, 0.3F, 0.4F, false), prompt(PromptKind::kNeighborhood, 3.0F, 1.0F, true),
      prompt(PromptKind::kNeighborhood, 1.0F, 3.0F),      prompt(PromptKind::kNeighborhood, 3.0F, 1.0F, true),
      prompt(PromptKind::kNeighborhood, 4.0F, 1.0F),
  };
  const auto result = edit_scores(scores);
  EXPECT_DOUBLE_EQ(result.efficacy, 1.0);
  EXPECT_DOUBLE_EQ(result.paraphrase, 0.5);
  EXPECT_DOUBLE_EQ(result.neighborhood, 0.75);
  EXPECT_DOUBLE_EQ(result.efficacy_accuracy, 1.0);
  EXPECT_DOUBLE_EQ(result.paraphrase_accuracy, 0.5);
  EXPECT_DOUBLE_EQ(result.neighborhood_accuracy, 0.5);
}

TEST(EditScores, TiesAndNansFail) {
  const auto nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<PromptScore> ties{prompt(PromptKind::kRewrite, 1.0F, 1.0F),
                                      prompt(PromptKind::kParaphrase, nan, 1.0F),
                                      prompt(PromptKind::kNeighborhood, 1.0F, 1.0F)};
  const auto result = edit_scores(ties);
  EXPECT_EQ(result.efficacy, 0.0);
  EXPECT_EQ(result.paraphrase, 0.0);
  EXPECT_EQ(result.neighborhood, 0.0);
}

TEST(EditScores, TokenAccuracyIsTheShareOfTheWantedTargetsTokens) {
  auto rewrite = prompt(PromptKind::kRewrite, 1.0F, 2.0F);
  rewrite.tokens_new = {{4, 0.1F, 4}, {5, 3.0F, 6}, {7, 0.1F, 7}, {8, 3.0F, 1}};
  rewrite.tokens_true = {{1, 0.1F, 1}};
  auto neighbour = prompt(PromptKind::kNeighborhood, 1.0F, 2.0F);
  neighbour.tokens_true = {{4, 0.1F, 4}, {5, 3.0F, 6}};
  neighbour.tokens_new = {{9, 0.1F, 2}};
  const auto whole = prompt(PromptKind::kParaphrase, 1.0F, 2.0F);
  const auto result = edit_scores(std::vector{rewrite, whole, neighbour});
  EXPECT_DOUBLE_EQ(result.efficacy_token_accuracy, 0.5);
  EXPECT_DOUBLE_EQ(result.neighborhood_token_accuracy, 0.5);
  EXPECT_TRUE(std::isnan(result.paraphrase_token_accuracy)) << "its tokens were not kept";
}

TEST(Locality, IsAgreementWithTheOtherModelRightOrWrong) {
  const auto neighbour = [](std::vector<TargetToken> tokens) {
    auto score = prompt(PromptKind::kNeighborhood, 1.0F, 2.0F);
    score.tokens_true = std::move(tokens);
    return score;
  };
  const auto rewrite = prompt(PromptKind::kRewrite, 1.0F, 2.0F);
  // Of two tokens one is found by both, though it is not the target's; of the second prompt's one token none.
  const std::vector edited{rewrite, neighbour({{4, 1.0F, 3}, {5, 1.0F, 5}}), neighbour({{6, 1.0F, 6}})};
  const std::vector unedited{rewrite, neighbour({{4, 1.0F, 3}, {5, 1.0F, 8}}), neighbour({{6, 1.0F, 1}})};
  EXPECT_DOUBLE_EQ(locality(edited, unedited), 0.25);
  EXPECT_DOUBLE_EQ(locality(edited, edited), 1.0);
  EXPECT_TRUE(std::isnan(locality(std::vector{rewrite}, std::vector{rewrite})));
  EXPECT_TRUE(std::isnan(locality(std::vector{neighbour({})}, std::vector{neighbour({})})));
  EXPECT_THROW((void)locality(edited, std::vector{rewrite}), std::invalid_argument);
}

TEST(EditScores, AbsentKindsAreNan) {
  const std::vector<PromptScore> scores{prompt(PromptKind::kRewrite, 0.0F, 1.0F)};
  const auto result = edit_scores(scores);
  EXPECT_EQ(result.efficacy, 1.0);
  EXPECT_TRUE(std::isnan(result.paraphrase));
  EXPECT_TRUE(std::isnan(result.neighborhood_accuracy));
}

TEST(HarmonicMean, HandCases) {
  EXPECT_DOUBLE_EQ(harmonic_mean(std::vector{1.0, 0.5, 0.25}), 3.0 / 7.0);
  EXPECT_EQ(harmonic_mean(std::vector{1.0, 0.0}), 0.0);
  EXPECT_EQ(harmonic_mean({}), 0.0);
}

struct TaskCase {
  const char* name;
  Labels labels;
  Labels predictions;
  double f1;
  double mcc;
};

// Expected values: scikit-learn 1.9.1, f1_score(average="weighted", zero_division=0) and matthews_corrcoef.
const std::vector<TaskCase>& task_cases() {
  static const std::vector<TaskCase> cases{
      {"perfect", {0, 1, 1, 0}, {0, 1, 1, 0}, 1.0, 1.0},
      {"inverted", {0, 1, 1, 0}, {1, 0, 0, 1}, 0.0, -1.0},
      {"all invalid", {0, 1, 1, 0}, {-1, -1, -1, -1}, 0.0, 0.0},
      {"constant", {0, 1, 1, 0}, {1, 1, 1, 1}, 0.3333333333333333, 0.0},
      {"one invalid", {0, 0, 0, 1, 1}, {0, 0, 1, 1, -1}, 0.68, 0.36084391824351614},
      {"mixed",
       {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1},
       {0, -1, 0, 1, -1, 1, 0, 1, -1, 1, 0, 1, 0, 1, 0, 0, -1, -1, 0, -1, 0, 1, 1, 1},
       0.7619047619047619,
       0.5091750772173156},
      {"four classes",
       {2, 0, 1, 3, 0, 0, 0, 2, 0, 1, 0, 2, 2, 1, 0, 0, 1, 2, 1, 2, 0, 2, 2, 1},
       {2, 1, 2, 3, -1, 0, 0, 0, -1, 3, 2, 0, 2, 1, 0, 0, -1, 0, 1, 0, 1, 2, 3, 1},
       0.4875137117784177,
       0.2845164396423549},
      {"one label only",
       {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
       {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, -1, -1},
       0.8000000000000002,
       0.0},
  };
  return cases;
}

TEST(WeightedF1, MatchesScikitLearn) {
  for (const auto& example : task_cases()) {
    EXPECT_NEAR(weighted_f1(example.labels, example.predictions), example.f1, 1e-12) << example.name;
  }
}

TEST(MatthewsCorrelation, MatchesScikitLearn) {
  for (const auto& example : task_cases()) {
    EXPECT_NEAR(matthews_correlation(example.labels, example.predictions), example.mcc, 1e-12) << example.name;
  }
}

TEST(TaskScores, EmptyIsZeroAndUnequalLengthsAreAMistake) {
  EXPECT_EQ(weighted_f1({}, {}), 0.0);
  EXPECT_EQ(matthews_correlation({}, {}), 0.0);
  EXPECT_THROW(weighted_f1(Labels{1}, Labels{}), std::invalid_argument);
  EXPECT_THROW(matthews_correlation(Labels{1}, Labels{1, 0}), std::invalid_argument);
  EXPECT_THROW(count_answers(Labels{1}, Labels{}), std::invalid_argument);
}

TEST(CountAnswers, SeparatesInvalidFromIncorrect) {
  const auto counts = count_answers(Labels{0, 1, 1, 0, 1}, Labels{0, 0, 1, -1, -1});
  EXPECT_EQ(counts.correct, 2);
  EXPECT_EQ(counts.incorrect, 1);
  EXPECT_EQ(counts.invalid, 2);
}

TEST(BucketMeans, DropsTheIncompleteBucket) {
  const std::vector<double> values{1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(bucket_means(values, 3), (std::vector<double>{2, 5}));
  EXPECT_TRUE(bucket_means(values, 8).empty());
  EXPECT_THROW(bucket_means(values, 0), std::invalid_argument);
}

TEST(BucketMeans, AnEditWithoutAValueDoesNotCount) {
  const auto means = bucket_means(std::vector<double>{1, kNan, 3, kNan, kNan, kNan, kNan, 7, kNan}, 3);
  ASSERT_EQ(means.size(), 3U);
  EXPECT_EQ(means[0], 2.0);
  EXPECT_TRUE(std::isnan(means[1])) << "no edit of the bucket has one";
  EXPECT_EQ(means[2], 7.0);
}

TEST(TrailingMeans, ShorterAtTheStart) {
  EXPECT_EQ(trailing_means(std::vector<double>{1, 3, 5, 9}, 3), (std::vector<double>{1, 2, 3, 17.0 / 3.0}));
  EXPECT_THROW(trailing_means({}, 0), std::invalid_argument);
}

TEST(TrailingMeans, WhatHasNoValueDoesNotCount) {
  const auto means = trailing_means(std::vector<double>{kNan, 1, 3, kNan, kNan, 7}, 2);
  ASSERT_EQ(means.size(), 6U);
  EXPECT_TRUE(std::isnan(means[0]));
  EXPECT_EQ(means[1], 1.0);
  EXPECT_EQ(means[2], 2.0);
  EXPECT_EQ(means[3], 3.0);
  EXPECT_TRUE(std::isnan(means[4])) << "none of the window has one";
  EXPECT_EQ(means[5], 7.0);
}

}  // namespace
}  // namespace lethe::core
