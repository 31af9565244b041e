#include "orchestrator/scheduling/backlog.h"

#include <algorithm>

// What a backlog says of itself to people; nothing is decided by it.

namespace lethe::orchestrator::inline scheduling {

std::vector<Retry> Backlog::retries() const {
  std::vector<Retry> retries;
  const auto add = [&](const WorkUnit& unit, WorkState state, const Attempts& attempts) {
    const bool is_tried_again = state == WorkState::kOpen || state == WorkState::kRunning;
    if (!is_tried_again || attempts.num_failures() == 0) return;
    retries.push_back({core::describe(task_of(unit)), attempts.reason, attempts.num_failures()});
  };
  for (std::size_t i = 0; i < prerequisites_.size(); ++i)
    add({WorkUnit::Kind::kPrerequisite, i}, prerequisites_[i].state, prerequisites_[i].attempts);
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const auto& cell = cells_[i];
    if (!cell.is_cancelled) add({WorkUnit::Kind::kEdit, i, 0, cell.facts->edits}, cell.edit_state, cell.attempts);
    for (std::size_t k = 0; k < cell.reductions.size(); ++k)
      add({WorkUnit::Kind::kReduction, i, k}, cell.reductions[k].state, cell.reductions[k].attempts);
  }
  return retries;
}

Backlog::Totals Backlog::totals() const {
  Totals totals;
  totals.num_cells = static_cast<std::int64_t>(cells_.size());
  totals.reductions = num_reductions_due_;
  totals.reductions_done = num_reductions_due_;
  for (const auto& cell : cells_) {
    const auto committed = std::min(cell.committed, cell.facts->edits);
    totals.edits += cell.is_cut_short() ? committed : cell.facts->edits;
    totals.edits_done += committed;
    totals.edits_uncommitted += cell.is_cut_short() ? 0 : cell.uncommitted_edits();
    bool is_done = cell.edit_state == WorkState::kDone;
    bool is_failed = cell.edit_state == WorkState::kFailed && !cell.is_cancelled;
    for (const auto& reduction : cell.reductions) {
      if (reduction.state == WorkState::kDone) continue;
      --totals.reductions_done;
      if (!cell.is_due(reduction)) --totals.reductions;
      is_done = false;
      if (reduction.state == WorkState::kFailed) {
        ++totals.reductions_failed;
        is_failed = true;
      }
    }
    if (is_done) ++totals.num_cells_done;
    if (is_failed) ++totals.num_cells_failed;
    if (cell.is_cut_short()) ++totals.num_cells_cancelled;
  }
  totals.reductions_waiting = num_waiting_reductions();
  totals.prerequisites = std::ranges::count_if(
      prerequisites_, [](const PrerequisiteWork& work) { return work.is_wanted || work.state == WorkState::kDone; });
  totals.prerequisites_done = std::ranges::count(prerequisites_, WorkState::kDone, &PrerequisiteWork::state);
  return totals;
}

}  // namespace lethe::orchestrator::inline scheduling
