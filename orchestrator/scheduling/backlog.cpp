#include "orchestrator/scheduling/backlog.h"

#include <algorithm>
#include <utility>

#include "core/config/schedule.h"

namespace lethe::orchestrator::inline scheduling {
namespace {

const core::GridCell& cell_of(const CellWork& cell) { return cell.facts->cell; }

}  // namespace

Backlog::Backlog(const core::ExperimentConfig& config, const core::Inspection& inspection, const LedgerView& ledger,
                 const std::optional<DeviceSpeed>& speed)
    : config_(config), inspection_(inspection), costs_(config, inspection, speed.value_or(assumed_speed(config))) {
  for (const auto& facts : inspection.prerequisites) {
    if (facts.is_due) add_prerequisite(facts, ledger);
  }
  cells_.reserve(inspection.cells.size());
  for (const auto& facts : inspection.cells) add_cell(facts, ledger);
  set_cancelled(ledger.cancelled());
}

void Backlog::count_ahead(std::vector<bool>::reference was_ahead, bool is_ahead) {
  if (was_ahead == is_ahead) return;
  was_ahead = is_ahead;
  is_ahead ? ++num_ahead_ : --num_ahead_;
}

void Backlog::add_cell(const core::CellFacts& facts, const LedgerView& ledger) {
  auto committed = ledger.cell(facts);
  committed.is_cancelled = false;  // all of it is kept: the cell may be wanted again
  auto progress = core::progress_of(config_, facts.cell, committed);
  CellWork cell;
  cell.facts = &facts;
  cell.edits = progress.edits;
  cell.collapsed_at = progress.collapsed_at;
  cell.committed = progress.edits_done;
  cell.edit_state = progress.edits_done == progress.edits ? WorkState::kDone : WorkState::kOpen;
  cell.checkpoints = core::checkpoints_of(config_, facts.cell, committed.collapsed_at);
  cell.needs = indices_of(facts.needs);
  cell.num_unmet_needs = num_unmet(cell.needs);
  for (const auto needed : cell.needs) dependents_[needed].cells.push_back(cells_.size());
  cell.reductions.reserve(progress.missing.size());
  for (auto& [edits, parts] : progress.missing) {
    if (edits <= cell.committed) ++cell.num_waiting_reductions;
    cell.reductions.push_back({edits, std::move(parts), {}, {}, {}});
  }
  num_reductions_due_ += progress.reductions;
  cells_.push_back(std::move(cell));
  is_cell_ahead_.push_back(false);
  index_.add_cell(facts.cell);
  place(cells_.size() - 1);
}

void Backlog::place(std::size_t index) {
  const auto& cell = cells_[index];
  WorkIndex::Place now;
  now.is_editable = cell.edit_state == WorkState::kOpen && !cell.is_cancelled && cell.num_unmet_needs == 0;
  now.remaining_edits = cell.remaining_edits();
  const bool has_waiting =
      cell.first_open < cell.reductions.size() && cell.reductions[cell.first_open].edits <= cell.committed;
  if (has_waiting) now.oldest_reduction = cell.reductions[cell.first_open].edits;
  now.is_being_reduced = cell.num_running_reductions > 0;
  now.num_reductions = cell.num_waiting_reductions;
  now.holder = cell.holder;
  index_.move(index, now);
  // Edits of a cancelled cell that are being made end with a commit, which is waited for.
  const bool is_edited_on = cell.edit_state == WorkState::kRunning || cell.is_to_be_edited();
  count_ahead(is_cell_ahead_[index], is_edited_on || now.is_being_reduced || has_waiting);
}

const ReductionWork& Backlog::reduction_of(const WorkUnit& unit) const {
  return cells_.at(unit.index).reductions.at(unit.reduction);
}

core::Task Backlog::task_of(const WorkUnit& unit) const {
  switch (unit.kind) {
    case WorkUnit::Kind::kPrerequisite: {
      const auto& work = prerequisites_.at(unit.index);
      return core::PrerequisiteTask{work.facts->kind, work.facts->model, work.slice};
    }
    case WorkUnit::Kind::kEdit:
      return core::EditTask{cell_of(cells_.at(unit.index)), unit.until};
    case WorkUnit::Kind::kReduction: {
      const auto& reduction = reduction_of(unit);
      return core::ReduceTask{cell_of(cells_.at(unit.index)), reduction.edits, reduction.parts};
    }
  }
  throw core::CommError("unknown kind of work");
}

const std::string& Backlog::model_of(const WorkUnit& unit) const {
  if (unit.kind == WorkUnit::Kind::kPrerequisite) return prerequisites_.at(unit.index).facts->model;
  return cell_of(cells_.at(unit.index)).model;
}

const Attempts& Backlog::attempts_of(const WorkUnit& unit) const {
  if (unit.kind == WorkUnit::Kind::kPrerequisite) return prerequisites_.at(unit.index).attempts;
  if (unit.kind == WorkUnit::Kind::kEdit) return cells_.at(unit.index).attempts;
  return reduction_of(unit).attempts;
}

int Backlog::facts_per_step(const core::GridCell& cell) const { return config_.method_of(cell)->batch_size(); }

double Backlog::expected_step_seconds(const WorkUnit& unit) const {
  const auto& model = model_of(unit);
  switch (unit.kind) {
    case WorkUnit::Kind::kEdit: {
      const auto& cell = cell_of(cells_.at(unit.index));
      return costs_.cautious_edit_seconds(cell.method, model).step(facts_per_step(cell)).value;
    }
    case WorkUnit::Kind::kReduction:
      return costs_.cautious_reduction_seconds(model, reduction_of(unit).edits, reduction_of(unit).parts);
    case WorkUnit::Kind::kPrerequisite:
      return prerequisites_.at(unit.index).step_seconds;
  }
  return 0.0;
}

bool Backlog::is_ready(const PrerequisiteWork& work, double now_seconds) const {
  return work.state == WorkState::kOpen && work.is_wanted && work.attempts.not_before_seconds <= now_seconds &&
         work.num_unmet_needs == 0;
}

bool Backlog::is_editable(const CellWork& cell, double now_seconds) const {
  ++num_looks_;
  return cell.edit_state == WorkState::kOpen && !cell.is_cancelled && cell.attempts.not_before_seconds <= now_seconds &&
         cell.num_unmet_needs == 0;
}

std::optional<std::size_t> Backlog::next_reduction(const CellWork& cell, double now_seconds) const {
  ++num_looks_;
  for (std::size_t i = cell.first_open; i < cell.reductions.size(); ++i) {
    const auto& reduction = cell.reductions[i];
    if (reduction.edits > cell.committed) break;
    if (reduction.state == WorkState::kOpen && reduction.attempts.not_before_seconds <= now_seconds) return i;
  }
  return std::nullopt;
}

bool Backlog::is_wanted(const WorkUnit& unit) const {
  if (unit.kind == WorkUnit::Kind::kPrerequisite) return prerequisites_.at(unit.index).is_wanted;
  return unit.kind != WorkUnit::Kind::kEdit || !cells_.at(unit.index).is_cancelled;
}

void Backlog::set_cancelled(const std::set<core::GridCell>& cancelled) {
  std::set<core::GridCell> cut_short;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    auto& cell = cells_[i];
    const bool was_cancelled = std::exchange(cell.is_cancelled, cancelled.contains(cell_of(cell)));
    if (cell.is_cut_short()) cut_short.insert(cell_of(cell));
    if (cell.is_cancelled != was_cancelled) place(i);
  }
  const auto wanted = core::wanted_prerequisites(inspection_, cut_short);
  for (std::size_t i = 0; i < prerequisites_.size(); ++i) {
    prerequisites_[i].is_wanted = wanted.contains(prerequisites_[i].facts->key());
    place_prerequisite(i);
  }
  cancelled_ = cancelled;
}

