#pragma once

#include <cstddef>
#include <set>
#include <tuple>

#include "orchestrator/scheduling/retry_policy.h"

namespace lethe::orchestrator::inline scheduling {

/// A piece of work, however much of it is asked for: its kind, its index, of a reduction its number.
using WorkKey = std::tuple<WorkUnit::Kind, std::size_t, std::size_t>;
WorkKey key_of(const WorkUnit& unit);

/// Whether it is the rank that fails, and not what it is given: a lost GPU or a bad node fails whatever comes, at once,
/// and takes the next piece of work while all sound ranks are busy.
class RankTrust {
 public:
  /// It got on: it is sound.
  void on_progress() { *this = {}; }
  /// Work failed there in a way that another try may heal. That speaks against the rank unless the work `is_known`: it
  /// has failed on another rank that has got on with other work since.
  void on_failure(const WorkKey& work, bool is_known, double now_seconds, const RetryOptions& options);
  /// The work is given up: its failures were its own. Without enough others the rank is trusted again.
  void on_given_up(const WorkKey& work, const RetryOptions& options);

  /// The last piece of work failed there: others come first.
  [[nodiscard]] bool is_doubtful() const { return is_doubtful_; }
  /// Different pieces of work failed there, one after the other and nothing between them: more of the same says nothing
  /// about the work.
  [[nodiscard]] bool is_distrusted() const { return is_distrusted_; }
  /// It gets nothing before.
  [[nodiscard]] double rests_until_seconds() const { return rests_until_seconds_; }
  /// What speaks against it.
  [[nodiscard]] const std::set<WorkKey>& failed_works() const { return failed_works_; }

 private:
  std::set<WorkKey> failed_works_;
  bool is_doubtful_ = false;
  int num_rests_ = 0;
  bool is_distrusted_ = false;
  double rests_until_seconds_ = 0.0;

  [[nodiscard]] bool has_failed_enough(const RetryOptions& options) const;
};

}  // namespace lethe::orchestrator::inline scheduling
