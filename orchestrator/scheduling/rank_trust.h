#pragma once

#include "orchestrator/scheduling/retry_policy.h"

namespace lethe::orchestrator::inline scheduling {

/// Whether it is the rank that fails, and not what it is given: a lost GPU or a bad node fails whatever comes, at once,
/// and takes the next piece of work while all sound ranks are busy.
class RankTrust {
 public:
  /// It got on: what failed before was not its fault.
  void on_progress() { *this = {}; }
  /// Work failed there in a way that another try may heal; `is_first` if that work had not failed before.
  void on_failure(bool is_first, double now_seconds, const RetryOptions& options);

  /// The last piece of work failed there: others come first.
  [[nodiscard]] bool is_doubtful() const { return num_failed_works_ > 0; }
  /// Different pieces of work failed there, one after the other and nothing between them: more of the same says nothing
  /// about the work.
  [[nodiscard]] bool is_distrusted() const { return is_distrusted_; }
  /// It gets nothing before.
  [[nodiscard]] double rests_until_seconds() const { return rests_until_seconds_; }

 private:
  int num_failed_works_ = 0;
  int num_rests_ = 0;
  bool is_distrusted_ = false;
  double rests_until_seconds_ = 0.0;
};

}  // namespace lethe::orchestrator::inline scheduling
