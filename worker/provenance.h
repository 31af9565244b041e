#pragma once

#include "storage/segment.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Who made a file, with what and when (design C9): what of the config concerns the cell, or the model of a
/// prerequisite; git revision, library versions, host, device, time.
storage::Provenance provenance(const Workspace& workspace, const core::GridCell& cell);
storage::Provenance provenance(const Workspace& workspace, const std::string& model);

}  // namespace lethe::worker
