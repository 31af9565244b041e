#pragma once

#include "storage/segment.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Who made a file, with what and when (design C9): config, git revision, library versions, host, device, time.
storage::Provenance provenance(const Workspace& workspace);

}  // namespace lethe::worker
