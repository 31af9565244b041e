#include "worker/task_answers.h"

#include <optional>

#include "core/error.h"
#include "core/log.h"
#include "ledger/sweep_folder.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;

std::string stated(const storage::Provenance& provenance, const std::string& key) {
  const auto found = provenance.find(key);
  return found == provenance.end() ? std::string() : found->second;
}

/// Files of versions that told tasks apart by nothing but their names are of no use.
void add_answers(const ledger::CommittedFile& file, const storage::ReductionContents& contents, AnswersByTask& known) {
  for (const auto& record : contents.tasks) {
    const auto identity = stated(contents.provenance, storage::kTaskIdentityPrefix + record.task);
    if (!identity.empty()) known.try_emplace(identity, KnownAnswers{record, file.path.filename().string()});
  }
}

/// Answers are worth no more than asking again: nothing of it ends the work.
void pass_over(const core::Error& error) {
  core::log_warning(std::string("answers to an earlier list of tasks are not used again: ") + error.what());
}

std::optional<ledger::CommittedFile> baseline_in(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(fs::symlink_status(folder, ignored))) return std::nullopt;
  for (const auto& file : ledger::committed_files(folder)) {
    if (file.stem == ledger::kBaselineStem) return file;
  }
  return std::nullopt;
}

}  // namespace

AnswersByTask known_answers(const fs::path& cell_folder, const storage::ReductionContents& contents) {
  AnswersByTask known;
  for (const auto& one : ledger::scan_cell(cell_folder).reductions) {
    if (one.part != core::ReductionPart::kTasks || one.edits != contents.edits) continue;
    try {
      const auto label =
          storage::reduction_label(contents.cell, contents.edit_identity, one.part, one.edits, one.identity);
      add_answers(one.file, storage::read_reduction(one.file, label), known);
    } catch (const core::Error& error) {
      pass_over(error);
    }
  }
  return known;
}

AnswersByTask known_baseline_answers(const fs::path& baseline_folder, const core::ModelFacts& model) {
  AnswersByTask known;
  if (model.contents_identity.empty()) return known;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(baseline_folder.parent_path(), ignored)) {
    const auto file = baseline_in(entry.path());
    if (!file) continue;
    try {
      const auto contents =
          storage::read_reduction(*file, storage::baseline_label(model.name, entry.path().filename().string()));
      if (stated(contents.provenance, storage::kContentsIdentity) != model.contents_identity) continue;
      add_answers(*file, contents, known);
    } catch (const core::Error& error) {
      pass_over(error);
    }
  }
  return known;
}

void answer_tasks(const core::Inspection& facts, const std::vector<metrics::PreparedTask>& tasks,
                  const AnswersByTask& known, const std::function<core::TaskRecord(const metrics::PreparedTask&)>& ask,
                  storage::ReductionContents& contents) {
  for (const auto& task : tasks) {
    const auto& name = task.config.name;
    const auto* task_facts = facts.find_task(name);
    const auto identity = task_facts == nullptr ? std::string() : task_facts->identity;
    if (!identity.empty()) contents.provenance[storage::kTaskIdentityPrefix + name] = identity;
    const auto found = known.find(identity);
    if (found == known.end()) {
      contents.tasks.push_back(ask(task));
      continue;
    }
    contents.tasks.push_back(found->second.record);
    contents.provenance[storage::kTakenOverPrefix + name] = found->second.file;
  }
}

}  // namespace lethe::worker
