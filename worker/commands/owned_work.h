#pragma once

#include <memory>

#include "core/contract/executor_messages.h"
#include "core/grid_cell.h"
#include "ledger/ownership.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

// Work outside a sweep (`lethe cell`, `lethe stats`): several processes may share a folder, as the tasks of a job array
// do, and each owns the cell or prerequisite it works on. A running sweep owns all of them.

namespace lethe::worker::inline commands {

/// Owns a cell. Null if told to stop. Throws `core::OwnedError` if it, or the whole folder, has a living owner.
std::unique_ptr<ledger::Ownership> own_cell(Workspace& workspace, const core::GridCell& cell,
                                            const TaskMonitor& monitor);

/// A prerequisite. Waits for another process that makes it, and takes it from there. False if told to stop before the
/// end. Throws `core::OwnedError` while a sweep owns the folder.
bool run_own_prerequisite(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor);
/// All that a cell's edits need, in their order.
bool run_own_needs(Workspace& workspace, const core::GridCell& cell, TaskMonitor& monitor);

}  // namespace lethe::worker::inline commands
