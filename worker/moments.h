#pragma once

#include "core/contract/executor_messages.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Second moments of a model over its corpus (the prerequisite of that kind): the corpus is streamed, cut into slices
/// by the config alone, and each slice's sums are committed by layer; the last step adds them in the slices' order,
/// commits C of each layer and removes its partial sums. So the result is the same, bit for bit, however many processes
/// take part and however often they are interrupted. A corpus of one slice is summed without partial files. Layers and
/// slices that are committed are not computed again. False if it was told to stop before the end.
bool run_moments(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor);

}  // namespace lethe::worker
