#include "orchestrator/scheduling/backlog.h"

#include <algorithm>

// What a backlog says of itself to people; nothing is decided by it.

namespace lethe::orchestrator::inline scheduling {

std::size_t CellWork::num_missing_reductions() const {
  if (!is_cut_short()) return num_undone_reductions();
  return static_cast<std::size_t>(std::ranges::count_if(
      reductions, [&](const ReductionWork& one) { return one.state != WorkState::kDone && is_due(one); }));
}

std::vector<Retry> Backlog::retries() const {
  std::vector<Retry> retries;
  const auto add = [&](const WorkUnit& unit, WorkState state, const Attempts& attempts) {
    const bool is_tried_again = state == WorkState::kOpen || state == WorkState::kRunning;
    if (!is_tried_again || attempts.num_failures() == 0) return;
    retries.push_back({core::describe(task_of(unit)), attempts.reason, attempts.num_failures()});
  };
  for (const auto& [is_of_cell, index, is_reduction, number] : failed_before_) {
    if (!is_of_cell) {
      add({WorkUnit::Kind::kPrerequisite, index}, prerequisites_[index].state, prerequisites_[index].attempts);
      continue;
    }
    const auto& cell = cells_[index];
    if (is_reduction) {
      add({WorkUnit::Kind::kReduction, index, number}, cell.reductions[number].state, cell.reductions[number].attempts);
    } else if (!cell.is_cancelled) {
      add({WorkUnit::Kind::kEdit, index, 0, cell.edits}, cell.edit_state, cell.attempts);
    }
  }
  return retries;
}

Backlog::Totals Backlog::totals() const {
  Totals totals;
  totals.num_cells = static_cast<std::int64_t>(cells_.size());
  totals.reductions = num_reductions_due_;
  totals.reductions_done = num_reductions_due_;
  for (const auto& cell : cells_) {
    const auto committed = std::min(cell.committed, cell.edits);
    totals.edits += cell.is_cut_short() ? committed : cell.edits;
    totals.edits_done += committed;
    totals.edits_uncommitted += cell.is_cut_short() ? 0 : cell.uncommitted_edits();
    const auto num_undone = static_cast<std::int64_t>(cell.num_undone_reductions());
    totals.reductions -= num_undone - static_cast<std::int64_t>(cell.num_missing_reductions());
    totals.reductions_done -= num_undone;
    totals.reductions_failed += static_cast<std::int64_t>(cell.num_failed_reductions);
    totals.reductions_waiting += static_cast<std::int64_t>(cell.num_waiting_reductions);
    if (cell.is_complete()) ++totals.num_cells_done;
    if (cell.has_failed()) ++totals.num_cells_failed;
    if (cell.is_cut_short()) ++totals.num_cells_cancelled;
  }
  totals.prerequisites = std::ranges::count_if(
      prerequisites_, [](const PrerequisiteWork& work) { return work.is_wanted || work.state == WorkState::kDone; });
  totals.prerequisites_done = std::ranges::count(prerequisites_, WorkState::kDone, &PrerequisiteWork::state);
  return totals;
}

}  // namespace lethe::orchestrator::inline scheduling
