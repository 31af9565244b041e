#pragma once

#include <memory>

#include "core/grid_cell.h"
#include "ledger/ownership.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

// Work outside a sweep (`lethe cell`, `lethe stats`): several processes may share a folder, as the tasks of a job array
// do, and each owns the cell or prerequisite it works on. A running sweep owns all of them.

namespace lethe::worker::inline commands {

/// Owns a cell. Null if told to stop. Throws `core::OwnedError` if it, or the whole folder, has a living owner.
std::unique_ptr<ledger::Ownership> own_cell(const Workspace& workspace, const core::GridCell& cell,
                                            const TaskMonitor& monitor);

/// Second moments of a model. Waits for another process that computes them, and takes them from there. False if told
/// to stop before the end. Throws `core::OwnedError` while a sweep owns the folder.
bool run_own_moments(Workspace& workspace, const std::string& model, TaskMonitor& monitor);
/// The same for a trained MEND editor.
bool run_own_editor(Workspace& workspace, const std::string& model, TaskMonitor& monitor);
/// The same for the tasks of the unedited model.
bool run_own_baseline(Workspace& workspace, const std::string& model, TaskMonitor& monitor);

}  // namespace lethe::worker::inline commands
