#pragma once

#include <functional>
#include <map>
#include <set>

#include "orchestrator/scheduling/rank_trust.h"

namespace lethe::orchestrator::inline scheduling {

/// On which ranks each piece of work failed since it last got further. What fails on several ranks is bad itself; what
/// failed on ranks that are found to be bad is not. Which ranks are may become clear later, so all is kept.
class FailedWorks {
 public:
  /// After `max_tries` on one rank it is the turn of others.
  explicit FailedWorks(int max_tries) : max_tries_(max_tries) {}

  void add(const WorkKey& work, int rank) { ++failures_[work][rank].num_tries; }
  /// It got further, or is given up.
  void forget(const WorkKey& work) { failures_.erase(work); }
  /// The rank got on, on which `works` had failed. Of a rank that was `distrusted` it is taken to be healed: its
  /// failures were its own. Another one has shown that it is sound, and that the works are not.
  void on_progress(int rank, const std::set<WorkKey>& works, bool was_distrusted);

  /// It failed on another rank that has got on with other work since.
  [[nodiscard]] bool is_known_to_fail(const WorkKey& work, int rank) const;
  [[nodiscard]] bool has_tried_enough(const WorkKey& work, int rank) const;
  /// Some work is left to others.
  [[nodiscard]] bool leaves_any(int rank) const;
  [[nodiscard]] bool is_empty() const { return failures_.empty(); }
  struct Standing {
    int num_tries = 0;
    int num_ranks = 0;
  };
  /// Its failures on ranks that are trusted.
  [[nodiscard]] Standing standing(const WorkKey& work, const std::function<bool(int rank)>& is_trusted) const;
  /// Ranks on which it failed.
  [[nodiscard]] std::set<int> ranks_of(const WorkKey& work) const;

 private:
  struct Failures {
    int num_tries = 0;
    bool is_of_sound_rank = false;
  };
  int max_tries_;
  std::map<WorkKey, std::map<int, Failures>> failures_;

  /// Null if there is none.
  [[nodiscard]] const std::map<int, Failures>* find(const WorkKey& work) const;
};

}  // namespace lethe::orchestrator::inline scheduling
