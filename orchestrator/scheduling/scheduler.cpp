#include "orchestrator/scheduling/scheduler.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace lethe::orchestrator::inline scheduling {
namespace {

std::optional<WorkUnit> choose_prerequisite(const Backlog& backlog, double now_seconds) {
  std::optional<WorkUnit> best;
  const auto& works = backlog.prerequisites();
  const auto rank_of = [&](std::size_t i) { return std::tuple(works[i].is_awaited, works[i].expected_seconds); };
  for (std::size_t i = 0; i < works.size(); ++i) {
    if (!backlog.is_ready(works[i], now_seconds)) continue;
    if (!best || rank_of(i) > rank_of(best->index)) best = WorkUnit{WorkUnit::Kind::kPrerequisite, i, 0, 0};
  }
  return best;
}

double remaining_seconds(const Backlog& backlog, const CellWork& cell) {
  const auto& name = cell.facts->cell;
  return backlog.costs().edit_seconds(name.method, name.model).of(cell.remaining_edits());
}

/// All edits of the cell, or as many checkpoint intervals as fill the slice, at least one.
std::int64_t edit_until(const Backlog& backlog, const CellWork& cell, std::optional<double> slice_seconds) {
  if (!slice_seconds) return cell.facts->edits;
  const auto& [method, model, sample] = cell.facts->cell;
  const auto per_fact = backlog.costs().edit_seconds(method, model);
  // What nobody has timed yet may take far longer than it is priced at: one interval shows it.
  const double seconds = backlog.costs().has_timed_edits(method, model) ? *slice_seconds : 0.0;
  const auto in_slice = static_cast<std::int64_t>(seconds / std::max(per_fact.value, 1e-9));
  auto next = std::ranges::upper_bound(cell.checkpoints, cell.committed);
  while (next != cell.checkpoints.end() && *next < cell.committed + in_slice) ++next;
  return next == cell.checkpoints.end() ? cell.facts->edits : *next;
}

/// The cell with the longest time to go.
std::optional<std::size_t> longest_cell(const Backlog& backlog, const IdleRank& rank, double now_seconds) {
  const auto& cells = backlog.cells();
  std::optional<std::size_t> best;
  double best_seconds = 0.0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!backlog.is_editable(cells[i], now_seconds)) continue;
    double seconds = remaining_seconds(backlog, cells[i]);
    if (cells[i].facts->cell.model != rank.loaded_model)
      seconds -= backlog.costs().load_seconds(cells[i].facts->cell.model);
    if (best && seconds <= best_seconds) continue;
    best = i;
    best_seconds = seconds;
  }
  return best;
}

std::optional<WorkUnit> choose_edits(const Backlog& backlog, const IdleRank& rank, std::optional<double> slice_seconds,
                                     double now_seconds) {
  const auto best = longest_cell(backlog, rank, now_seconds);
  if (!best) return std::nullopt;
  return WorkUnit{WorkUnit::Kind::kEdit, *best, 0, edit_until(backlog, backlog.cells()[*best], slice_seconds)};
}

/// Of a rank that is alone: the cell at hand to its end, with pauses in which it is reduced.
std::optional<WorkUnit> choose_edits_alone(const Backlog& backlog, const IdleRank& rank,
                                           const SchedulerOptions& options, double now_seconds) {
  const auto& cells = backlog.cells();
  const bool can_stay = rank.last_edited && backlog.is_editable(cells[*rank.last_edited], now_seconds);
  const auto index = can_stay ? rank.last_edited : longest_cell(backlog, rank, now_seconds);
  if (!index) return std::nullopt;
  const auto& cell = cells[*index];
  const auto& [method, model, sample] = cell.facts->cell;
  const double edited_seconds = backlog.costs().edit_seconds(method, model).of(cell.committed);
  const double slice = std::max(options.slice_seconds, options.slice_share * edited_seconds);
  return WorkUnit{WorkUnit::Kind::kEdit, *index, 0, edit_until(backlog, cell, slice)};
}

std::optional<WorkUnit> choose_reduction(const Backlog& backlog, const IdleRank& rank, double now_seconds) {
  const auto& cells = backlog.cells();
  std::optional<WorkUnit> best;
  std::tuple<int, int, std::int64_t> best_rank;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& cell = cells[i];
    const auto next = backlog.next_reduction(cell, now_seconds);
    if (!next) continue;
    const int hold = cell.holder == rank.rank ? 0 : cell.num_running_reductions == 0 ? 1 : 2;
    const int load = cell.facts->cell.model == rank.loaded_model ? 0 : 1;
    const std::tuple candidate(hold, load, cell.reductions[*next].edits);
    if (best && candidate >= best_rank) continue;
    best = WorkUnit{WorkUnit::Kind::kReduction, i, *next, 0};
    best_rank = candidate;
  }
  return best;
}

}  // namespace

std::vector<Role> assign_roles(const core::ExperimentConfig& config, const Backlog& backlog, int num_ranks) {
  if (num_ranks <= 1) return {Role::kBoth};
  double edits = 0.0;
  double reductions = 0.0;
  for (const auto& cell : backlog.cells()) {
    if (!cell.is_cancelled) edits += remaining_seconds(backlog, cell);
    for (const auto& one : cell.reductions) {
      if (!cell.is_due(one)) continue;
      reductions += backlog.costs().reduction_seconds(cell.facts->cell.model, one.edits, one.parts);
    }
  }
  const double share = edits + reductions > 0.0 ? reductions / (edits + reductions) : 0.0;
  const int wished = config.reducers ? *config.reducers : static_cast<int>(std::lround(share * num_ranks));
  // Without any reducer, workers reduce when there is nothing left to edit; that takes elastic roles.
  const int least = config.reducers == 0 && config.elastic_roles ? 0 : 1;
  const int num_reducers = std::clamp(wished, least, num_ranks - 1);
  std::vector<Role> roles(static_cast<std::size_t>(num_ranks), Role::kWorker);
  std::fill(roles.end() - num_reducers, roles.end(), Role::kReducer);
  return roles;
}

std::optional<WorkUnit> choose_work(const Backlog& backlog, const IdleRank& rank, const SchedulerOptions& options,
                                    double now_seconds) {
  if (const auto unit = choose_prerequisite(backlog, now_seconds)) return unit;
  const auto reduction = [&] { return choose_reduction(backlog, rank, now_seconds); };
  const auto edits = [&](std::optional<double> slice) { return choose_edits(backlog, rank, slice, now_seconds); };
  if (rank.role == Role::kBoth) {
    if (const auto unit = reduction()) return unit;
    return choose_edits_alone(backlog, rank, options, now_seconds);
  }
  if (rank.role == Role::kWorker) {
    if (const auto unit = edits(std::nullopt)) return unit;
    return options.has_elastic_roles ? reduction() : std::nullopt;
  }
  if (const auto unit = reduction()) return unit;
  return options.has_elastic_roles ? edits(options.slice_seconds) : std::nullopt;
}

}  // namespace lethe::orchestrator::inline scheduling
