#pragma once

#include <memory>
#include <string>

#include "core/contract/executor_messages.h"
#include "editing/edit_method.h"
#include "model/network.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Makes what is missing of a prerequisite, or of its slice. False: told to stop; what was committed stays.
bool run_prerequisite(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor);
/// True if the task needs the model loaded before it begins.
bool loads_model(const core::PrerequisiteTask& task);

/// What a cell's method edits with beside second moments, by kind: made before, or from the files its config names.
/// `start` is what its edits start from. Throws `core::DataError` for what is not there or does not fit.
std::map<std::string, std::shared_ptr<const editing::Artifact>> load_artifacts(Workspace& workspace,
                                                                               const core::GridCell& cell,
                                                                               const model::Network& start);

}  // namespace lethe::worker
