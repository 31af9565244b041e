#pragma once

#include "storage/segment.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Who made a file, with what and when (design C9): what of the config concerns the cell, or the model of a
/// prerequisite; git revision, library versions, host, device, time.
storage::Provenance provenance(const Workspace& workspace, const core::GridCell& cell);
storage::Provenance provenance(const Workspace& workspace, const std::string& model);
/// True if a file names this process's arithmetic as its own; files of versions that named none do not.
bool is_own_arithmetic(const storage::Provenance& provenance);

}  // namespace lethe::worker
