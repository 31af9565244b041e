#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "core/contract/inspection.h"
#include "core/metric_record.h"
#include "metrics/downstream.h"
#include "storage/reduction.h"

// Where the list of tasks has changed, those that have not are not asked again: their answers by the same model lie in
// files of the list before.

namespace lethe::worker {

struct KnownAnswers {
  core::TaskRecord record;
  std::string file;  ///< name of the file that holds them
};
/// By `core::task_identity`.
using AnswersByTask = std::map<std::string, KnownAnswers>;

/// Answers of the model that `contents` is a tasks reduction of, from the cell's other files. A file that cannot be
/// read, or is not what its name says, is told and passed over.
AnswersByTask known_answers(const std::filesystem::path& cell_folder, const storage::ReductionContents& contents);
/// Answers of the unedited model, from the baselines that lie beside `baseline_folder`.
AnswersByTask known_baseline_answers(const std::filesystem::path& baseline_folder, const core::ModelFacts& model);

/// Fills `contents.tasks` in the order of `tasks`: with what is known, else with what `ask` answers. The provenance
/// says the identity of each task, and which answers were taken over.
void answer_tasks(const core::Inspection& facts, const std::vector<metrics::PreparedTask>& tasks,
                  const AnswersByTask& known, const std::function<core::TaskRecord(const metrics::PreparedTask&)>& ask,
                  storage::ReductionContents& contents);

}  // namespace lethe::worker
