#include "worker/planning/prerequisite_kinds.h"

#include "core/contract/identity.h"
#include "core/error.h"
#include "core/input_file.h"
#include "editing/alphaedit/alphaedit_config.h"
#include "editing/mend/mend_config.h"
#include "ledger/sweep_folder.h"
#include "model/pytorch_checkpoint.h"

namespace lethe::worker::inline planning {

bool PrerequisiteContext::is_used(const std::string& method) const { return config.has_cell_of(method, model.name); }

const std::vector<PrerequisiteRow>& prerequisite_rows() {
  static const std::vector<PrerequisiteRow> rows{{kMomentsKind, describe_moments},
                                                 {editing::kProjectorKind, describe_projector},
                                                 {editing::kEditorKind, describe_editor},
                                                 {kBaselineKind, describe_baseline}};
  return rows;
}

/// Downstream tasks of the unedited model.
void describe_baseline(PrerequisiteContext& context) {
  if (context.config.tasks.empty()) return;
  core::PrerequisiteFacts facts;
  facts.kind = kBaselineKind;
  facts.model = context.model.name;
  facts.title = "downstream tasks of the unedited " + context.model.name;
  facts.stems = {ledger::kBaselineStem};
  const auto& content = context.inputs.content;
  if (content && context.examples.size() == context.config.tasks.size()) {
    const auto identity =
        core::baseline_identity(context.config, content->weights_digest, content->tokenizer_digest, context.examples);
    facts.folder = ledger::prerequisite_folder(ledger::kBaselineFolder, facts.model, identity.short_hex());
  }
  facts.work = facts.step_work = context.findings.inspection.model(facts.model).tasks_work;
  context.findings.inspection.prerequisites.push_back(std::move(facts));
}

void check_artifact_file(const core::ArtifactUse& use, const std::string& model) {
  const auto& path = *use.file;
  if (!std::filesystem::exists(path)) {
    throw core::DataError(path.string() + ": the " + use.kind + " of " + model +
                          " is not there; put it there, change `" + use.kind +
                          ":`, or leave it out to have one trained");
  }
  core::check_input_file(path);
  // A published file's directory and pickle are read: a cut or foreign one is found before the sweep starts.
  if (path.extension() == ".pt") static_cast<void>(model::read_pytorch_checkpoint(path));
}

}  // namespace lethe::worker::inline planning
