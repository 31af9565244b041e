#include <algorithm>

#include "core/config/schedule.h"
#include "orchestrator/scheduling/backlog.h"

// A cell whose collapse becomes known while the sweep runs.

namespace lethe::orchestrator::inline scheduling {

/// Work units name reductions by their places, and some may be running: what is due no more goes where it is at the
/// end, and is done with elsewhere (edits beyond the end were committed before anybody looked for a collapse).
void Backlog::end_at_collapse(std::size_t index, core::CellProgress progress) {
  auto& cell = cells_.at(index);
  cell.edits = progress.edits;
  cell.collapsed_at = progress.collapsed_at;
  cell.checkpoints = core::checkpoints_of(config_, cell.facts->cell, progress.collapsed_at);
  auto& reductions = cell.reductions;
  const auto is_beyond = [&](const ReductionWork& one) {
    return one.edits > cell.edits && one.state == WorkState::kOpen;
  };
  while (!reductions.empty() && reductions.back().edits > cell.committed && is_beyond(reductions.back())) {
    reductions.pop_back();
    --num_reductions_due_;
  }
  for (auto& reduction : reductions) {
    if (!is_beyond(reduction)) continue;
    reduction.state = WorkState::kDone;
    --num_reductions_due_;
  }
  // The last edit is a checkpoint at which every part is due.
  if (!progress.missing.empty() && progress.missing.back().edits == cell.edits) {
    auto parts = std::move(progress.missing.back().parts);
    for (const auto& running : reductions) {
      if (running.edits != cell.edits || running.state == WorkState::kOpen) continue;
      std::erase_if(parts, [&](auto part) { return std::ranges::count(running.parts, part) > 0; });
    }
    const auto is_last = [&](const ReductionWork& one) {
      return one.edits == cell.edits && one.state == WorkState::kOpen;
    };
    const auto known = std::ranges::find_if(reductions, is_last);
    if (known != reductions.end()) {
      known->parts = std::move(parts);
    } else if (!parts.empty()) {
      reductions.push_back({cell.edits, std::move(parts), {}, {}, {}});
      ++num_reductions_due_;
    }
  }
  const auto is_open = [](const ReductionWork& one) { return one.state == WorkState::kOpen; };
  const auto is_waiting = [&](const ReductionWork& one) { return is_open(one) && one.edits <= cell.committed; };
  const auto count = [&](const auto& which) {
    return static_cast<std::size_t>(std::ranges::count_if(reductions, which));
  };
  cell.first_open = static_cast<std::size_t>(std::ranges::find_if(reductions, is_open) - reductions.begin());
  cell.num_done_reductions = count([](const ReductionWork& one) { return one.state == WorkState::kDone; });
  cell.num_waiting_reductions = count(is_waiting);
  place(index);
}

}  // namespace lethe::orchestrator::inline scheduling
