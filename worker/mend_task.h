#pragma once

#include "core/contract/executor_messages.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Trains the MEND editor of a model as its config's `training:` says, from the newest committed state of an
/// interrupted training on, and commits it: prerequisites/editors/<model>/<identity>/editor-<digest>.h5. The result
/// does not depend on where it was interrupted. Returns false if it was told to stop before the end; the state then is
/// committed. Throws `core::ConfigError` for a model whose config has no training records.
bool run_editor_training(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor);

}  // namespace lethe::worker
