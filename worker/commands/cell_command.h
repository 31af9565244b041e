#pragma once

#include "core/grid_cell.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker::inline commands {

/// Everything a sweep does for one cell, in this process and without MPI: prerequisites, edits, reductions. Picks up
/// what is committed; the files equal a sweep's. A cell that is cancelled, also while it is edited, is edited no
/// further, and is at its end with the evaluations of what is committed. Returns false if the monitor stopped it before
/// the end.
bool run_cell(Workspace& workspace, const core::GridCell& cell, TaskMonitor& monitor);

}  // namespace lethe::worker::inline commands
