#pragma once

#include <memory>

#include "core/executor_messages.h"
#include "worker/cell_replay.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Evaluates cells at checkpoints. Keeps the last cell's model between calls, so that the next checkpoint of the
/// same cell applies only the new segments.
class ReductionRunner {
 public:
  explicit ReductionRunner(Workspace& workspace) : workspace_(workspace) {}

  /// Commits the parts of `task` that are not there yet.
  void run(const core::ReduceTask& task, TaskMonitor& monitor);
  /// Lets go of the model.
  void forget() { replay_.reset(); }

 private:
  Workspace& workspace_;
  std::unique_ptr<CellReplay> replay_;

  CellReplay& replay_of(const core::GridCell& cell);
};

/// Rewrite prompts of edits 1..n asked of `network`.
std::vector<core::ForgettingRecord> measure_forgetting(const model::Network& network, const model::Tokenizer& tokenizer,
                                                       std::span<const data::EditRequest> requests);

}  // namespace lethe::worker
