#include "orchestrator/scheduling/backlog.h"

#include <algorithm>

#include "core/config/cell_progress.h"
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
      prerequisites_.push_back(std::move(part));
    }
    whole.expected_seconds = whole.step_seconds = costs_.seconds_of(facts.last_work);
  }
  prerequisites_.push_back(std::move(whole));
}

std::vector<std::size_t> Backlog::indices_of(const std::vector<std::string>& keys) {
  std::vector<std::size_t> indices;
  for (const auto& key : keys) {
    const auto found = std::ranges::find_if(
        prerequisites_, [&](const PrerequisiteWork& one) { return !one.slice && one.facts->key() == key; });
    if (found == prerequisites_.end()) continue;
    found->is_awaited = true;
    indices.push_back(static_cast<std::size_t>(found - prerequisites_.begin()));
  }
  return indices;
}

bool Backlog::are_done(const std::vector<std::size_t>& needs) const {
  return std::ranges::all_of(needs, [&](std::size_t index) { return prerequisites_[index].state == WorkState::kDone; });
}

void Backlog::add_cell(const core::CellFacts& facts, const LedgerView& ledger) {
  auto committed = ledger.cell(facts);
  committed.is_cancelled = false;  // all of it is kept: the cell may be wanted again
  auto progress = core::progress_of(config_, facts.cell, committed);
  CellWork cell;
  cell.facts = &facts;
  cell.committed = progress.edits_done;
  cell.edit_state = progress.edits_done == progress.edits ? WorkState::kDone : WorkState::kOpen;
  cell.checkpoints = core::checkpoints_of(config_, facts.cell);
  cell.needs = indices_of(facts.needs);
  for (auto& [edits, parts] : progress.missing) cell.reductions.push_back({edits, std::move(parts), {}, {}, {}});
  num_reductions_due_ += progress.reductions;
  cells_.push_back(std::move(cell));
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
         are_done(work.needs);
}

bool Backlog::is_editable(const CellWork& cell, double now_seconds) const {
  return cell.edit_state == WorkState::kOpen && !cell.is_cancelled && cell.attempts.not_before_seconds <= now_seconds &&
         are_done(cell.needs);
}

std::optional<std::size_t> Backlog::next_reduction(const CellWork& cell, double now_seconds) const {
  for (std::size_t i = cell.first_open; i < cell.reductions.size(); ++i) {
    const auto& reduction = cell.reductions[i];
    if (reduction.edits > cell.committed) break;
    if (reduction.state == WorkState::kOpen && reduction.attempts.not_before_seconds <= now_seconds) return i;
  }
  return std::nullopt;
}

std::int64_t Backlog::num_waiting_reductions() const {
  std::int64_t count = 0;
  for (const auto& cell : cells_) {
    for (std::size_t i = cell.first_open; i < cell.reductions.size(); ++i) {
      if (cell.reductions[i].edits > cell.committed) break;
      if (cell.reductions[i].state == WorkState::kOpen) ++count;
    }
  }
  return count;
}

bool Backlog::is_wanted(const WorkUnit& unit) const {
  if (unit.kind == WorkUnit::Kind::kPrerequisite) return prerequisites_.at(unit.index).is_wanted;
  return unit.kind != WorkUnit::Kind::kEdit || !cells_.at(unit.index).is_cancelled;
}

void Backlog::set_cancelled(const std::set<core::GridCell>& cancelled) {
  std::set<core::GridCell> cut_short;
  for (auto& cell : cells_) {
    cell.is_cancelled = cancelled.contains(cell_of(cell));
    if (cell.is_cut_short()) cut_short.insert(cell_of(cell));
  }
  const auto wanted = core::wanted_prerequisites(inspection_, cut_short);
  for (auto& work : prerequisites_) work.is_wanted = wanted.contains(work.facts->key());
  cancelled_ = cancelled;
}

void Backlog::start(const WorkUnit& unit, int rank) {
  if (unit.kind == WorkUnit::Kind::kPrerequisite) {
    prerequisites_.at(unit.index).state = WorkState::kRunning;
    return;
  }
  auto& cell = cells_.at(unit.index);
  if (unit.kind == WorkUnit::Kind::kEdit) {
    cell.edit_state = WorkState::kRunning;
    return;
  }
  cell.reductions.at(unit.reduction).state = WorkState::kRunning;
  ++cell.num_running_reductions;
  cell.holder = rank;
  while (cell.first_open < cell.reductions.size() && cell.reductions[cell.first_open].state != WorkState::kOpen) {
    ++cell.first_open;
  }
}

void Backlog::advance(std::size_t cell, std::int64_t committed) {
  auto& work = cells_.at(cell);
  if (committed <= work.committed) return;
  work.committed = committed;
  work.attempts = {};  // it got further: earlier failures were of another edit
}

