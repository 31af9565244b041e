#include "orchestrator/scheduling/retry_policy.h"

#include <algorithm>
#include <string>

namespace lethe::orchestrator::inline scheduling {
namespace {

constexpr int kMaxDoublings = 6;

/// The counter that a failure adds to: each way of healing has its own.
int& counter_of(core::FailureClass failure, Attempts& attempts) {
  switch (core::healing_of(failure)) {
    case core::Healing::kTime:
      return attempts.infrastructure_failures;
    case core::Healing::kSomeoneActs:
      return attempts.folder_failures;
    case core::Healing::kNever:
    case core::Healing::kAnotherTry:
      break;
  }
  return attempts.failures;
}

}  // namespace

Attempts after_failure(Attempts attempts, const core::FailedEvent& failed, double now_seconds,
                       const RetryOptions& options) {
  const int num_before = counter_of(failed.failure, attempts)++;
  const double delay = options.delay_seconds * static_cast<double>(1 << std::min(num_before, kMaxDoublings));
  attempts.not_before_seconds = now_seconds + delay;
  attempts.reason = std::string(core::to_string(failed.failure)) + ": " + failed.reason;
  return attempts;
}

bool is_given_up(const Attempts& attempts, core::FailureClass failure, const RetryOptions& options) {
  switch (core::healing_of(failure)) {
    case core::Healing::kNever:
      return true;
    case core::Healing::kAnotherTry:
      return false;  // on which ranks it failed decides
    case core::Healing::kTime:
      return attempts.infrastructure_failures > options.max_infrastructure_failures;
    case core::Healing::kSomeoneActs:
      return false;
  }
  return true;
}

bool FolderTrouble::is_everywhere(int rank, const std::set<int>& busy_ranks, double now_seconds,
                                  const RetryOptions& options) {
  if (!trouble_) trouble_ = Trouble{now_seconds, {}};
  trouble_->ranks.insert(rank);
  const bool is_new = now_seconds - trouble_->since_seconds < options.folder_patience * options.delay_seconds;
  return !is_new && std::ranges::includes(trouble_->ranks, busy_ranks);
}

}  // namespace lethe::orchestrator::inline scheduling
