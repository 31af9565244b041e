#include "orchestrator/scheduling/rank_trust.h"

#include <algorithm>
#include <cmath>

namespace lethe::orchestrator::inline scheduling {

void RankTrust::on_failure(bool is_first, double now_seconds, const RetryOptions& options) {
  if (is_first || num_failed_works_ == 0) ++num_failed_works_;
  if (!is_distrusted_ && num_failed_works_ < options.max_failed_works_of_rank) return;
  is_distrusted_ = true;
  const double longest = options.longest_rest * options.delay_seconds;
  const double rest = options.first_rest * options.delay_seconds * std::exp2(std::min(num_rests_++, 30));
  rests_until_seconds_ = now_seconds + std::min(longest, rest);
}

}  // namespace lethe::orchestrator::inline scheduling
