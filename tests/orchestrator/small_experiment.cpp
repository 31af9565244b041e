#include "tests/orchestrator/small_experiment.h"

#include <algorithm>

#include "core/config/schedule.h"
#include "core/contract/identity.h"
#include "core/digest.h"
#include "editing/fine_tune/fine_tune_config.h"
#include "editing/mend/mend_config.h"
#include "editing/methods/settings_of.h"
#include "editing/rome/rome_config.h"
#include "ledger/sweep_folder.h"

namespace lethe::orchestrator::testing {
namespace {

constexpr std::int64_t kDocumentsPerSlice = 100;
constexpr std::int64_t kDocumentsOfCorpus = 1000;

/// 12 hexadecimal digits that depend on a name.
std::string identity_of(const std::string& name) { return core::digest_of(std::string_view(name)).hex().substr(0, 12); }

core::MethodConfig config_of(const std::string& method, int facts_per_step) {
  if (method == "rome") return editing::method_config(editing::RomeConfig{});
  if (method == "mend") {
    editing::MendConfig mend;
    mend.batch_size = facts_per_step;
    mend.training.records = "/nowhere/train.json";
    return editing::method_config(mend);
  }
  editing::FineTuneConfig fine_tune;
  fine_tune.batch_size = facts_per_step;
  if (method == "ft-c") fine_tune.linf_bound = 1e-3;
  return editing::method_config(fine_tune, method);
}

/// Second moments and editors that a cell's method needs: keys of prerequisites.
std::vector<std::string> needs_of(const core::MethodConfig& method, const std::string& model) {
  std::vector<std::string> needs;
  if (!method->second_moment_layers().empty()) needs.push_back("moments " + model);
  for (const auto& use : method->artifacts()) {
    if (!use.file) needs.push_back(use.kind + " " + model);
  }
  return needs;
}

core::PrerequisiteFacts prerequisite_of(const std::string& kind, const char* kind_folder, const std::string& model) {
  core::PrerequisiteFacts facts;
  facts.kind = kind;
  facts.model = model;
  facts.folder = ledger::prerequisite_folder(kind_folder, model, identity_of(kind + " " + model));
  return facts;
}

core::PrerequisiteFacts moments_of(const core::ModelConfig& model) {
  auto facts = prerequisite_of("moments", ledger::kMomentsFolder, model.name);
  facts.title = "second moments of " + model.name + ", layer(s) 0";
  facts.stems = {ledger::moments_stem(0)};
  const auto& moments = *model.second_moments;
  facts.num_slices = std::ssize(core::slices_of(moments, std::min(kDocumentsOfCorpus, moments.max_documents)));
  facts.work.flops = 1e9;
  facts.step_work.flops = 1e7;
  return facts;
}

core::PrerequisiteFacts editor_of(const core::ModelConfig& model) {
  auto facts = prerequisite_of("editor", ledger::kEditorsFolder, model.name);
  facts.title = "MEND editor of " + model.name;
  facts.stems = {ledger::kEditorStem};
  facts.work.flops = 1e8;
  facts.step_work.flops = 1e7;
  return facts;
}

core::PrerequisiteFacts baseline_of(const core::ModelConfig& model) {
  auto facts = prerequisite_of("baseline", ledger::kBaselineFolder, model.name);
  facts.title = "downstream tasks of the unedited " + model.name;
  facts.stems = {ledger::kBaselineStem};
  facts.work.flops = facts.step_work.flops = 1e6;
  return facts;
}

/// Each kind of all models that need it, in the order of the executor.
void add_prerequisites(const core::ExperimentConfig& config, core::Inspection& inspection) {
  const auto is_needed = [&](const std::string& key) {
    return std::ranges::any_of(inspection.cells, [&](const core::CellFacts& cell) {
      return std::ranges::find(cell.needs, key) != cell.needs.end();
    });
  };
  for (const auto make : {moments_of, editor_of}) {
    for (const auto& model : config.models) {
      if (auto facts = make(model); is_needed(facts.key())) inspection.prerequisites.push_back(std::move(facts));
    }
  }
  if (config.tasks.empty()) return;
  for (const auto& model : config.models) inspection.prerequisites.push_back(baseline_of(model));
}

}  // namespace

core::ExperimentConfig make_config(const SmallExperiment& experiment) {
  core::ExperimentConfig config;
  config.name = "small";
  config.source = "small.yaml";
  config.dataset.records = "/nowhere/records.json";
  config.checkpoint_every = experiment.checkpoint_every;
  config.forgetting_every = experiment.forgetting_every;
  config.tasks_every = experiment.tasks_every;
  for (const auto& name : experiment.models) {
    core::ModelConfig model;
    model.name = name;
    model.path = "/nowhere/" + name;
    model.second_moments = core::SecondMomentConfig{};
    model.second_moments->corpus = "/nowhere/corpus.txt";
    model.second_moments->max_documents = kDocumentsPerSlice * experiment.corpus_slices;
    model.second_moments->documents_per_slice = kDocumentsPerSlice;
    for (const auto& method : experiment.methods) {
      model.methods.insert_or_assign(method, config_of(method, experiment.facts_per_step));
    }
    config.models.push_back(std::move(model));
  }
  if (experiment.has_tasks) {
    core::TaskConfig task;
    task.name = "sentiment";
    config.tasks.push_back(task);
  }
  for (const auto& method : experiment.methods) {
    for (const auto& model : experiment.models) {
      for (int sample = 0; sample < experiment.num_samples; ++sample) {
        config.cells.push_back({method, model, sample});
        config.edits[config.cells.back()] = experiment.edits;
      }
    }
  }
  return config;
}

core::Inspection make_inspection(const core::ExperimentConfig& config) {
  core::Inspection inspection;
  for (const auto& model : config.models) {
    core::ModelFacts facts;
    facts.name = model.name;
    facts.family = "gpt2";
    facts.num_layers = 2;
    facts.num_parameters = 2000;
    facts.weight_bytes = 8000;
    facts.tasks_work = baseline_of(model).work;
    facts.forgetting_work = {1e5, 1e3, 0.1, 0.0};
    facts.scores_work = {1e6, 1e4, 1.0, 0.0};
    facts.texts_work = {1e7, 1e5, 10.0, 0.0};
    facts.monitor_work = {1e7, 1e6, 1.0, 0.0};
    inspection.models.push_back(std::move(facts));
  }
  for (const auto& cell : config.cells) {
    core::CellFacts facts;
    facts.cell = cell;
    facts.edits = config.edits.at(cell);
    facts.edit_identity_fields = {{"cell", cell.name()}};
    facts.edit_identity = core::Identity{facts.edit_identity_fields}.short_hex();
    for (const auto part : core::kAllReductionParts) {
      facts.reduction_identities[part] = identity_of(std::string(core::to_string(part)));
    }
    facts.needs = needs_of(config.method_of(cell), cell.model);
    facts.edit_work = {1e7, 1e5, 40.0, 0.0};
    facts.delta_bytes_per_edit = 160;
    inspection.cells.push_back(std::move(facts));
  }
  add_prerequisites(config, inspection);
  return inspection;
}

}  // namespace lethe::orchestrator::testing