void Backlog::finish(const WorkUnit& unit) {
  if (unit.kind == WorkUnit::Kind::kPrerequisite) {
    prerequisites_.at(unit.index).state = WorkState::kDone;
    return;
  }
  auto& cell = cells_.at(unit.index);
  if (unit.kind == WorkUnit::Kind::kReduction) {
    cell.reductions.at(unit.reduction).state = WorkState::kDone;
    --cell.num_running_reductions;
    return;
  }
  cell.seen = 0;
  cell.edit_state = cell.remaining_edits() <= 0 ? WorkState::kDone : WorkState::kOpen;
}

void Backlog::reopen(const WorkUnit& unit, const Attempts& attempts) {
  if (unit.kind == WorkUnit::Kind::kPrerequisite) {
    auto& work = prerequisites_.at(unit.index);
    work.state = WorkState::kOpen;
    work.attempts = attempts;
    work.rest_seconds.reset();
    return;
  }
  auto& cell = cells_.at(unit.index);
  if (unit.kind == WorkUnit::Kind::kEdit) {
    cell.edit_state = WorkState::kOpen;
    cell.attempts = attempts;
    cell.seen = 0;
    return;
  }
  auto& reduction = cell.reductions.at(unit.reduction);
  reduction.state = WorkState::kOpen;
  reduction.attempts = attempts;
  --cell.num_running_reductions;
  cell.first_open = std::min(cell.first_open, unit.reduction);
}

void Backlog::fail(const WorkUnit& unit, const std::string& reason) {
  if (unit.kind == WorkUnit::Kind::kEdit) {
    auto& cell = cells_.at(unit.index);
    cell.edit_state = WorkState::kFailed;
    cell.failure = reason;
    cell.seen = 0;
    return;
  }
  if (unit.kind == WorkUnit::Kind::kReduction) {
    auto& cell = cells_.at(unit.index);
    cell.reductions.at(unit.reduction).state = WorkState::kFailed;
    cell.reductions.at(unit.reduction).failure = reason;
    --cell.num_running_reductions;
    return;
  }
  fail_prerequisite(unit.index, reason);
}

void Backlog::fail_prerequisite(std::size_t index, const std::string& reason) {
  auto& work = prerequisites_.at(index);
  work.state = WorkState::kFailed;
  work.failure = reason;
  for (std::size_t i = 0; i < prerequisites_.size(); ++i) {
    const bool needs_it = std::ranges::find(prerequisites_[i].needs, index) != prerequisites_[i].needs.end();
    if (needs_it && prerequisites_[i].state == WorkState::kOpen) fail_prerequisite(i, reason);
  }
  for (auto& cell : cells_) {
    const bool needs_it = std::ranges::find(cell.needs, index) != cell.needs.end();
    if (!needs_it || cell.edit_state != WorkState::kOpen) continue;
    cell.edit_state = WorkState::kFailed;
    cell.failure = std::string(kPrerequisiteFailed) + work.facts->title + " failed: " + reason;
  }
}

void Backlog::refresh(const WorkUnit& unit, const LedgerView& ledger) {
  if (unit.kind == WorkUnit::Kind::kEdit) advance(unit.index, ledger.cell(*cells_.at(unit.index).facts).num_edits);
}

bool Backlog::is_exhausted() const {
  const auto is_over = [](WorkState state) { return state == WorkState::kDone || state == WorkState::kFailed; };
  const auto is_left = [&](const PrerequisiteWork& work) {
    return !is_over(work.state) && (work.is_wanted || work.state == WorkState::kRunning);
  };
  if (std::ranges::any_of(prerequisites_, is_left)) return false;
  return std::ranges::all_of(cells_, [&](const CellWork& cell) {
    const bool has_open =
        cell.first_open < cell.reductions.size() && cell.reductions[cell.first_open].edits <= cell.committed;
    const bool is_edited = is_over(cell.edit_state) || (cell.is_cancelled && cell.edit_state == WorkState::kOpen);
    return is_edited && cell.num_running_reductions == 0 && !has_open;
  });
}

bool Backlog::has_failures() const {
  const auto is_failed = [](const auto& work) { return work.state == WorkState::kFailed; };
  const auto is_missed = [&](const PrerequisiteWork& work) { return is_failed(work) && work.is_wanted; };
  return std::ranges::any_of(prerequisites_, is_missed) || std::ranges::any_of(cells_, [&](const CellWork& cell) {
           const bool is_unedited = cell.edit_state == WorkState::kFailed && !cell.is_cancelled;
           return is_unedited || std::ranges::any_of(cell.reductions, is_failed);
         });
}

}  // namespace lethe::orchestrator::inline scheduling
