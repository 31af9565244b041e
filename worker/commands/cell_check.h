#pragma once

#include <filesystem>
#include <set>

#include "core/grid_cell.h"
#include "worker/commands/verify.h"

namespace lethe::worker::inline commands {

/// Checks what a cell's files say of each other (fingerprints of segments and snapshots, case ids of reductions) and
/// rebuilds its model edit by edit. `flawed` files are not looked at again.
void check_cell(Workspace& workspace, const core::GridCell& cell, const std::set<std::filesystem::path>& flawed,
                TaskMonitor& monitor, Verification& result);

}  // namespace lethe::worker::inline commands
