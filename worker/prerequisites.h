#pragma once

#include "core/executor_messages.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Second moments of all layers that the config's cells of a model need and that are not committed yet, in one
/// pass over the corpus (algorithms 6). Returns false if it was told to stop before the end; nothing is kept then.
bool run_moments(Workspace& workspace, const core::MomentsTask& task, TaskMonitor& monitor);

/// Downstream tasks of the unedited model.
void run_baseline(Workspace& workspace, const core::BaselineTask& task, TaskMonitor& monitor);

}  // namespace lethe::worker
