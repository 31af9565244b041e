#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker::inline commands {

struct Verification {
  std::int64_t num_files = 0;
  std::int64_t num_cells = 0;
  std::vector<std::string> problems;  ///< "file: what is wrong"
};

/// Re-reads every committed file against its digest and rebuilds each cell's model edit by edit, checking the
/// fingerprint chain of its segments.
Verification verify_sweep(Workspace& workspace, TaskMonitor& monitor);

/// Do two sweeps hold the same results? Second moments, segments (as concatenated edits, wherever their
/// boundaries are), snapshots at common edits, reductions and baselines: every logical dataset, bit for bit.
Verification compare_sweeps(const std::filesystem::path& left, const std::filesystem::path& right);

}  // namespace lethe::worker::inline commands
