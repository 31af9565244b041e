#pragma once

#include "core/grid_cell.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// With `keep_snapshots: newest`, removes a cell's dense snapshots but the newest whose due reductions are all
/// committed; to be called after any commit that may free one, of edits or of reductions. With `all` nothing is
/// removed. Metrics live in segments and are never touched.
void prune_snapshots(Workspace& workspace, const core::GridCell& cell);

}  // namespace lethe::worker
