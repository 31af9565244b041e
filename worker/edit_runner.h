#pragma once

#include "core/contract/executor_messages.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Edits a cell from its committed segments up to `task.until` (or until the monitor says stop), scoring each edit
/// right after it and committing a segment at each checkpoint. Returns the number of edits committed.
/// A damaged newest segment is quarantined with all that follow it, and the run goes on from the one before.
std::int64_t run_edits(Workspace& workspace, const core::EditTask& task, TaskMonitor& monitor);

}  // namespace lethe::worker
