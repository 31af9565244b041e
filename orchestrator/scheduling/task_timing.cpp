#include "orchestrator/scheduling/task_timing.h"

#include <filesystem>

#include "ledger/sweep_folder.h"

namespace lethe::orchestrator::inline scheduling {

void TaskTiming::on_progress(const WorkUnit& unit, const core::ProgressEvent& progress, double now_seconds,
                             Backlog& backlog) {
  switch (unit.kind) {
    case WorkUnit::Kind::kEdit:
      return on_edits(unit, progress, now_seconds, backlog);
    case WorkUnit::Kind::kReduction:
      return on_part(unit, progress, backlog);
    case WorkUnit::Kind::kPrerequisite:
      return on_prerequisite(unit, progress, now_seconds, backlog);
  }
}

void TaskTiming::on_edits(const WorkUnit& unit, const core::ProgressEvent& progress, double now_seconds,
                          Backlog& backlog) {
  // Edits that were there already, or that a rebuilt chain brought along, took no time of this kind.
  if (progress.stage != "edit") return mark_.reset();
  const auto& cell = backlog.cells()[unit.index].facts->cell;
  if (mark_) {
    backlog.costs().observe_edits(cell.method, cell.model, progress.done - mark_->done, now_seconds - mark_->seconds);
  } else {
    const SecondsPerStep step{progress.seconds};
    backlog.costs().observe_first_step(cell.method, cell.model, step.per_fact(backlog.facts_per_step(cell)));
  }
  mark_ = Mark{now_seconds, progress.done};
  backlog.see_edits(unit.index, progress.done);
}

void TaskTiming::on_committed(const WorkUnit& unit, const std::string& file, const Backlog& backlog) {
  if (unit.kind != WorkUnit::Kind::kReduction) return;
  const auto& cell = backlog.cells()[unit.index];
  const auto& reduction = cell.reductions[unit.reduction];
  const auto name = std::filesystem::path(file).filename().string();
  committed_part_.reset();
  for (const auto part : reduction.parts) {
    const auto& identity = cell.facts->reduction_identities.at(part);
    if (name.starts_with(ledger::reduction_stem(part, reduction.edits, identity))) committed_part_ = part;
  }
}

/// An executor says first which part it has committed, then how long that took.
void TaskTiming::on_part(const WorkUnit& unit, const core::ProgressEvent& progress, Backlog& backlog) {
  if (progress.stage != "reduce" || !committed_part_) return;
  const auto& cell = backlog.cells()[unit.index];
  backlog.costs().observe_part(cell.facts->cell.model, cell.reductions[unit.reduction].edits, *committed_part_,
                               progress.seconds);
  committed_part_.reset();
  ++num_parts_;
  parts_seconds_ += progress.seconds;
}

void TaskTiming::on_prerequisite(const WorkUnit& unit, const core::ProgressEvent& progress, double now_seconds,
                                 Backlog& backlog) {
  if (!mark_ || progress.done < mark_->done) {
    mark_ = Mark{now_seconds, progress.done};
  } else if (progress.done > mark_->done && progress.total >= progress.done) {
    const double seconds_each = (now_seconds - mark_->seconds) / static_cast<double>(progress.done - mark_->done);
    backlog.see_rest(unit.index, seconds_each * static_cast<double>(progress.total - progress.done));
  }
}

void TaskTiming::on_done(const WorkUnit& unit, double now_seconds, Backlog& backlog) const {
  const double seconds = now_seconds - started_seconds_;
  if (unit.kind == WorkUnit::Kind::kPrerequisite) {
    const auto& work = backlog.prerequisites()[unit.index];
    return backlog.costs().observe_prerequisite(work.facts->kind, work.facts->model, work.expected_seconds, seconds);
  }
  if (unit.kind != WorkUnit::Kind::kReduction) return;
  const auto& cell = backlog.cells()[unit.index];
  const bool are_all_timed = num_parts_ == cell.reductions[unit.reduction].parts.size();
  if (!holds_cell_ || !are_all_timed) return;
  backlog.costs().observe_reduction_overhead(cell.facts->cell.model, seconds - parts_seconds_);
}

}  // namespace lethe::orchestrator::inline scheduling