void Backlog::start(const WorkUnit& unit, int rank) {
  if (unit.kind == WorkUnit::Kind::kPrerequisite) return set_state(unit.index, WorkState::kRunning);
  auto& cell = cells_.at(unit.index);
  if (unit.kind == WorkUnit::Kind::kEdit) {
    cell.edit_state = WorkState::kRunning;
    return place(unit.index);
  }
  auto& reduction = cell.reductions.at(unit.reduction);
  reduction.state = WorkState::kRunning;
  if (reduction.edits <= cell.committed) --cell.num_waiting_reductions;
  ++cell.num_running_reductions;
  cell.holder = rank;
  while (cell.first_open < cell.reductions.size() && cell.reductions[cell.first_open].state != WorkState::kOpen) {
    ++cell.first_open;
  }
  place(unit.index);
}

void Backlog::advance(std::size_t cell, std::int64_t committed) {
  auto& work = cells_.at(cell);
  if (committed <= work.committed) return;
  auto newly = std::ranges::upper_bound(work.reductions, work.committed, {}, &ReductionWork::edits);
  for (; newly != work.reductions.end() && newly->edits <= committed; ++newly) {
    if (newly->state == WorkState::kOpen) ++work.num_waiting_reductions;
  }
  work.committed = committed;
  work.attempts = {};  // it got further: earlier failures were of another edit
  place(cell);
}

