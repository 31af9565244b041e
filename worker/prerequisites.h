#pragma once

#include "core/contract/executor_messages.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Downstream tasks of the unedited model.
void run_baseline(Workspace& workspace, const core::BaselineTask& task, TaskMonitor& monitor);

}  // namespace lethe::worker
