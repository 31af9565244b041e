#pragma once

#include <vector>

#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Takes over the published second moments of `layers` (`second_moments: {npz: ...}`), one committed file a layer;
/// no model is loaded. Each is checked (data::read_published_moments) and factored once, so that a singular one is
/// refused here, with its path. Provenance records the file, the tokens summed and the articles read.
/// Returns false if it was asked to stop before the end. Throws `core::DataError`.
bool import_moments(Workspace& workspace, const std::string& model, const std::vector<int>& layers,
                    TaskMonitor& monitor);

}  // namespace lethe::worker
