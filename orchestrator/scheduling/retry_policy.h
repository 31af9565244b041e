#pragma once

#include <optional>
#include <set>

#include "core/contract/executor_messages.h"
#include "orchestrator/scheduling/backlog.h"

// What becomes of work that failed: `core::healing_of` says what can heal, this says how long it is waited for.

namespace lethe::orchestrator::inline scheduling {

struct RetryOptions {
  int max_failures = 3;  ///< retries of a piece of work without progress between them; of one rank, and on three others
  int max_infrastructure_failures = 10;
  double delay_seconds = 1.0;        ///< before the first retry, doubled at each one
  double folder_patience = 5.0;      ///< delays that a folder which takes nothing is given to heal
  int max_failed_works_of_rank = 3;  ///< different ones in a row, before a rank is taken to be what fails
  double first_rest = 64.0;          ///< delays that such a rank gets nothing, doubled at each further failure
  double longest_rest = 4096.0;      ///< in delays
};

/// `attempts` with one failure more, its reason and the time of the next try.
Attempts after_failure(Attempts attempts, const core::FailedEvent& failed, double now_seconds,
                       const RetryOptions& options);
/// True if its number of failures leaves no next try. Where another try may heal, that follows from `FailedWorks`.
bool is_given_up(const Attempts& attempts, core::FailureClass failure, const RetryOptions& options);

/// Whether the sweep's folder takes anything from anybody.
class FolderTrouble {
 public:
  /// Something was written.
  void clear() { trouble_.reset(); }
  [[nodiscard]] bool is_there() const { return trouble_.has_value(); }
  /// It refused a rank, and nothing was written since.
  [[nodiscard]] bool has_met(int rank) const { return trouble_ && trouble_->ranks.contains(rank); }
  /// A rank could not write. True if nobody gets on any more: for some time all that are at work have met it. Whoever
  /// idles has nothing to write.
  bool is_everywhere(int rank, const std::set<int>& busy_ranks, double now_seconds, const RetryOptions& options);

 private:
  struct Trouble {
    double since_seconds = 0.0;
    std::set<int> ranks;
  };
  std::optional<Trouble> trouble_;
};

}  // namespace lethe::orchestrator::inline scheduling
