#pragma once

#include <filesystem>
#include <set>

#include "worker/commands/verify.h"

namespace lethe::worker::inline commands {

/// Checks cells that lie in a sweep's folder and are not in the grid of its experiment.json, as a sweep leaves them
/// that was run again with fewer: what lies there can be exported and compared. Where the experiment still has their
/// model and their method's hyper-parameters they are checked and rebuilt like its own, else their segments are read
/// and held against each other; a gap in their chain is a problem in either case. Each is named in `result`. `flawed`
/// files are not looked at again.
void check_outside_cells(Workspace& workspace, Thoroughness thoroughness, const std::set<std::filesystem::path>& flawed,
                         TaskMonitor& monitor, Verification& result);

}  // namespace lethe::worker::inline commands
