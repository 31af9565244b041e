#include "orchestrator/scheduling/scheduler.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <tuple>

namespace lethe::orchestrator::inline scheduling {
namespace {

/// False for what is left to others.
bool may_take(const IdleRank& rank, const WorkUnit& unit) {
  return rank.failed_works == nullptr || !rank.failed_works->has_tried_enough(key_of(unit), rank.rank);
}

std::optional<WorkUnit> choose_prerequisite(const Backlog& backlog, const IdleRank& rank, double now_seconds) {
  std::optional<WorkUnit> best;
  const auto& works = backlog.prerequisites();
  const auto rank_of = [&](std::size_t i) { return std::tuple(works[i].is_awaited, works[i].expected_seconds); };
  for (const auto i : backlog.open_prerequisites()) {
    if (!backlog.is_ready(works[i], now_seconds)) continue;
    const WorkUnit unit{WorkUnit::Kind::kPrerequisite, i, 0, 0};
    if (may_take(rank, unit) && (!best || rank_of(i) > rank_of(best->index))) best = unit;
  }
  return best;
}

/// All edits of the cell, or as many checkpoint intervals as fill the slice, at least one.
std::int64_t edit_until(const Backlog& backlog, const CellWork& cell, std::optional<double> slice_seconds) {
  if (!slice_seconds) return cell.edits;
  const auto& [method, model, sample] = cell.facts->cell;
  const auto per_fact = backlog.costs().edit_seconds(method, model);
  // What nobody has timed yet may take far longer than it is priced at: one interval shows it.
  const double seconds = backlog.costs().has_timed_edits(method, model) ? *slice_seconds : 0.0;
  const auto in_slice = static_cast<std::int64_t>(seconds / std::max(per_fact.value, 1e-9));
  auto next = std::ranges::upper_bound(cell.checkpoints, cell.committed);
  while (next != cell.checkpoints.end() && *next < cell.committed + in_slice) ++next;
  return next == cell.checkpoints.end() ? cell.edits : *next;
}

/// The cell with the longest time to go: of each method and model the one with the most edits.
std::optional<std::size_t> longest_cell(const Backlog& backlog, const IdleRank& rank, double now_seconds) {
  const auto& cells = backlog.cells();
  std::optional<std::size_t> best;
  double best_seconds = 0.0;
  for (const auto& group : backlog.index().groups()) {
    const auto longest = std::ranges::find_if(group.editable, [&](const auto& entry) {
      return backlog.is_editable(cells[entry.second], now_seconds) &&
             may_take(rank, {WorkUnit::Kind::kEdit, entry.second});
    });
    if (longest == group.editable.end()) continue;
    const auto i = longest->second;
    double seconds = backlog.costs().edit_seconds(group.method, group.model).of(cells[i].remaining_edits());
    if (group.model != rank.loaded_model) seconds -= backlog.costs().load_seconds(group.model);
    if (best && (seconds < best_seconds || (seconds == best_seconds && i > *best))) continue;
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

/// A cell's oldest open reduction that is not in back-off, by what it is chosen by: its checkpoint, then the cell.
struct Candidate {
  std::pair<std::int64_t, std::size_t> rank;
  std::size_t reduction = 0;
};

/// Keeps the better of `best` and the best of `entries`, which are sorted by checkpoints that are at most those to
/// come.
void improve(const Backlog& backlog, const IdleRank& rank, const WorkIndex::Entries& entries, double now_seconds,
             std::optional<Candidate>& best) {
  for (const auto& entry : entries) {
    if (best && entry >= best->rank) return;
    const auto& cell = backlog.cells()[entry.second];
    const auto next = backlog.next_reduction(cell, now_seconds);
    if (!next || !may_take(rank, {WorkUnit::Kind::kReduction, entry.second, *next})) continue;
    const Candidate candidate{{cell.reductions[*next].edits, entry.second}, *next};
    if (!best || candidate.rank < best->rank) best = candidate;
  }
}

std::optional<Candidate> oldest_of(const Backlog& backlog, const IdleRank& rank,
                                   const WorkIndex::EntriesByModel& models, const std::string& model,
                                   double now_seconds) {
  std::optional<Candidate> best;
  const auto found = models.find(model);
  if (found != models.end()) improve(backlog, rank, found->second, now_seconds, best);
  return best;
}

/// Without this rank, those who have the model come to the end of what waits later than it could begin.
bool pays_to_load(const Backlog& backlog, const IdleRank& rank, const std::string& model, const Candidate& candidate) {
  if (rank.reducing == nullptr) return true;
  const auto found = rank.reducing->find(model);
  if (found == rank.reducing->end() || found->second <= 0) return true;
  const auto& reduction = backlog.cells()[candidate.rank.second].reductions[candidate.reduction];
  const double each = backlog.costs().reduction_seconds(model, reduction.edits, reduction.parts);
  const double waiting = each * static_cast<double>(backlog.index().num_reductions(model));
  return waiting / (found->second + 1) > backlog.costs().load_seconds(model);
}

/// Of models that are not loaded.
std::optional<Candidate> oldest_elsewhere(const Backlog& backlog, const IdleRank& rank,
                                          const WorkIndex::EntriesByModel& models, double now_seconds) {
  std::optional<Candidate> best;
  for (const auto& [model, entries] : models) {
    if (model == rank.loaded_model) continue;
    const auto candidate = oldest_of(backlog, rank, models, model, now_seconds);
    if (!candidate || (best && best->rank < candidate->rank)) continue;
    if (pays_to_load(backlog, rank, model, *candidate)) best = candidate;
  }
  return best;
}

/// Whoever changes the model loads for seconds, and holds no cell any more.
std::optional<WorkUnit> choose_reduction(const Backlog& backlog, const IdleRank& rank, double now_seconds) {
  const auto& index = backlog.index();
  const auto unit_of = [](const Candidate& best) {
    return WorkUnit{WorkUnit::Kind::kReduction, best.rank.second, best.reduction, 0};
  };
  for (const auto* cells : {&index.held_by(rank.rank), &index.reducible(), &index.shared()}) {
    if (const auto best = oldest_of(backlog, rank, *cells, rank.loaded_model, now_seconds)) return unit_of(*best);
  }
  for (const auto* cells : {&index.reducible(), &index.shared()}) {
    if (const auto best = oldest_elsewhere(backlog, rank, *cells, now_seconds)) return unit_of(*best);
  }
  return std::nullopt;
}

}  // namespace

std::vector<Role> assign_roles(const core::ExperimentConfig& config, const Backlog& backlog, int num_ranks) {
  if (num_ranks <= 1) return {Role::kBoth};
  double edits = 0.0;
  double reductions = 0.0;
  std::map<std::string_view, ReductionPrices> prices;
  for (const auto& cell : backlog.cells()) {
    const auto& [method, model, sample] = cell.facts->cell;
    if (!cell.is_cancelled) edits += backlog.costs().edit_seconds(method, model).of(cell.remaining_edits());
    const auto [price, is_new] = prices.try_emplace(model);
    if (is_new) price->second = backlog.costs().reduction_prices(model);
    for (const auto& one : cell.reductions) {
      if (cell.is_due(one)) reductions += price->second.of(one.edits, one.parts);
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
  if (const auto unit = choose_prerequisite(backlog, rank, now_seconds)) return unit;
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
