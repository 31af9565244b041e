#pragma once

#include "worker/prerequisites.h"

namespace lethe::worker {

/// Downstream tasks of the unedited model. False: told to stop.
bool run_baseline(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor);

}  // namespace lethe::worker
