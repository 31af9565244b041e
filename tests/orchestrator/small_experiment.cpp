#include "tests/orchestrator/small_experiment.h"

#include <algorithm>

#include "core/digest.h"

namespace lethe::orchestrator::testing {
namespace {

constexpr std::int64_t kDocumentsPerSlice = 100;

/// 12 hexadecimal digits that depend on a name.
std::string identity_of(const std::string& name) { return core::digest_of(std::string_view(name)).hex().substr(0, 12); }

}  // namespace

core::ExperimentConfig make_config(const SmallExperiment& experiment) {
  core::ExperimentConfig config;
  config.name = "small";
  config.source = "small.yaml";
  config.checkpoint_every = experiment.checkpoint_every;
  config.forgetting_every = experiment.forgetting_every;
  config.tasks_every = experiment.tasks_every;
  for (const auto& name : experiment.models) {
    core::ModelConfig model;
    model.name = name;
    model.path = "/nowhere/" + name;
    model.second_moments = core::SecondMomentConfig{};
    model.second_moments->max_documents = kDocumentsPerSlice * experiment.corpus_slices;
    model.second_moments->documents_per_slice = kDocumentsPerSlice;
    for (const auto& method : experiment.methods) {
      if (method == "rome") {
        model.methods[method] = editing::RomeConfig{};
      } else if (method == "mend") {
        editing::MendConfig mend;
        mend.training.records = "/nowhere/train.json";
        model.methods[method] = mend;
      } else {
        model.methods[method] = editing::FineTuneConfig{};
      }
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
    facts.width = 8;
    facts.inner_width = 32;
    facts.vocab_size = 50;
    facts.max_positions = 64;
    facts.num_parameters = 2000;
    facts.moments_identity = identity_of("moments " + model.name);
    if (model.methods.contains("rome")) facts.moments_layers = {0};
    facts.needs_editor = model.methods.contains("mend");
    if (facts.needs_editor) facts.editor_identity = identity_of("editor " + model.name);
    if (model.second_moments)
      facts.moments_documents = std::min<std::int64_t>(1000, model.second_moments->max_documents);
    facts.baseline_identity = identity_of("baseline " + model.name);
    inspection.models.push_back(std::move(facts));
  }
  for (const auto& cell : config.cells) {
    core::CellFacts facts;
    facts.cell = cell;
    facts.edits = config.edits.at(cell);
    facts.edit_identity = identity_of(cell.name());
    facts.edit_identity_fields = {{"cell", cell.name()}};
    for (const char* part : {"distance", "forgetting", "tasks"}) facts.reduction_identities[part] = identity_of(part);
    facts.delta_bytes_per_edit = 160;
    inspection.cells.push_back(std::move(facts));
  }
  return inspection;
}

}  // namespace lethe::orchestrator::testing
