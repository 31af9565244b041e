#include "orchestrator/scheduling/rank_trust.h"

#include <algorithm>
#include <cmath>

namespace lethe::orchestrator::inline scheduling {

WorkKey key_of(const WorkUnit& unit) {
  return {unit.kind, unit.index, unit.kind == WorkUnit::Kind::kReduction ? unit.reduction : 0};
}

bool RankTrust::has_failed_enough(const RetryOptions& options) const {
  return failed_works_.size() >= static_cast<std::size_t>(options.max_failed_works_of_rank);
}

void RankTrust::on_failure(const WorkKey& work, bool is_known, double now_seconds, const RetryOptions& options) {
  is_doubtful_ = true;
  if (!is_known) failed_works_.insert(work);
  is_distrusted_ |= has_failed_enough(options);
  if (!is_distrusted_) return;
  const double longest = options.longest_rest * options.delay_seconds;
  const double rest = options.first_rest * options.delay_seconds * std::exp2(std::min(num_rests_++, 30));
  rests_until_seconds_ = now_seconds + std::min(longest, rest);
}

void RankTrust::on_given_up(const WorkKey& work, const RetryOptions& options) {
  if (failed_works_.erase(work) > 0 && !has_failed_enough(options)) *this = {};
}

}  // namespace lethe::orchestrator::inline scheduling
