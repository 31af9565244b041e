#pragma once

#include <memory>

#include "core/contract/executor_messages.h"
#include "editing/edit_method.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Null spaces of a model's second moments for AlphaEdit, a committed file a layer. The threshold, the rank and the
/// eigenvalues beside the cut are logged and kept in the file. Throws `core::DataError` for a rank of 0, which would
/// allow no edit, and for a full one, which would protect nothing. False if it was told to stop before the end.
bool run_projectors(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor);

/// Those of a cell's edited layers, on its device. Throws `core::DataError` with path and reason.
std::shared_ptr<const editing::Artifact> load_projectors(Workspace& workspace, const core::GridCell& cell,
                                                         const core::ArtifactUse& use, const model::Network& start);

}  // namespace lethe::worker
