#include "worker/snapshot_pruning.h"

#include <algorithm>

#include "core/config/schedule.h"
#include "core/fault.h"

namespace lethe::worker {

void prune_snapshots(Workspace& workspace, const core::GridCell& cell) {
  if (workspace.config().keep_snapshots != "newest") return;
  const auto& facts = workspace.facts().cell(cell);
  const auto files = ledger::scan_cell(workspace.cell_folder(cell));
  for (const auto& snapshot : files.snapshots) {
    if (snapshot.edit >= files.num_edits()) continue;
    const auto parts = core::parts_due(workspace.config(), cell, snapshot.edit);
    const bool is_reduced = std::all_of(parts.begin(), parts.end(), [&](core::ReductionPart part) {
      const auto identity = facts.reduction_identities.at(part);
      return files.has_reduction(part, snapshot.edit, identity);
    });
    if (!is_reduced) continue;
    core::fault_point("edit.prune");
    std::filesystem::remove(snapshot.file.path);
  }
}

}  // namespace lethe::worker
