#include "orchestrator/scheduling/work_index.h"

namespace lethe::orchestrator::inline scheduling {

void WorkIndex::add_cell(const core::GridCell& cell) {
  const auto [found, is_new] = group_of_.try_emplace({cell.model, cell.method}, groups_.size());
  if (is_new) groups_.push_back({cell.method, cell.model, {}});
  cells_.push_back({found->second, {}});
}

void WorkIndex::move(std::size_t cell, const Place& place) {
  if (cells_.at(cell).place == place) return;
  auto& num_reductions = num_reductions_[groups_[cells_[cell].group].model];
  num_reductions += place.num_reductions - cells_[cell].place.num_reductions;
  erase(cell);
  cells_[cell].place = place;
  insert(cell);
}

void WorkIndex::insert(std::size_t cell) {
  const auto& [group, place] = cells_[cell];
  if (place.is_editable) groups_[group].editable.emplace(-place.remaining_edits, cell);
  if (!place.oldest_reduction) return;
  const std::pair entry(*place.oldest_reduction, cell);
  const auto& model = groups_[group].model;
  (place.is_being_reduced ? shared_ : reducible_)[model].insert(entry);
  if (place.holder >= 0) held_[place.holder][model].insert(entry);
}

void WorkIndex::erase(std::size_t cell) {
  const auto& [group, place] = cells_[cell];
  if (place.is_editable) groups_[group].editable.erase({-place.remaining_edits, cell});
  if (!place.oldest_reduction) return;
  const std::pair entry(*place.oldest_reduction, cell);
  const auto& model = groups_[group].model;
  (place.is_being_reduced ? shared_ : reducible_)[model].erase(entry);
  if (place.holder >= 0) held_[place.holder][model].erase(entry);
}

std::size_t WorkIndex::num_reductions(const std::string& model) const {
  const auto found = num_reductions_.find(model);
  return found == num_reductions_.end() ? 0 : found->second;
}

const WorkIndex::EntriesByModel& WorkIndex::held_by(int rank) const {
  static const EntriesByModel none;
  const auto found = held_.find(rank);
  return found == held_.end() ? none : found->second;
}

}  // namespace lethe::orchestrator::inline scheduling
