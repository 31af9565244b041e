#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "core/digest.h"
#include "core/grid_cell.h"
#include "storage/segment.h"
#include "worker/commands/verify.h"

namespace lethe::worker::inline commands {

/// A segment whose edits had one arithmetic begins with the weights that the one before it, which left `before`, ends
/// with; else a problem.
void check_joint(const std::filesystem::path& segment, const std::map<std::string, core::Digest>& before,
                 const storage::SegmentContents& contents, Verification& result);

/// Checks what a cell's files say of each other (fingerprints of segments and snapshots, case ids of reductions) and
/// rebuilds its model edit by edit. `flawed` files are not looked at again.
void check_cell(Workspace& workspace, const core::GridCell& cell, const std::set<std::filesystem::path>& flawed,
                TaskMonitor& monitor, Verification& result);

}  // namespace lethe::worker::inline commands
