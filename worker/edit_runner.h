#pragma once

#include "core/contract/executor_messages.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

struct CommittedEdits {
  std::int64_t edits = 0;    ///< of the cell, in all
  bool is_complete = false;  ///< false: told to stop before the end that was asked for
};

/// Edits a cell from its committed segments up to `task.until` (or until the monitor says stop, or where
/// `stop_at_collapse` ends the cell), scoring each edit
/// right after it and committing a segment at each checkpoint.
/// A damaged segment is quarantined alone and its edits are made again; what stands behind it joins or follows
/// (`recover_chain`, `joins_orphans` in worker/chain_recovery.h).
CommittedEdits run_edits(Workspace& workspace, const core::EditTask& task, TaskMonitor& monitor);

}  // namespace lethe::worker
