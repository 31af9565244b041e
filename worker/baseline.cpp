#include "worker/baseline.h"

#include "storage/reduction.h"
#include "worker/batch_watch.h"
#include "worker/prerequisite_file.h"
#include "worker/provenance.h"
#include "worker/task_answers.h"

namespace lethe::worker {

bool run_baseline(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor) {
  const auto& facts = workspace.facts().prerequisite(task.kind, task.model);
  const auto folder = workspace.folder().root() / facts.folder;
  ledger::remove_stale_temporaries(folder);
  if (!ledger::committed_files(folder).empty()) return true;
  const auto loaded = workspace.model(task.model);
  storage::ReductionContents contents;
  contents.cell = {"", task.model, -1};
  contents.reduction_identity = facts.identity();
  contents.part = core::ReductionPart::kTasks;
  const auto total = static_cast<std::int64_t>(loaded->tasks.size());
  const auto ask = [&](const metrics::PreparedTask& prepared) {
    const auto done = std::ssize(contents.tasks);
    auto record = metrics::evaluate_task(loaded->unedited, loaded->tokenizer, prepared, nullptr,
                                         BatchWatch(monitor, done, total));
    monitor.progress(task.kind, done + 1, total, 0.0);
    return record;
  };
  const auto& model_facts = workspace.facts().model(task.model);
  try {
    answer_tasks(workspace.facts(), loaded->tasks, known_baseline_answers(folder, model_facts), ask, contents);
  } catch (const StopAsked&) {
    return false;
  }
  contents.provenance.merge(provenance(workspace, task.model));
  contents.provenance[storage::kContentsIdentity] = model_facts.contents_identity;
  // One for all cells: it knows neither edits nor model.
  const auto& cell = workspace.facts().cells.front();
  contents.provenance[storage::kTasksIdentity] = cell.reduction_identities.at(core::ReductionPart::kTasks);
  const auto file = workspace.commit_file(
      folder, ledger::kBaselineStem, [&](const auto& temporary) { storage::write_reduction(temporary, contents); });
  monitor.committed(file.path, 0);
  return true;
}

std::optional<PrerequisiteContents> baseline_contents(const PrerequisiteFile& file) {
  if (file.is_part || file.file.stem != ledger::kBaselineStem) return std::nullopt;
  return PrerequisiteContents{
      storage::baseline_label(file.model, file.identity),
      [](const auto& one, const auto& label) { static_cast<void>(storage::read_reduction(one, label)); }};
}

}  // namespace lethe::worker
