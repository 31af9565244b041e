#include "core/config/method_json.h"
#include "core/error.h"
#include "core/json_object.h"
#include "data/corpus.h"
#include "data/counterfact.h"
#include "editing/mend/mend_data.h"
#include "editing/mend/mend_price.h"
#include "editing/methods/settings_of.h"
#include "ledger/sweep_folder.h"
#include "worker/planning/editor_identity.h"
#include "worker/planning/prerequisite_kinds.h"
#include "worker/planning/prices.h"

namespace lethe::worker::inline planning {
namespace {

namespace fs = std::filesystem;

void check_training_file(const fs::path& path, const std::string& model, const std::string& key) {
  if (fs::exists(path)) return;
  throw core::DataError(path.string() + ": is not there; MEND's editor of " + model +
                        " is trained on it: put it there, change `training: {" + key + "}`, or name an `editor:`");
}

/// What an editor is trained on is there and holds something; what is wrong becomes a problem.
bool has_training_inputs(PrerequisiteContext& context, const editing::MendTrainingConfig& training) {
  const auto& model = context.model.name;
  const bool has_records = context.problems.attempt([&] {
    check_training_file(*training.records, model, "records");
    const auto records = data::read_counterfact(*training.records);
    const auto& inputs = context.inputs;
    if (!inputs.content) return;
    editing::check_training_records(records, inputs.content->tokenizer, inputs.architecture.max_positions);
  });
  const bool has_corpus = !training.corpus || context.problems.attempt([&] {
    check_training_file(*training.corpus, model, "corpus");
    static_cast<void>(data::read_corpus(*training.corpus, 1));
  });
  return has_records && has_corpus;
}

std::string identity_of(PrerequisiteContext& context, const core::MethodConfig& method,
                        const editing::MendTrainingConfig& training) {
  const auto& content = *context.inputs.content;
  EditorInputs inputs{content.weights_digest, content.tokenizer_digest, context.digests.of_file(*training.records), ""};
  if (training.corpus) inputs.corpus = context.digests.of_corpus(*training.corpus);
  return editor_identity(context.config, method, inputs).short_hex();
}

void describe(PrerequisiteContext& context, const core::MethodConfig& method, const editing::MendConfig& mend,
              bool is_due) {
  const auto& training = mend.training;
  core::PrerequisiteFacts facts;
  facts.kind = editing::kEditorKind;
  facts.model = context.model.name;
  facts.title = "trained MEND editor of " + facts.model;
  facts.stems = {ledger::kEditorStem};
  facts.is_due = is_due;
  const auto iteration = editing::training_iteration_work(mend, context.inputs.architecture);
  facts.work = static_cast<double>(training.max_iterations) * iteration;
  // The longest iteration validates; a validation edits without a backward through the editor.
  facts.step_work = static_cast<double>(std::max(1, training.validation_edits)) * iteration;
  facts.peak_bytes =
      base_bytes(context.config, context.inputs) + editing::training_bytes(mend, context.inputs.architecture);
  // Beside an editor, training may name inputs that are not there: nothing is trained.
  const bool has_inputs = is_due ? has_training_inputs(context, training) : fs::exists(*training.records);
  if (has_inputs && context.inputs.content) {
    context.problems.attempt([&] {
      facts.folder =
          ledger::prerequisite_folder(ledger::kEditorsFolder, facts.model, identity_of(context, method, training));
    });
  }
  if (is_due || !facts.folder.empty()) context.findings.inspection.prerequisites.push_back(std::move(facts));
}

}  // namespace

/// A model has one: of the first of its methods that is MEND with records to train on; used ones come first.
void describe_editor(PrerequisiteContext& context) {
  for (const auto& [name, method] : core::used_first(context.config, context.model)) {
    const auto* mend = editing::find_config<editing::MendConfig>(*method);
    if (mend == nullptr || !mend->training.records) continue;
    return describe(context, *method, *mend, !mend->editor && context.is_used(name));
  }
}

}  // namespace lethe::worker::inline planning
