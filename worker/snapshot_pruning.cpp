#include "worker/snapshot_pruning.h"

#include "core/config/schedule.h"
#include "core/fault.h"
#include "ledger/old_snapshots.h"

namespace lethe::worker {

void prune_snapshots(Workspace& workspace, const core::GridCell& cell) {
  if (workspace.config().keep_snapshots != "newest") return;
  const auto files = ledger::scan_cell(workspace.cell_folder(cell));
  const auto parts_due = [&](std::int64_t edit) { return core::parts_due(workspace.config(), cell, edit); };
  for (const auto& snapshot :
       ledger::unneeded_snapshots(files, parts_due, workspace.facts().cell(cell).reduction_identities)) {
    core::fault_point("edit.prune");
    std::filesystem::remove(snapshot.file.path);
  }
}

}  // namespace lethe::worker
