#include "worker/reduction_runner.h"

#include <chrono>

#include "core/error.h"
#include "core/fault.h"
#include "metrics/downstream.h"
#include "metrics/rewrite_scores.h"
#include "metrics/weight_distance.h"
#include "worker/batch_watch.h"
#include "worker/provenance.h"
#include "worker/snapshot_pruning.h"
#include "worker/task_answers.h"

namespace lethe::worker {
namespace {

/// All prompts of edits 1..n asked of `network`, beside what the unedited model says.
std::vector<core::ScoresRecord> measure_scores(const model::Network& network, const model::Tokenizer& tokenizer,
                                               std::span<const data::EditRequest> requests,
                                               std::span<const std::vector<core::PromptScore>> unedited,
                                               const model::BeforeBatch& before_batch) {
  auto edited = metrics::score_requests(network, tokenizer, requests, {.before_batch = before_batch});
  std::vector<core::ScoresRecord> records;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    records.push_back({static_cast<std::int64_t>(i) + 1, requests[i].case_id, std::move(edited[i]), unedited[i]});
  }
  return records;
}

/// Rewrite prompts of edits 1..n asked of `network`.
std::vector<core::ForgettingRecord> measure_forgetting(const model::Network& network, const model::Tokenizer& tokenizer,
                                                       std::span<const data::EditRequest> requests,
                                                       const model::BeforeBatch& before_batch) {
  metrics::ScoreOptions options;
  options.rewrite_only = true;
  options.before_batch = before_batch;
  const auto scores = metrics::score_requests(network, tokenizer, requests, options);
  std::vector<core::ForgettingRecord> records;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    records.push_back({static_cast<std::int64_t>(i) + 1, requests[i].case_id, scores[i].front()});
  }
  return records;
}

}  // namespace

CellReplay& ReductionRunner::replay_of(const core::GridCell& cell) {
  if (!replay_ || replay_->cell() != cell) {
    replay_.reset();
    replay_ = std::make_unique<CellReplay>(workspace_, cell, workspace_.model(cell.model));
  }
  return *replay_;
}

std::vector<data::EditRequest> ReductionRunner::first_requests(const core::GridCell& cell, std::int64_t num_edits) {
  auto requests = workspace_.requests(cell);
  requests.resize(static_cast<std::size_t>(num_edits));
  return requests;
}

void ReductionRunner::measure(const model::Network& network, const model::BeforeBatch& before_batch,
                              storage::ReductionContents& contents) {
  const auto& cell = contents.cell;
  const auto loaded = workspace_.model(cell.model);
  const auto& tokenizer = loaded->tokenizer;
  switch (contents.part) {
    case core::ReductionPart::kDistance:
      contents.distances = metrics::weight_distances(network, network.edited_parameters());
      break;
    case core::ReductionPart::kForgetting:
      contents.forgetting = measure_forgetting(network, tokenizer, first_requests(cell, contents.edits), before_batch);
      break;
    case core::ReductionPart::kTasks:
      answer_tasks(
          workspace_.facts(), loaded->tasks, known_answers(workspace_.cell_folder(cell), contents),
          [&](const auto& task) { return metrics::evaluate_task(network, tokenizer, task, &cache_, before_batch); },
          contents);
      break;
    case core::ReductionPart::kScores: {
      const auto requests = first_requests(cell, contents.edits);
      const auto& unedited = unedited_scores_.of(workspace_.starting_network(cell), tokenizer, requests, before_batch);
      contents.scores = measure_scores(network, tokenizer, requests, unedited, before_batch);
      break;
    }
    case core::ReductionPart::kTexts:
      contents.texts = texts_.of(network, workspace_.starting_network(cell), tokenizer,
                                 first_requests(cell, contents.edits), workspace_.config(), before_batch);
      break;
    case core::ReductionPart::kMonitor:
      workspace_.confirm_input(workspace_.config().monitor_text);
      contents.monitor =
          monitor_.of(network, workspace_.starting_network(cell), tokenizer, workspace_.config(), before_batch);
      contents.provenance[storage::kMonitorText] = workspace_.config().monitor_text.filename().string();
      break;
  }
}

void ReductionRunner::run_part(const core::ReduceTask& task, core::ReductionPart part, TaskMonitor& monitor) {
  const auto& facts = workspace_.facts().cell(task.cell);
  const auto folder = workspace_.cell_folder(task.cell);
  const auto identity = facts.reduction_identities.at(part);
  if (ledger::scan_cell(folder).has_reduction(part, task.edits, identity)) return;
  const auto start = std::chrono::steady_clock::now();
  storage::ReductionContents contents;
  contents.cell = task.cell;
  contents.edit_identity = facts.edit_identity;
  contents.reduction_identity = identity;
  contents.edits = task.edits;
  contents.part = part;
  core::fault_point("reduce.measure");
  measure(replay_->network(), BatchWatch(monitor, task.edits, task.edits), contents);
  contents.provenance.merge(provenance(workspace_, task.cell));
  core::fault_point("reduce.commit");
  const auto stem = ledger::reduction_stem(part, task.edits, identity);
  const auto file = workspace_.commit_file(
      folder, stem, [&](const auto& temporary) { storage::write_reduction(temporary, contents); });
  core::fault_point("reduce.committed");
  monitor.committed(file.path, task.edits);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  monitor.progress("reduce", task.edits, task.edits, seconds.count());
}

bool ReductionRunner::run(const core::ReduceTask& task, TaskMonitor& monitor) {
  core::fault_point("reduce.begin");
  if (!replay_of(task.cell).move_to(task.edits, &monitor)) return false;
  try {
    for (const auto part : task.parts) run_part(task, part, monitor);
  } catch (const StopAsked&) {
    return false;
  }
  prune_snapshots(workspace_, task.cell);
  return true;
}

}  // namespace lethe::worker
