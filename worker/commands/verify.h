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
  std::vector<std::string> problems;     ///< "file: what is wrong; remedy"
  std::vector<std::string> not_checked;  ///< what, and why
  std::vector<std::string> remarks;      ///< sound, and to be known: "file or cell: what"
  bool is_stopped = false;               ///< told to stop before the end
};

enum class Thoroughness {
  kDigests,  ///< files that are due are there, their bytes and labels are right; needs no model
  kAll,      ///< all contents are read, and each cell's model is rebuilt edit by edit
};

/// Holds a folder against its own experiment.json: cells and reductions that are due in a complete sweep are there;
/// every committed file is the one that its name says, and whole; the segments' fingerprints make a chain from the
/// unedited model to the last edit, which the replay follows (dense methods edit again, where their records are there).
/// Cells that the experiment does not hold are checked as far as it knows their model and method, and named; so are
/// values that are not finite, which a model that has diverged may really give.
/// `workspace` is one for results: neither records nor corpora are needed.
Verification verify_sweep(Workspace& workspace, Thoroughness thoroughness, TaskMonitor& monitor);

/// Do two sweeps hold the same results? Second moments, segments (as concatenated edits, wherever their
/// boundaries are), snapshots at common edits, reductions and baselines: every logical dataset, bit for bit.
Verification compare_sweeps(const std::filesystem::path& left, const std::filesystem::path& right,
                            TaskMonitor& monitor);

}  // namespace lethe::worker::inline commands
