#pragma once

#include <memory>

#include "core/contract/executor_messages.h"
#include "model/lower_states.h"
#include "storage/reduction.h"
#include "worker/cell_replay.h"
#include "worker/model_monitor.h"
#include "worker/task_monitor.h"
#include "worker/text_evaluation.h"
#include "worker/unedited_scores.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Evaluates cells at checkpoints. Keeps the last cell's model between calls, so that the next checkpoint of the
/// same cell applies only the new segments; and, within `reducer_cache_gb`, what blocks below the edited ones make of
/// the downstream prompts, which serves all cells of a model that are edited from the same block on.
class ReductionRunner {
 public:
  explicit ReductionRunner(Workspace& workspace)
      : workspace_(workspace), cache_(core::bytes_of_gb(workspace.config().reducer_cache_gb)) {}

  /// Commits the parts of `task` that are not there yet, and removes snapshots that were kept for them alone. False:
  /// told to stop, which it looks for between batches; of the part at hand nothing is kept.
  bool run(const core::ReduceTask& task, TaskMonitor& monitor);
  /// Of prompts' states.
  [[nodiscard]] std::int64_t kept_bytes() const { return cache_.num_bytes(); }
  /// True if what is kept is of this model.
  [[nodiscard]] bool holds(const std::string& model) const { return replay_ && replay_->model_name() == model; }
  /// Lets go of the model and of all that was kept of it.
  void forget() {
    replay_.reset();
    cache_.clear();
    unedited_scores_.forget();
    texts_.forget();
    monitor_.forget();
  }

 private:
  Workspace& workspace_;
  std::unique_ptr<CellReplay> replay_;
  model::LowerStateCache cache_;
  UneditedScores unedited_scores_;
  TextEvaluation texts_;
  ModelMonitor monitor_;

  CellReplay& replay_of(const core::GridCell& cell);
  /// Requests 1..n of a cell.
  std::vector<data::EditRequest> first_requests(const core::GridCell& cell, std::int64_t num_edits);
  void run_part(const core::ReduceTask& task, core::ReductionPart part, TaskMonitor& monitor);
  /// Fills the field of the contents' part, and what its provenance says of it.
  void measure(const model::Network& network, const model::BeforeBatch& before_batch,
               storage::ReductionContents& contents);
};

}  // namespace lethe::worker
