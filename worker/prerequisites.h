#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/contract/executor_messages.h"
#include "editing/edit_method.h"
#include "model/network.h"
#include "worker/prerequisite_file.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Makes what is missing of a prerequisite, or of its slice. False: told to stop; what was committed stays.
bool run_prerequisite(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor);
/// True if the task needs the model loaded before it begins.
bool loads_model(const core::PrerequisiteTask& task);

/// What a committed file below prerequisites/<folder> must hold; nullopt where no kind has such a folder or file.
std::optional<PrerequisiteContents> prerequisite_contents(const std::string& folder, const PrerequisiteFile& file);
/// Lines for people about what is committed of the experiment's prerequisites: condition numbers, ranks, warnings.
std::vector<std::string> prerequisite_notes(Workspace& workspace);

/// What a cell's method edits with beside second moments, by kind: made before, or from the files its config names.
/// `start` is what its edits start from. Throws `core::DataError` for what is not there or does not fit.
std::map<std::string, std::shared_ptr<const editing::Artifact>> load_artifacts(Workspace& workspace,
                                                                               const core::GridCell& cell,
                                                                               const model::Network& start);

}  // namespace lethe::worker
