#include "worker/prerequisites.h"

#include "storage/reduction.h"
#include "worker/provenance.h"

namespace lethe::worker {

void run_baseline(Workspace& workspace, const core::BaselineTask& task, TaskMonitor& monitor) {
  const auto& facts = workspace.facts().model(task.model);
  const auto folder = workspace.folder().baseline(task.model, facts.baseline_identity);
  ledger::remove_stale_temporaries(folder);
  if (!ledger::committed_files(folder).empty()) return;
  const auto loaded = workspace.model(task.model);
  storage::ReductionContents contents;
  contents.cell = {"", task.model, -1};
  contents.reduction_identity = facts.baseline_identity;
  contents.part = core::ReductionPart::kTasks;
  const auto total = static_cast<std::int64_t>(loaded->tasks.size());
  for (const auto& prepared : loaded->tasks) {
    contents.tasks.push_back(metrics::evaluate_task(loaded->unedited, loaded->tokenizer, prepared));
    monitor.progress("baseline", static_cast<std::int64_t>(contents.tasks.size()), total, 0.0);
  }
  contents.provenance = provenance(workspace);
  const auto file = ledger::commit_file(folder, ledger::kBaselineStem,
                                        [&](const auto& temporary) { storage::write_reduction(temporary, contents); });
  monitor.committed(file.path, 0);
}

}  // namespace lethe::worker
