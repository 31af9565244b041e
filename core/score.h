#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/metric_record.h"

namespace lethe::core {

/// ES, PS, NS of one edit (fractions in [0,1]); strict comparisons: a tie or a NaN is a failure, and counts.
/// NaN for a kind of prompt that the record does not have: an absent score is no score of zero.
struct EditScores {
  double efficacy = 0.0;      ///< 1[nll_new < nll_true] on the rewrite prompt
  double paraphrase = 0.0;    ///< mean over paraphrases
  double neighborhood = 0.0;  ///< mean over neighbours of 1[nll_true < nll_new]
  double efficacy_accuracy = 0.0;
  double paraphrase_accuracy = 0.0;
  double neighborhood_accuracy = 0.0;
  // Mean over prompts of the share of the wanted target's tokens that are the likeliest behind those before them
  // (teacher-forced). NaN as well where a prompt's tokens were not kept.
  double efficacy_token_accuracy = 0.0;
  double paraphrase_token_accuracy = 0.0;
  double neighborhood_token_accuracy = 0.0;
};
EditScores edit_scores(std::span<const PromptScore> scores);

/// How many measured values are numbers: a model that has diverged gives others.
struct FiniteCount {
  std::int64_t num_values = 0;
  std::int64_t num_not_finite = 0;

  void add(double value);
  /// Both NLLs and the margin of each prompt.
  void add(std::span<const PromptScore> scores);
  /// What both models make of the unedited one's text, if it has a token.
  void add(const TextsRecord& record);
  /// Norms of each parameter, and what both models make of each document.
  void add(const MonitorRecord& record);
};

/// Locality by agreement: mean over neighbourhood prompts of the share of the true target's tokens in whose place both
/// models find the same token likeliest. `edited` and `unedited` are the same prompts in one order. NaN where there are
/// no such prompts, or tokens were not kept.
double locality(std::span<const PromptScore> edited, std::span<const PromptScore> unedited);

/// Harmonic mean; 0 if any value is 0 or there are none.
double harmonic_mean(std::span<const double> values);

/// F1 weighted by class support over the classes present in labels or predictions, -1 included
/// (scikit-learn's `average="weighted"`, zero where undefined).
double weighted_f1(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions);

/// Multi-class Matthews correlation R_K, -1 being a class of its own; 0 where undefined.
double matthews_correlation(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions);

struct AnswerCounts {
  std::int64_t correct = 0;
  std::int64_t incorrect = 0;
  std::int64_t invalid = 0;
};
AnswerCounts count_answers(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions);

// The lengths of `labels` and `predictions` must agree (`std::invalid_argument`); scores of no examples are 0.

// Means of curves. A NaN is an edit that has no such value and does not count; where none has it, the mean is NaN.

/// Disjoint buckets of `size` edits; a last incomplete bucket is dropped (published figure 1).
std::vector<double> bucket_means(std::span<const double> values, std::size_t size);
/// Mean over the last `window` values, fewer at the start.
std::vector<double> trailing_means(std::span<const double> values, std::size_t window);

}  // namespace lethe::core