void Backlog::finish(const WorkUnit& unit) {
  if (unit.kind == WorkUnit::Kind::kPrerequisite) return set_state(unit.index, WorkState::kDone);
  auto& cell = cells_.at(unit.index);
  if (unit.kind == WorkUnit::Kind::kReduction) {
    cell.reductions.at(unit.reduction).state = WorkState::kDone;
    --cell.num_running_reductions;
    ++cell.num_done_reductions;
    return place(unit.index);
  }
  cell.seen = 0;
  cell.edit_state = cell.remaining_edits() <= 0 ? WorkState::kDone : WorkState::kOpen;
  place(unit.index);
}

void Backlog::reopen(const WorkUnit& unit, const Attempts& attempts) {
  if (attempts.num_failures() > 0) {
    const bool is_reduction = unit.kind == WorkUnit::Kind::kReduction;
    failed_before_.emplace(unit.kind != WorkUnit::Kind::kPrerequisite, unit.index, is_reduction,
                           is_reduction ? unit.reduction : 0);
  }
  if (unit.kind == WorkUnit::Kind::kPrerequisite) {
    auto& work = prerequisites_.at(unit.index);
    work.attempts = attempts;
    work.rest_seconds.reset();
    return set_state(unit.index, WorkState::kOpen);
  }
  auto& cell = cells_.at(unit.index);
  if (unit.kind == WorkUnit::Kind::kEdit) {
    cell.edit_state = WorkState::kOpen;
    cell.attempts = attempts;
    cell.seen = 0;
    return place(unit.index);
  }
  auto& reduction = cell.reductions.at(unit.reduction);
  reduction.state = WorkState::kOpen;
  reduction.attempts = attempts;
  --cell.num_running_reductions;
  if (reduction.edits <= cell.committed) ++cell.num_waiting_reductions;
  cell.first_open = std::min(cell.first_open, unit.reduction);
  place(unit.index);
}

void Backlog::fail(const WorkUnit& unit, const std::string& reason) {
  if (unit.kind == WorkUnit::Kind::kEdit) {
    auto& cell = cells_.at(unit.index);
    cell.edit_state = WorkState::kFailed;
    cell.failure = reason;
    cell.seen = 0;
    return place(unit.index);
  }
  if (unit.kind == WorkUnit::Kind::kReduction) {
    auto& cell = cells_.at(unit.index);
    cell.reductions.at(unit.reduction).state = WorkState::kFailed;
    cell.reductions.at(unit.reduction).failure = reason;
    --cell.num_running_reductions;
    ++cell.num_failed_reductions;
    return place(unit.index);
  }
  fail_prerequisite(unit.index, reason);
}

void Backlog::refresh(const WorkUnit& unit, const LedgerView& ledger) {
  if (unit.kind != WorkUnit::Kind::kEdit) return;
  auto& cell = cells_.at(unit.index);
  auto committed = ledger.cell(*cell.facts);
  committed.is_cancelled = false;
  advance(unit.index, committed.num_edits);
  if (!committed.collapsed_at || cell.collapsed_at) return;
  auto progress = core::progress_of(config_, cell.facts->cell, committed);
  if (progress.collapsed_at) end_at_collapse(unit.index, std::move(progress));
}

bool Backlog::has_failures() const {
  const auto is_missed = [](const auto& work) { return work.state == WorkState::kFailed && work.is_wanted; };
  return std::ranges::any_of(prerequisites_, is_missed) || std::ranges::any_of(cells_, &CellWork::has_failed);
}

}  // namespace lethe::orchestrator::inline scheduling
