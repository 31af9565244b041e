#include "report/forgetting.h"

#include <algorithm>

namespace lethe::report {
namespace {

bool is_known(const core::PromptScore& score, Recall recall) {
  return recall == Recall::kArgmax ? score.is_correct : score.nll_new < score.nll_true;
}

bool is_known_after_edit(const core::MetricRecord& record, Recall recall) {
  return std::any_of(record.scores.begin(), record.scores.end(), [&](const core::PromptScore& score) {
    return score.kind == core::PromptKind::kRewrite && is_known(score, recall);
  });
}

double percent(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

ForgettingCurve forgetting_curve(const CellHistory& history, Recall recall) {
  ForgettingCurve curve;
  std::vector<bool> was_forgotten(history.records.size(), false);
  for (const ForgettingPoint& point : history.forgetting) {
    std::int64_t num_known = 0;
    std::int64_t num_ever = 0;
    std::int64_t num_now = 0;
    for (std::size_t i = 0; i < point.records.size(); ++i) {
      if (!is_known_after_edit(history.records[i], recall)) continue;
      const bool is_forgotten = !is_known(point.records[i].rewrite, recall);
      was_forgotten[i] = was_forgotten[i] || is_forgotten;
      ++num_known;
      num_ever += was_forgotten[i] ? 1 : 0;
      num_now += is_forgotten ? 1 : 0;
    }
    curve.edits.push_back(point.edits);
    curve.ever.push_back(percent(num_ever, num_known));
    curve.now.push_back(percent(num_now, num_known));
  }
  return curve;
}

}  // namespace lethe::report
