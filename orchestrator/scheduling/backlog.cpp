#include "orchestrator/scheduling/backlog.h"

#include <algorithm>

#include "core/config/schedule.h"

namespace lethe::orchestrator::inline scheduling {
namespace {

const core::GridCell& cell_of(const CellWork& cell) { return cell.facts->cell; }

}  // namespace

Backlog::Backlog(const core::ExperimentConfig& config, const core::Inspection& inspection, const LedgerView& ledger)
    : config_(config), costs_(config, inspection) {
  add_prerequisites(inspection, ledger);
  cells_.reserve(inspection.cells.size());
  for (const auto& facts : inspection.cells) add_cell(facts, ledger);
}

void Backlog::add_prerequisites(const core::Inspection& inspection, const LedgerView& ledger) {
  for (const auto& model : inspection.models) {
    if (!model.moments_layers.empty()) add_moments(model, ledger);
  }
  for (const auto& model : inspection.models) {
    if (!model.needs_editor) continue;
    PrerequisiteWork work{PrerequisiteWork::Kind::kEditor, model.name, costs_.editor_seconds(model.name)};
    work.state = ledger.has_editor(model) ? WorkState::kDone : WorkState::kOpen;
    prerequisites_.push_back(std::move(work));
  }
  if (config_.tasks.empty()) return;
  for (const auto& model : inspection.models) {
    PrerequisiteWork work{PrerequisiteWork::Kind::kBaseline, model.name, costs_.baseline_seconds(model.name)};
    work.state = ledger.has_baseline(model) ? WorkState::kDone : WorkState::kOpen;
    prerequisites_.push_back(std::move(work));
  }
}

/// One piece of work, or one for each slice of the corpus and a last one that adds them up.
void Backlog::add_moments(const core::ModelFacts& model, const LedgerView& ledger) {
  PrerequisiteWork whole{PrerequisiteWork::Kind::kMoments, model.name, costs_.moments_seconds(model.name)};
  whole.state = ledger.has_moments(model) ? WorkState::kDone : WorkState::kOpen;
  const auto& config = config_.model(model.name).second_moments;
  const auto slices = config ? core::slices_of(*config, model.moments_documents) : std::vector<core::CorpusSlice>{};
  if (slices.size() > 1 && whole.state == WorkState::kOpen) {
    const auto done = ledger.moment_slices(model);
    const double per_document = whole.expected_seconds / static_cast<double>(model.moments_documents);
    for (std::size_t i = 0; i < slices.size(); ++i) {
      const auto num_documents = static_cast<double>(slices[i].last_document - slices[i].first_document);
      PrerequisiteWork part{PrerequisiteWork::Kind::kMoments, model.name, per_document * num_documents};
      part.slice = static_cast<std::int64_t>(i);
      part.state = done.contains(*part.slice) ? WorkState::kDone : WorkState::kOpen;
      whole.needs.push_back(prerequisites_.size());
      prerequisites_.push_back(std::move(part));
    }
    whole.expected_seconds = costs_.moments_sum_seconds(model.name, static_cast<std::int64_t>(slices.size()));
  }
  prerequisites_.push_back(std::move(whole));
}

void Backlog::add_cell(const core::CellFacts& facts, const LedgerView& ledger) {
  const auto committed = ledger.cell(facts);
  CellWork cell;
  cell.facts = &facts;
  cell.committed = committed.num_edits;
  cell.edit_state = cell.committed >= facts.edits ? WorkState::kDone : WorkState::kOpen;
  cell.checkpoints = core::checkpoints_of(config_, facts.cell);
  const auto prerequisite = [&](PrerequisiteWork::Kind kind) -> std::optional<std::size_t> {
    const auto found = std::ranges::find_if(prerequisites_, [&](const PrerequisiteWork& one) {
      return one.kind == kind && one.model == facts.cell.model && !one.slice;
    });
    if (found == prerequisites_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - prerequisites_.begin());
  };
  const auto& method = config_.method_of(facts.cell);
  if (core::needs_second_moments(method)) cell.moments = prerequisite(PrerequisiteWork::Kind::kMoments);
  if (core::needs_trained_editor(method)) cell.editor = prerequisite(PrerequisiteWork::Kind::kEditor);
  std::int64_t num_due = 0;
  for (const auto edits : cell.checkpoints) {
    auto parts = core::parts_due(config_, facts.cell, edits);
    if (parts.empty()) continue;
    ++num_due;
    std::erase_if(parts, [&](core::ReductionPart part) { return committed.reductions.contains({edits, part}); });
    if (!parts.empty()) cell.reductions.push_back({edits, std::move(parts), {}, {}, {}});
  }
  num_reductions_due_ += num_due;
  cells_.push_back(std::move(cell));
}

const ReductionWork& Backlog::reduction_of(const WorkUnit& unit) const {
  return cells_.at(unit.index).reductions.at(unit.reduction);
}

core::Task Backlog::task_of(const WorkUnit& unit) const {
  switch (unit.kind) {
    case WorkUnit::Kind::kPrerequisite: {
      const auto& work = prerequisites_.at(unit.index);
      if (work.kind == PrerequisiteWork::Kind::kMoments) return core::MomentsTask{work.model, work.slice};
      if (work.kind == PrerequisiteWork::Kind::kEditor) return core::EditorTask{work.model};
      return core::BaselineTask{work.model};
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
  if (unit.kind == WorkUnit::Kind::kPrerequisite) return prerequisites_.at(unit.index).model;
  return cell_of(cells_.at(unit.index)).model;
}

const Attempts& Backlog::attempts_of(const WorkUnit& unit) const {
  if (unit.kind == WorkUnit::Kind::kPrerequisite) return prerequisites_.at(unit.index).attempts;
  if (unit.kind == WorkUnit::Kind::kEdit) return cells_.at(unit.index).attempts;
  return reduction_of(unit).attempts;
}

int Backlog::facts_per_step(const core::GridCell& cell) const { return core::batch_size(config_.method_of(cell)); }

double Backlog::expected_step_seconds(const WorkUnit& unit) const {
  const auto& model = model_of(unit);
  switch (unit.kind) {
    case WorkUnit::Kind::kEdit: {
      const auto& cell = cell_of(cells_.at(unit.index));
      return facts_per_step(cell) * costs_.edit_seconds(cell.method, model);
    }
    case WorkUnit::Kind::kReduction:
      return costs_.reduction_seconds(model, reduction_of(unit).edits, reduction_of(unit).parts);
    case WorkUnit::Kind::kPrerequisite: {
      // A pass over a corpus reports each batch, a training each iteration, of which the longest validates; a baseline
      // is four evaluations.
      const auto& work = prerequisites_.at(unit.index);
      if (work.kind == PrerequisiteWork::Kind::kEditor) return costs_.editor_step_seconds(work.model);
      const bool has_batches = work.kind == PrerequisiteWork::Kind::kMoments && work.needs.empty();
      return has_batches ? work.expected_seconds / 100.0 : work.expected_seconds;
    }
  }
  return 0.0;
}

bool Backlog::is_ready(const PrerequisiteWork& work, double now_seconds) const {
  return work.state == WorkState::kOpen && work.attempts.not_before_seconds <= now_seconds &&
         std::ranges::all_of(work.needs,
                             [&](std::size_t index) { return prerequisites_[index].state == WorkState::kDone; });
}

bool Backlog::is_editable(const CellWork& cell, double now_seconds) const {
  return cell.edit_state == WorkState::kOpen && cell.attempts.not_before_seconds <= now_seconds &&
         (!cell.moments || prerequisites_[*cell.moments].state == WorkState::kDone) &&
         (!cell.editor || prerequisites_[*cell.editor].state == WorkState::kDone);
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
  cell.edit_state = cell.remaining_edits() <= 0 ? WorkState::kDone : WorkState::kOpen;
}

void Backlog::reopen(const WorkUnit& unit, const Attempts& attempts) {
  if (unit.kind == WorkUnit::Kind::kPrerequisite) {
    auto& work = prerequisites_.at(unit.index);
    work.state = WorkState::kOpen;
    work.attempts = attempts;
    return;
  }
  auto& cell = cells_.at(unit.index);
  if (unit.kind == WorkUnit::Kind::kEdit) {
    cell.edit_state = WorkState::kOpen;
    cell.attempts = attempts;
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
    if ((cell.moments != index && cell.editor != index) || cell.edit_state != WorkState::kOpen) continue;
    cell.edit_state = WorkState::kFailed;
    const char* what = cell.editor == index ? "the trained editor of " : "second moments of ";
    cell.failure = std::string(kPrerequisiteFailed) + what + work.model + " failed: " + reason;
  }
}

void Backlog::refresh(const WorkUnit& unit, const LedgerView& ledger) {
  if (unit.kind == WorkUnit::Kind::kEdit) advance(unit.index, ledger.cell(*cells_.at(unit.index).facts).num_edits);
}

bool Backlog::is_exhausted() const {
  const auto is_over = [](WorkState state) { return state == WorkState::kDone || state == WorkState::kFailed; };
  if (!std::ranges::all_of(prerequisites_, is_over, &PrerequisiteWork::state)) return false;
  return std::ranges::all_of(cells_, [&](const CellWork& cell) {
    const bool has_open =
        cell.first_open < cell.reductions.size() && cell.reductions[cell.first_open].edits <= cell.committed;
    return is_over(cell.edit_state) && cell.num_running_reductions == 0 && !has_open;
  });
}

bool Backlog::has_failures() const {
  const auto is_failed = [](const auto& work) { return work.state == WorkState::kFailed; };
  return std::ranges::any_of(prerequisites_, is_failed) || std::ranges::any_of(cells_, [&](const CellWork& cell) {
           return cell.edit_state == WorkState::kFailed || std::ranges::any_of(cell.reductions, is_failed);
         });
}

Backlog::Totals Backlog::totals() const {
  Totals totals;
  totals.num_cells = static_cast<std::int64_t>(cells_.size());
  totals.reductions = num_reductions_due_;
  totals.reductions_done = num_reductions_due_;
  for (const auto& cell : cells_) {
    totals.edits += cell.facts->edits;
    totals.edits_done += std::min(cell.committed, cell.facts->edits);
    bool is_done = cell.edit_state == WorkState::kDone;
    bool is_failed = cell.edit_state == WorkState::kFailed;
    for (const auto& reduction : cell.reductions) {
      if (reduction.state == WorkState::kDone) continue;
      --totals.reductions_done;
      is_done = false;
      if (reduction.state == WorkState::kFailed) {
        ++totals.reductions_failed;
        is_failed = true;
      }
    }
    if (is_done) ++totals.num_cells_done;
    if (is_failed) ++totals.num_cells_failed;
  }
  totals.reductions_waiting = num_waiting_reductions();
  totals.prerequisites = static_cast<std::int64_t>(prerequisites_.size());
  totals.prerequisites_done = std::ranges::count(prerequisites_, WorkState::kDone, &PrerequisiteWork::state);
  return totals;
}

double Backlog::remaining_seconds(int num_executors) const {
  double total = 0.0;
  double longest = 0.0;
  for (const auto& work : prerequisites_) {
    if (work.state == WorkState::kOpen || work.state == WorkState::kRunning) total += work.expected_seconds;
  }
  for (const auto& cell : cells_) {
    if (cell.edit_state == WorkState::kFailed) continue;
    const auto& grid_cell = cell_of(cell);
    const double edits = static_cast<double>(std::max<std::int64_t>(0, cell.remaining_edits())) *
                         costs_.edit_seconds(grid_cell.method, grid_cell.model);
    double last_reduction = 0.0;
    total += edits;
    for (const auto& reduction : cell.reductions) {
      if (reduction.state != WorkState::kOpen && reduction.state != WorkState::kRunning) continue;
      last_reduction = costs_.reduction_seconds(grid_cell.model, reduction.edits, reduction.parts);
      total += last_reduction;
    }
    longest = std::max(longest, edits + last_reduction);
  }
  return std::max(longest, total / std::max(1, num_executors));
}

}  // namespace lethe::orchestrator::inline scheduling
