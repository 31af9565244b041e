#include <algorithm>
#include <string>
#include <utility>

#include "orchestrator/scheduling/backlog.h"

// What cells need before they can be edited: in what order it can be made, and who waits for it.

namespace lethe::orchestrator::inline scheduling {

/// One piece of work, or one for each slice and a last one that puts them together.
void Backlog::add_prerequisite(const core::PrerequisiteFacts& facts, const LedgerView& ledger) {
  const auto committed = ledger.prerequisite(facts);
  PrerequisiteWork whole{&facts};
  whole.expected_seconds = costs_.seconds_of(facts.work);
  whole.step_seconds = costs_.seconds_of(facts.step_work);
  whole.needs = indices_of(facts.needs);
  whole.state = committed.is_done ? WorkState::kDone : WorkState::kOpen;
  if (facts.num_slices > 1 && !committed.is_done) {
    const auto first_needs = whole.needs;
    for (std::int64_t i = 0; i < facts.num_slices; ++i) {
      PrerequisiteWork part{&facts, i, whole.expected_seconds / static_cast<double>(facts.num_slices),
                            whole.step_seconds, first_needs};
      part.is_awaited = true;
      part.state = committed.slices_done.contains(i) ? WorkState::kDone : WorkState::kOpen;
      whole.needs.push_back(prerequisites_.size());
      push_prerequisite(std::move(part));
    }
    whole.expected_seconds = whole.step_seconds = costs_.seconds_of(facts.last_work);
  }
  whole_of_.try_emplace(facts.key(), prerequisites_.size());
  push_prerequisite(std::move(whole));
}

void Backlog::push_prerequisite(PrerequisiteWork work) {
  const auto index = prerequisites_.size();
  for (const auto needed : work.needs) dependents_[needed].prerequisites.push_back(index);
  work.num_unmet_needs = num_unmet(work.needs);
  prerequisites_.push_back(std::move(work));
  dependents_.emplace_back();
  is_prerequisite_ahead_.push_back(false);
  place_prerequisite(index);
}

std::vector<std::size_t> Backlog::indices_of(const std::vector<std::string>& keys) {
  std::vector<std::size_t> indices;
  for (const auto& key : keys) {
    const auto found = whole_of_.find(key);
    if (found == whole_of_.end()) continue;
    prerequisites_[found->second].is_awaited = true;
    indices.push_back(found->second);
  }
  return indices;
}

std::size_t Backlog::num_unmet(const std::vector<std::size_t>& needs) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(needs, [&](std::size_t index) { return prerequisites_[index].state != WorkState::kDone; }));
}

void Backlog::set_state(std::size_t prerequisite, WorkState state) {
  const auto before = std::exchange(prerequisites_.at(prerequisite).state, state);
  place_prerequisite(prerequisite);
  if (state != WorkState::kDone || before == WorkState::kDone) return;
  for (const auto one : dependents_[prerequisite].prerequisites) --prerequisites_[one].num_unmet_needs;
  for (const auto one : dependents_[prerequisite].cells) {
    --cells_[one].num_unmet_needs;
    place(one);
  }
}

void Backlog::place_prerequisite(std::size_t index) {
  const auto& work = prerequisites_[index];
  const bool is_open = work.state == WorkState::kOpen && work.is_wanted;
  if (is_open) {
    open_prerequisites_.insert(index);
  } else {
    open_prerequisites_.erase(index);
  }
  count_ahead(is_prerequisite_ahead_[index], is_open || work.state == WorkState::kRunning);
}

void Backlog::fail_prerequisite(std::size_t index, const std::string& reason) {
  set_state(index, WorkState::kFailed);
  auto& work = prerequisites_.at(index);
  work.failure = reason;
  for (const auto one : dependents_[index].prerequisites) {
    if (prerequisites_[one].state == WorkState::kOpen) fail_prerequisite(one, reason);
  }
  for (const auto one : dependents_[index].cells) {
    auto& cell = cells_[one];
    if (cell.edit_state != WorkState::kOpen) continue;
    cell.edit_state = WorkState::kFailed;
    cell.failure = std::string(kPrerequisiteFailed) + work.facts->title + " failed: " + reason;
    place(one);
  }
}

}  // namespace lethe::orchestrator::inline scheduling
