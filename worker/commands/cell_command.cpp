#include "worker/commands/cell_command.h"

#include <algorithm>
#include <chrono>

#include "core/config/schedule.h"
#include "core/error.h"
#include "core/log.h"
#include "ledger/cancelled_cells.h"
#include "ledger/commit.h"
#include "worker/commands/cell_record.h"
#include "worker/commands/owned_work.h"
#include "worker/planning/prerequisite_kinds.h"
#include "worker/task_runner.h"

namespace lethe::worker::inline commands {
namespace {

/// Results of other settings beside this cell's are refused, both values shown (design C2).
void refuse_foreign_results(Workspace& workspace, const core::GridCell& cell) {
  const auto& facts = workspace.facts().cell(cell);
  const auto foreign = ledger::foreign_identities(workspace.folder(), cell, facts.edit_identity);
  if (foreign.empty()) return;
  throw core::ConfigError(workspace.folder().cell(cell).string() + ": holds results of edit identity " +
                          foreign.front() + ", the config gives " + facts.edit_identity +
                          "; compare their identity-*.json files, restore the config or choose another --out");
}

/// The caller's monitor, which stops the edits of a cell that is cancelled meanwhile too.
class CancelWatch final : public TaskMonitor {
 public:
  CancelWatch(TaskMonitor& monitor, const ledger::SweepFolder& folder, const core::GridCell& cell)
      : monitor_(monitor), folder_(folder), cell_(cell) {}

  void progress(std::string_view stage, std::int64_t done, std::int64_t total, double seconds) override {
    monitor_.progress(stage, done, total, seconds);
  }
  void committed(const std::filesystem::path& file, std::int64_t edits) override { monitor_.committed(file, edits); }
  [[nodiscard]] bool should_stop() const override { return monitor_.should_stop() || is_cancelled(); }

  /// Looked for once a second, until it is; what cannot be read now is looked for again.
  [[nodiscard]] bool is_cancelled() const {
    const auto now = std::chrono::steady_clock::now();
    if (is_cancelled_ || now < next_look_) return is_cancelled_;
    next_look_ = now + std::chrono::seconds(1);
    try {
      is_cancelled_ = ledger::is_cancelled(folder_, cell_);
    } catch (const core::StorageError& error) {
      core::log_warning(error.what());
    }
    return is_cancelled_;
  }

 private:
  TaskMonitor& monitor_;
  const ledger::SweepFolder& folder_;
  const core::GridCell& cell_;
  mutable bool is_cancelled_ = false;
  mutable std::chrono::steady_clock::time_point next_look_{};
};

std::vector<core::ReductionPart> missing_parts(Workspace& workspace, const core::GridCell& cell, std::int64_t edits) {
  const auto& facts = workspace.facts().cell(cell);
  const auto files = ledger::scan_cell(workspace.cell_folder(cell));
  auto parts = core::parts_due(workspace.config(), cell, edits, files.collapsed_at());
  std::erase_if(parts, [&](core::ReductionPart part) {
    return files.has_reduction(part, edits, facts.reduction_identities.at(part));
  });
  return parts;
}

/// What the unedited model says of the tasks. False: told to stop.
bool make_baseline(Workspace& workspace, const core::GridCell& cell, TaskMonitor& monitor) {
  return workspace.config().tasks.empty() || run_own_prerequisite(workspace, {kBaselineKind, cell.model}, monitor);
}

/// All edits, with what they need. False: told to stop, or cancelled.
bool edit(Workspace& workspace, const core::GridCell& cell, TaskRunner& runner, CancelWatch& watch) {
  if (!watch.should_stop() && run_own_needs(workspace, cell, watch) && make_baseline(workspace, cell, watch)) {
    const auto edited = runner.run(core::EditTask{cell, workspace.config().edits.at(cell)}, watch);
    if (edited.is_complete) return true;
  }
  if (watch.is_cancelled()) {
    core::log_info(cell.name() + " is cancelled: no further edits (`lethe cancel --undo` takes it back)");
  }
  return false;
}

/// Of what is committed, all that is due. False: told to stop.
bool reduce(Workspace& workspace, const core::GridCell& cell, TaskRunner& runner, TaskMonitor& monitor) {
  const auto files = ledger::scan_cell(workspace.cell_folder(cell));
  const auto num_edits = files.num_edits();
  if (num_edits > 0 && !make_baseline(workspace, cell, monitor)) return false;
  for (const auto edits : core::checkpoints_of(workspace.config(), cell, files.collapsed_at())) {
    if (monitor.should_stop()) return false;
    if (edits > num_edits) break;
    const auto parts = missing_parts(workspace, cell, edits);
    if (!parts.empty() && !runner.run(core::ReduceTask{cell, edits, parts}, monitor).is_complete) return false;
  }
  return true;
}

}  // namespace

bool run_cell(Workspace& workspace, const core::GridCell& cell, TaskMonitor& monitor) {
  refuse_foreign_results(workspace, cell);
  const auto ownership = own_cell(workspace, cell, monitor);
  if (!ownership) return false;
  record_cell_run(workspace, cell);
  TaskRunner runner(workspace);
  CancelWatch watch(monitor, workspace.folder(), cell);
  const bool is_edited = edit(workspace, cell, runner, watch);
  if (!is_edited && monitor.should_stop()) return false;
  if (!reduce(workspace, cell, runner, monitor)) return false;
  // One that was cancelled, and is wanted again by now, goes on with the next call.
  return is_edited || ledger::is_cancelled(workspace.folder(), cell);
}

}  // namespace lethe::worker::inline commands
