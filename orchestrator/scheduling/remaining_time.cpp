#include "orchestrator/scheduling/remaining_time.h"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <string_view>
#include <vector>

namespace lethe::orchestrator::inline scheduling {
namespace {

bool is_ahead(WorkState state) { return state == WorkState::kOpen || state == WorkState::kRunning; }

double rest_of(const Backlog& backlog, const PrerequisiteWork& work) {
  if (!is_ahead(work.state) || !work.is_wanted) return 0.0;
  if (work.state == WorkState::kRunning && work.rest_seconds) return *work.rest_seconds;
  return backlog.costs().prerequisite_seconds(work.facts->kind, work.facts->model, work.expected_seconds);
}

double rest_of_edits(const Backlog& backlog, const CellWork& cell) {
  if (!cell.is_to_be_edited()) return 0.0;
  const auto& name = cell.facts->cell;
  return backlog.costs().edit_seconds(name.method, name.model).of(cell.remaining_edits() - cell.uncommitted_edits());
}

/// Of each prerequisite, until it is made by so many at once. What one needs stands before it.
std::vector<double> waits_of(const Backlog& backlog, int num_executors) {
  std::vector<double> waits;
  for (const auto& work : backlog.prerequisites()) {
    double slices = 0.0;
    double longest = 0.0;
    for (const auto needed : work.needs) {
      if (backlog.prerequisites()[needed].slice) slices += waits.at(needed);
      longest = std::max(longest, waits.at(needed));
    }
    waits.push_back(rest_of(backlog, work) + std::max(longest, slices / num_executors));
  }
  return waits;
}

/// The end of the last of `chains`, each taken up whole, the longest first, by who is free first.
double end_of_last(std::vector<double> chains, int num_executors) {
  std::ranges::sort(chains, std::greater<>());
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  for (int i = 0; i < num_executors; ++i) free_at.push(0.0);
  double last = 0.0;
  for (const double seconds : chains) {
    const double end = free_at.top() + seconds;
    free_at.pop();
    free_at.push(end);
    last = std::max(last, end);
  }
  return last;
}

/// What cells have to do, over all of them.
struct CellSums {
  std::vector<double> edits;  ///< of each cell
  double all_edits = 0.0;
  double reductions = 0.0;
  double longest = 0.0;  ///< one cell, from what it waits for to its last reduction
};

/// A cell whose edits are not going to be made is reduced where it has been edited.
bool will_be_reduced(const CellWork& cell, const ReductionWork& reduction) {
  const bool is_in_time = cell.edit_state != WorkState::kFailed || reduction.edits <= cell.committed;
  return is_ahead(reduction.state) && is_in_time && cell.is_due(reduction);
}

CellSums sums_of(const Backlog& backlog, int num_executors) {
  CellSums sums;
  const auto waits = waits_of(backlog, num_executors);
  std::map<std::string_view, ReductionPrices> prices;
  for (const auto& cell : backlog.cells()) {
    const double edits = rest_of_edits(backlog, cell);
    double wait = 0.0;
    if (edits > 0.0) {
      for (const auto index : cell.needs) wait = std::max(wait, waits.at(index));
      sums.edits.push_back(edits);
    }
    double last = 0.0;
    const auto [price, is_new] = prices.try_emplace(cell.facts->cell.model);
    if (is_new) price->second = backlog.costs().reduction_prices(cell.facts->cell.model);
    for (const auto& reduction : cell.reductions) {
      if (!will_be_reduced(cell, reduction)) continue;
      last = price->second.of(reduction.edits, reduction.parts);
      sums.reductions += last;
    }
    sums.all_edits += edits;
    sums.longest = std::max(sums.longest, wait + edits + last);
  }
  return sums;
}

}  // namespace

double remaining_seconds(const Backlog& backlog, const Crew& crew) {
  const int num_executors = std::max(1, crew.num_executors);
  const auto sums = sums_of(backlog, num_executors);
  double prerequisites = 0.0;
  for (const auto& work : backlog.prerequisites()) prerequisites += rest_of(backlog, work);
  const double spread = (prerequisites + sums.all_edits + sums.reductions) / num_executors;
  const double editing = end_of_last(sums.edits, std::max(1, crew.num_editing));
  const double reducing = sums.reductions / std::max(1, crew.num_reducing);
  return std::max({spread, editing, reducing, sums.longest});
}

}  // namespace lethe::orchestrator::inline scheduling
