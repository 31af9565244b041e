#include "worker/commands/cell_command.h"

#include <algorithm>

#include "core/config/schedule.h"
#include "core/error.h"
#include "ledger/commit.h"
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

std::vector<core::ReductionPart> missing_parts(Workspace& workspace, const core::GridCell& cell, std::int64_t edits) {
  const auto& facts = workspace.facts().cell(cell);
  const auto files = ledger::scan_cell(workspace.cell_folder(cell));
  auto parts = core::parts_due(workspace.config(), cell, edits);
  std::erase_if(parts, [&](core::ReductionPart part) {
    return files.has_reduction(part, edits, facts.reduction_identities.at(part));
  });
  return parts;
}

}  // namespace

bool run_cell(Workspace& workspace, const core::GridCell& cell, TaskMonitor& monitor) {
  refuse_foreign_results(workspace, cell);
  const auto ownership = own_cell(workspace, cell, monitor);
  if (!ownership) return false;
  TaskRunner runner(workspace);
  if (!run_own_needs(workspace, cell, monitor)) return false;
  const bool has_tasks = !workspace.config().tasks.empty();
  if (has_tasks && !run_own_prerequisite(workspace, {kBaselineKind, cell.model}, monitor)) return false;
  const auto checkpoints = core::checkpoints_of(workspace.config(), cell);
  const auto edited = runner.run(core::EditTask{cell, workspace.config().edits.at(cell)}, monitor);
  for (const auto edits : checkpoints) {
    if (monitor.should_stop()) return false;
    if (edits > edited.edits) break;
    const auto parts = missing_parts(workspace, cell, edits);
    if (!parts.empty()) runner.run(core::ReduceTask{cell, edits, parts}, monitor);
  }
  return edited.is_complete;
}

}  // namespace lethe::worker::inline commands
