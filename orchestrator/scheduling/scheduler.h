#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "orchestrator/scheduling/backlog.h"
#include "orchestrator/scheduling/failed_works.h"

namespace lethe::orchestrator::inline scheduling {

/// What a rank does first. `kBoth`: a single rank, which reduces what is waiting before it edits on, and edits for a
/// while at a time.
enum class Role { kWorker, kReducer, kBoth };

/// Roles of ranks 0..num_ranks-1. `auto`: reducers in proportion to the expected time of reductions; at least one
/// reducer and one worker where there are two ranks. A larger wish than that is cut down.
std::vector<Role> assign_roles(const core::ExperimentConfig& config, const Backlog& backlog, int num_ranks);

/// What the scheduler knows of an idle rank.
struct IdleRank {
  int rank = 0;
  Role role = Role::kWorker;
  std::string loaded_model;                               ///< of its executor; empty if none
  std::optional<std::size_t> last_edited = std::nullopt;  ///< the cell that it edited last
  /// Ranks that have a model and reduce, or could at once, by that model; null: nobody does.
  const std::map<std::string, int>* reducing = nullptr;
  /// What failed on it often enough is left to others; null: nothing is.
  const FailedWorks* failed_works = nullptr;
};

struct SchedulerOptions {
  bool has_elastic_roles = true;
  /// Whoever has to reduce as well looks up again after edits that take about this long.
  double slice_seconds = 30.0;
  /// A single rank edits for at least this share of what the cell's edits took so far: each time it comes back, the
  /// model is rebuilt from all of them.
  double slice_share = 0.25;
};

/// The next piece of work for an idle rank, nullopt if there is none for it now.
/// Prerequisites come first, the most expensive first; then, by role:
///  - edits: longest expected remaining time first, where a cell of another model than the loaded one counts as
///    shorter by the time to load it; a helping reducer takes whole checkpoint intervals only up to its slice, and so
///    does a single rank, which stays with the cell that it edited last; one interval where nothing was timed yet;
///  - reductions: of the loaded model; of another one only if those who have it would take longer than it takes to load
///    it, since they will be done sooner; the cell that this executor holds, else one that nobody
///    reduces, else one that somebody reduces; of several the one with the oldest checkpoint, within a cell the oldest
///    first.
/// Deterministic: ties go to plan order.
std::optional<WorkUnit> choose_work(const Backlog& backlog, const IdleRank& rank, const SchedulerOptions& options,
                                    double now_seconds);

}  // namespace lethe::orchestrator::inline scheduling
