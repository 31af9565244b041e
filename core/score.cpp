#include "core/score.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

namespace lethe::core {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double token_accuracy(std::span<const TargetToken> tokens) {
  const auto num_right = std::ranges::count_if(tokens, [](const TargetToken& t) { return t.id == t.argmax; });
  return tokens.empty() ? kNone : static_cast<double>(num_right) / static_cast<double>(tokens.size());
}

/// A NaN is no value: an edit without prompts of a kind does not count for it.
double mean_of_present(std::span<const double> values) {
  double sum = 0.0;
  std::size_t count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count == 0 ? kNone : sum / static_cast<double>(count);
}

struct KindScore {
  double successes = 0.0;
  double correct = 0.0;
  double tokens = 0.0;
  double count = 0.0;

  void add(const PromptScore& score) {
    const bool wants_new = score.kind != PromptKind::kNeighborhood;
    const bool is_success = wants_new ? score.nll_new < score.nll_true : score.nll_true < score.nll_new;
    successes += is_success ? 1.0 : 0.0;
    correct += score.is_correct ? 1.0 : 0.0;
    tokens += token_accuracy(wants_new ? score.tokens_new : score.tokens_true);
    count += 1.0;
  }
  [[nodiscard]] double mean(double sum) const { return count == 0.0 ? kNone : sum / count; }
};

/// One class's row and column sums of the confusion matrix, and its diagonal element.
struct ClassCounts {
  std::int64_t in_labels = 0;
  std::int64_t in_predictions = 0;
  std::int64_t agreeing = 0;
};

std::map<std::int32_t, ClassCounts> count_classes(std::span<const std::int32_t> labels,
                                                  std::span<const std::int32_t> predictions) {
  if (labels.size() != predictions.size()) {
    throw std::invalid_argument("scores need as many labels as predictions");
  }
  std::map<std::int32_t, ClassCounts> classes;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    ++classes[labels[i]].in_labels;
    ++classes[predictions[i]].in_predictions;
    if (labels[i] == predictions[i]) ++classes[labels[i]].agreeing;
  }
  return classes;
}

}  // namespace

EditScores edit_scores(std::span<const PromptScore> scores) {
  KindScore rewrite;
  KindScore paraphrase;
  KindScore neighborhood;
  for (const auto& score : scores) {
    auto& kind = score.kind == PromptKind::kRewrite      ? rewrite
                 : score.kind == PromptKind::kParaphrase ? paraphrase
                                                         : neighborhood;
    kind.add(score);
  }
  return EditScores{
      rewrite.mean(rewrite.successes), paraphrase.mean(paraphrase.successes), neighborhood.mean(neighborhood.successes),
      rewrite.mean(rewrite.correct),   paraphrase.mean(paraphrase.correct),   neighborhood.mean(neighborhood.correct),
      rewrite.mean(rewrite.tokens),    paraphrase.mean(paraphrase.tokens),    neighborhood.mean(neighborhood.tokens)};
}

void FiniteCount::add(double value) {
  ++num_values;
  num_not_finite += std::isfinite(value) ? 0 : 1;
}

void FiniteCount::add(std::span<const PromptScore> scores) {
  for (const auto& score : scores) {
    for (const double value : {score.nll_new, score.nll_true, score.margin}) add(value);
  }
}

void FiniteCount::add(const TextsRecord& record) {
  if (record.unedited.sampled.ids.empty()) return;
  add(record.edited.nll_unedited);
  add(record.unedited.nll_unedited);
}

void FiniteCount::add(const MonitorRecord& record) {
  for (const auto& norms : record.norms) {
    for (const double value : {norms.update_spectral, norms.base_spectral, norms.frobenius, norms.base_frobenius}) {
      add(value);
    }
  }
  for (const auto& document : record.text) {
    add(document.edited);
    add(document.unedited);
  }
}

double locality(std::span<const PromptScore> edited, std::span<const PromptScore> unedited) {
  if (edited.size() != unedited.size()) throw std::invalid_argument("locality compares the same prompts of two models");
  double sum = 0.0;
  int count = 0;
  for (std::size_t i = 0; i < edited.size(); ++i) {
    if (edited[i].kind != PromptKind::kNeighborhood) continue;
    const auto& now = edited[i].tokens_true;
    const auto& before = unedited[i].tokens_true;
    if (now.empty() || now.size() != before.size()) return kNone;
    int num_same = 0;
    for (std::size_t t = 0; t < now.size(); ++t) num_same += now[t].argmax == before[t].argmax ? 1 : 0;
    sum += static_cast<double>(num_same) / static_cast<double>(now.size());
    ++count;
  }
  return count == 0 ? kNone : sum / count;
}

double harmonic_mean(std::span<const double> values) {
  double sum_of_inverses = 0.0;
  for (const auto value : values) {
    if (value == 0.0) return 0.0;
    sum_of_inverses += 1.0 / value;
  }
  return values.empty() ? 0.0 : static_cast<double>(values.size()) / sum_of_inverses;
}

double weighted_f1(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions) {
  const auto classes = count_classes(labels, predictions);
  if (labels.empty()) return 0.0;
  double sum = 0.0;
  for (const auto& [label, counts] : classes) {
    // in_labels + in_predictions = 2 TP + FN + FP, never zero for a class that was seen.
    const auto f1 =
        2.0 * static_cast<double>(counts.agreeing) / static_cast<double>(counts.in_labels + counts.in_predictions);
    sum += f1 * static_cast<double>(counts.in_labels);
  }
  return sum / static_cast<double>(labels.size());
}

double matthews_correlation(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions) {
  double covariance_labels = 0.0;
  double covariance_predictions = 0.0;
  double covariance = 0.0;
  const auto total = static_cast<double>(labels.size());
  for (const auto& [label, counts] : count_classes(labels, predictions)) {
    const auto in_labels = static_cast<double>(counts.in_labels);
    const auto in_predictions = static_cast<double>(counts.in_predictions);
    covariance += static_cast<double>(counts.agreeing) * total - in_labels * in_predictions;
    covariance_labels += in_labels * (total - in_labels);
    covariance_predictions += in_predictions * (total - in_predictions);
  }
  // Sums of whole numbers: exact in double for any set that fits in memory.
  const auto product = covariance_labels * covariance_predictions;
  return product == 0.0 ? 0.0 : covariance / std::sqrt(product);
}

AnswerCounts count_answers(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions) {
  if (labels.size() != predictions.size()) {
    throw std::invalid_argument("scores need as many labels as predictions");
  }
  AnswerCounts counts;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (predictions[i] < 0) {
      ++counts.invalid;
    } else if (predictions[i] == labels[i]) {
      ++counts.correct;
    } else {
      ++counts.incorrect;
    }
  }
  return counts;
}

std::vector<double> bucket_means(std::span<const double> values, std::size_t size) {
  if (size == 0) throw std::invalid_argument("a bucket holds at least one value");
  std::vector<double> means;
  for (std::size_t begin = 0; begin + size <= values.size(); begin += size) {
    means.push_back(mean_of_present(values.subspan(begin, size)));
  }
  return means;
}

std::vector<double> trailing_means(std::span<const double> values, std::size_t window) {
  if (window == 0) throw std::invalid_argument("a window holds at least one value");
  std::vector<double> means;
  means.reserve(values.size());
  for (std::size_t last = 0; last < values.size(); ++last) {
    const auto count = std::min(window, last + 1);
    // Summed afresh: a running difference would carry rounding on for ever.
    means.push_back(mean_of_present(values.subspan(last + 1 - count, count)));
  }
  return means;
}

}  // namespace lethe::core
