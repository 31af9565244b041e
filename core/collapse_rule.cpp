#include "core/collapse_rule.h"

#include <algorithm>
#include <cmath>

namespace lethe::core {
namespace {

/// Mean NLL of the true answers of the neighbourhood prompts, in nats; nullopt without such prompts.
std::optional<double> neighborhood_nats(const MetricRecord& record) {
  double sum = 0.0;
  int count = 0;
  for (const auto& score : record.scores) {
    if (score.kind != PromptKind::kNeighborhood) continue;
    sum += double{score.nll_true};
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

}  // namespace

CollapseDetector::CollapseDetector(std::int64_t vocabulary, const CollapseRule& rule)
    : rule_(rule),
      reference_nats_(rule.share_of_uniform * std::log(static_cast<double>(std::max<std::int64_t>(vocabulary, 1)))) {}

void CollapseDetector::add(const MetricRecord& record, bool is_step_end) {
  if (collapsed_at_) return;
  if (const auto nats = neighborhood_nats(record)) {
    const double excess = std::isfinite(*nats) ? *nats - reference_nats_ : rule_.most_nats;
    sum_nats_ = std::max(0.0, sum_nats_ + std::clamp(excess, -rule_.most_nats, rule_.most_nats));
    is_certain_ |= sum_nats_ >= rule_.alarm_nats;
  }
  if (is_step_end && is_certain_) collapsed_at_ = record.edit;
}

}  // namespace lethe::core
