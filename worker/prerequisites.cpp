#include "worker/prerequisites.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/fault.h"
#include "editing/alphaedit/alphaedit_config.h"
#include "worker/baseline.h"
#include "worker/mend_editors.h"
#include "worker/mend_task.h"
#include "worker/moments.h"
#include "worker/planning/prerequisite_kinds.h"
#include "worker/projectors.h"

namespace lethe::worker {
namespace {

using Run = bool (*)(Workspace&, const core::PrerequisiteTask&, TaskMonitor&);
using Load = std::shared_ptr<const editing::Artifact> (*)(Workspace&, const core::GridCell&, const core::ArtifactUse&,
                                                          const model::Network&);

/// A row a kind of prerequisite. Planning has the other half (worker/planning/prerequisite_kinds.cpp).
struct Row {
  const char* kind;
  Run run;
  Load load;         ///< null for kinds that are no artifact of a method
  bool loads_model;  ///< before it begins; second moments load it themselves if they do
};
constexpr std::array kRows{
    Row{kMomentsKind, run_moments, nullptr, false},
    Row{editing::kProjectorKind, run_projectors, load_projectors, false},
    Row{editing::kEditorKind, run_editor_training, load_editor, true},
    Row{kBaselineKind, run_baseline, nullptr, true},
};

const Row& row_of(const std::string& kind) {
  const auto* row = std::ranges::find_if(kRows, [&](const Row& one) { return one.kind == kind; });
  if (row != kRows.end()) return *row;
  throw core::ConfigError("\"" + kind + "\" is no kind of prerequisite");
}

}  // namespace

bool run_prerequisite(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor) {
  core::fault_point("prerequisite.begin");
  return row_of(task.kind).run(workspace, task, monitor);
}

bool loads_model(const core::PrerequisiteTask& task) { return row_of(task.kind).loads_model; }

std::map<std::string, std::shared_ptr<const editing::Artifact>> load_artifacts(Workspace& workspace,
                                                                               const core::GridCell& cell,
                                                                               const model::Network& start) {
  std::map<std::string, std::shared_ptr<const editing::Artifact>> artifacts;
  for (const auto& use : workspace.config().method_of(cell)->artifacts()) {
    if (use.file) workspace.confirm_input(*use.file);
    artifacts.emplace(use.kind, row_of(use.kind).load(workspace, cell, use, start));
  }
  return artifacts;
}

}  // namespace lethe::worker
