#include "report/forgetting.h"

#include <algorithm>
#include <limits>

namespace lethe::report {
namespace {

bool is_known(const core::PromptScore& score, Recall recall) {
  return recall == Recall::kArgmax ? score.is_correct : score.nll_new < score.nll_true;
}

bool is_known_after_edit(const core::MetricRecord& record, Recall recall) {
  return std::ranges::any_of(record.scores, [&](const core::PromptScore& score) {
    return score.kind == core::PromptKind::kRewrite && is_known(score, recall);
  });
}

ForgettingCounts count_with(Recall recall, std::span<const core::MetricRecord> after_edit,
                            std::span<const core::ForgettingRecord> now, std::vector<bool>& was_forgotten) {
  ForgettingCounts counts;
  was_forgotten.resize(std::max(was_forgotten.size(), now.size()));
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (!is_known_after_edit(after_edit[i], recall)) continue;
    const bool is_forgotten = !is_known(now[i].rewrite, recall);
    was_forgotten[i] = was_forgotten[i] || is_forgotten;
    ++counts.num_known;
    counts.num_ever += was_forgotten[i] ? 1 : 0;
    counts.num_now += is_forgotten ? 1 : 0;
  }
  return counts;
}

double percent(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return std::numeric_limits<double>::quiet_NaN();
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

ForgettingPoint ForgettingTally::count(std::span<const core::MetricRecord> after_edit,
                                       std::span<const core::ForgettingRecord> now) {
  return {static_cast<std::int64_t>(now.size()), count_with(Recall::kArgmax, after_edit, now, was_forgotten_argmax_),
          count_with(Recall::kEfficacy, after_edit, now, was_forgotten_efficacy_)};
}

ForgettingCurve forgetting_curve(std::span<const ForgettingPoint> points, Recall recall) {
  ForgettingCurve curve;
  for (const ForgettingPoint& point : points) {
    const ForgettingCounts& counts = point.of(recall);
    curve.edits.push_back(point.edits);
    curve.known.push_back(counts.num_known);
    curve.ever.push_back(percent(counts.num_ever, counts.num_known));
    curve.now.push_back(percent(counts.num_now, counts.num_known));
  }
  return curve;
}

}  // namespace lethe::report
