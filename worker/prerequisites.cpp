#include "worker/prerequisites.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/error.h"
#include "core/fault.h"
#include "editing/alphaedit/alphaedit_config.h"
#include "storage/statement.h"
#include "worker/baseline.h"
#include "worker/mend_editors.h"
#include "worker/mend_task.h"
#include "worker/moments.h"
#include "worker/moments_notes.h"
#include "worker/planning/prerequisite_kinds.h"
#include "worker/projectors.h"

namespace lethe::worker {
namespace {

using Run = bool (*)(Workspace&, const core::PrerequisiteTask&, TaskMonitor&);
using Load = std::shared_ptr<const editing::Artifact> (*)(Workspace&, const core::GridCell&, const core::ArtifactUse&,
                                                          const model::Network&);
using Contents = std::optional<PrerequisiteContents> (*)(const PrerequisiteFile&);
using Notes = std::vector<std::string> (*)(Workspace&, const std::string&);

/// A row a kind of prerequisite. Planning has the other half (worker/planning/prerequisite_kinds.cpp).
struct Row {
  const char* kind;
  Run run;
  Load load;         ///< null for kinds that are no artifact of a method
  bool loads_model;  ///< before it begins; second moments load it themselves if they do
  const char* folder;
  Contents contents;  ///< of its committed files, for those who check them
  Notes notes;        ///< for people, of what is committed; null: its files' statements
};
constexpr std::array kRows{
    Row{kMomentsKind, run_moments, nullptr, false, ledger::kMomentsFolder, moments_contents, moments_notes},
    Row{editing::kProjectorKind, run_projectors, load_projectors, false, ledger::kProjectorsFolder, projector_contents,
        nullptr},
    Row{editing::kEditorKind, run_editor_training, load_editor, true, ledger::kEditorsFolder, editor_contents, nullptr},
    Row{kBaselineKind, run_baseline, nullptr, true, ledger::kBaselineFolder, baseline_contents, nullptr},
};

const Row& row_of(const std::string& kind) {
  const auto* row = std::ranges::find_if(kRows, [&](const Row& one) { return one.kind == kind; });
  if (row != kRows.end()) return *row;
  throw core::ConfigError("\"" + kind + "\" is no kind of prerequisite");
}

/// "null spaces of gpt2-xl's second moments, layer-013: rank 154 of 512 ...", a line a file that makes a statement.
std::vector<std::string> statements(const Workspace& workspace, const core::PrerequisiteFacts& facts) {
  std::vector<std::string> lines;
  if (facts.folder.empty()) return lines;
  for (const auto& stem : facts.stems) {
    try {
      const auto said = storage::read_statement(workspace.folder().root() / facts.folder, stem);
      if (said) lines.push_back(facts.title + ", " + stem + ": " + *said);
    } catch (const core::Error&) {
      continue;  // verify and the run say what is wrong with a committed file
    }
  }
  return lines;
}

}  // namespace

bool run_prerequisite(Workspace& workspace, const core::PrerequisiteTask& task, TaskMonitor& monitor) {
  core::fault_point("prerequisite.begin");
  return row_of(task.kind).run(workspace, task, monitor);
}

bool loads_model(const core::PrerequisiteTask& task) { return row_of(task.kind).loads_model; }

std::optional<PrerequisiteContents> prerequisite_contents(const std::string& folder, const PrerequisiteFile& file) {
  const auto* row = std::ranges::find_if(kRows, [&](const Row& one) { return one.folder == folder; });
  return row == kRows.end() ? std::nullopt : row->contents(file);
}

std::vector<std::string> prerequisite_notes(Workspace& workspace) {
  std::vector<std::string> notes;
  for (const auto& facts : workspace.inspection().prerequisites) {
    const auto& row = row_of(facts.kind);
    auto lines = row.notes == nullptr ? statements(workspace, facts) : row.notes(workspace, facts.model);
    notes.insert(notes.end(), std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end()));
  }
  return notes;
}

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
