#include "worker/planning/inspect.h"

#include <algorithm>
#include <optional>

#include "core/contract/identity.h"
#include "core/error.h"
#include "data/counterfact.h"
#include "data/order_digest.h"
#include "data/task_examples.h"
#include "metrics/downstream.h"
#include "worker/planning/device.h"
#include "worker/planning/method_checks.h"
#include "worker/planning/monitor_text.h"
#include "worker/planning/prerequisite_kinds.h"
#include "worker/planning/prices.h"
#include "worker/planning/request_checks.h"
#include "worker/planning/task_checks.h"

namespace lethe::worker::inline planning {
namespace {

/// What stands for a sample order in identities.
struct OrderContent {
  std::string requests;
  std::string text_prompts;
};

/// The shape that a published model of this name has, while its folder is not there.
std::optional<model::Architecture> published_shape(const core::ModelConfig& model) {
  for (const auto& name : {model.name, model.path.filename().string()}) {
    if (auto architecture = model::published_architecture(name)) return architecture;
  }
  return std::nullopt;
}

class Inspector {
 public:
  Inspector(const core::ExperimentConfig& config, const InspectionSources& sources, InputDigests& digests)
      : config_(config), sources_(sources), digests_(digests) {}

  Findings inspect() {
    check_device();
    for (const auto& task : config_.tasks) {
      problems_.attempt([&] { read_task(task); });
    }
    describe_tasks();
    if (reads_monitor_text()) {
      problems_.attempt([&] { monitor_text_ = monitor_text_content(config_, digests_); });
    }
    for (const auto& model : config_.models) {
      if (is_used(model)) inspect_model(model);
    }
    for (const auto& task : config_.tasks) {
      const auto examples = task_examples_.find(task.name);
      if (examples != task_examples_.end()) problems_.attempt([&] { check_labels(task, examples->second); });
    }
    describe_prerequisites();
    problems_.attempt([&] { note_orders(sources_.records()); });
    for (const auto& cell : config_.cells) inspect_cell(cell);
    requests_.report(config_, problems_);
    for (auto& note : requests_.notes(config_)) findings_.inspection.notes.push_back(std::move(note));
    findings_.inspection.problems = problems_.problems();
    return std::move(findings_);
  }

 private:
  const core::ExperimentConfig& config_;
  const InspectionSources& sources_;
  InputDigests& digests_;
  Findings findings_;
  ProblemCollector problems_;
  RequestChecks requests_;
  std::map<std::string, core::Digest> examples_;
  std::map<std::string, data::TaskExamples> task_examples_;
  std::string monitor_text_;                           ///< what stands for it in identities; empty: it has a problem
  std::map<std::string, ModelInputs> inputs_;          ///< by model; none where not even the shape is known
  std::map<int, std::optional<OrderContent>> orders_;  ///< nullopt: its problem has been told

  bool is_used(const core::ModelConfig& model) const {
    return std::ranges::any_of(config_.cells, [&](const core::GridCell& cell) { return cell.model == model.name; });
  }

  [[nodiscard]] bool reads_monitor_text() const { return config_.monitor_every != 0 && !config_.monitor_text.empty(); }

  /// A sweep may be planned where no GPU is; whoever is about to run it asks `device_of`.
  void check_device() {
    const auto trouble = device_trouble(config_);
    if (!trouble) return;
    auto& inspection = findings_.inspection;
    if (trouble->is_of_this_machine) {
      inspection.notes.push_back(trouble->text + "; the machines that run the sweep must have one");
    } else {
      problems_.attempt([&] { throw core::ConfigError(trouble->text); });
    }
  }

  /// Orders made from other records than the published ones are as good, but not the paper's.
  void note_orders(const std::vector<data::EditRequest>& records) {
    const auto& dataset = config_.dataset;
    if (!dataset.has_published_orders() || dataset.format != "counterfact") return;
    if (std::ssize(records) == data::kNumPublishedRecords) return;
    findings_.inspection.notes.push_back(
        dataset.records.string() + ": samples: published: made of " + std::to_string(records.size()) +
        " records; the paper's orders are those of CounterFact's " + std::to_string(data::kNumPublishedRecords) +
        ", and other records give other orders");
  }

  void read_task(const core::TaskConfig& task) {
    task_examples_.emplace(task.name, data::read_task_examples(task.examples));
    examples_.emplace(task.name, digests_.of_file(task.examples));
  }

  void describe_tasks() {
    for (const auto& task : config_.tasks) {
      if (!examples_.contains(task.name)) continue;
      const auto identity = core::task_identity(task, examples_);
      findings_.inspection.tasks.push_back({task.name, identity.short_hex(), identity.fields});
    }
  }

  void inspect_model(const core::ModelConfig& model) {
    check_imports(model);
    const bool is_there = problems_.attempt([&] {
      auto inputs = read_model_inputs(model, digests_);
      check_methods(config_, model, inputs.architecture);
      check_tasks(inputs);
      check_monitor_text(inputs);
      inputs_.emplace(model.name, std::move(inputs));
    });
    if (!is_there) {
      auto shape = published_shape(model);
      if (!shape) return;
      inputs_.emplace(model.name, inputs_of_shape(model, std::move(*shape)));
    }
    const auto& architecture = inputs_.at(model.name).architecture;
    core::ModelFacts facts;
    facts.name = model.name;
    facts.family = architecture.family->name;
    facts.num_layers = architecture.num_layers;
    facts.num_parameters = architecture.num_parameters();
    facts.weight_bytes = inputs_.at(model.name).weight_bytes;
    if (const auto& content = inputs_.at(model.name).content) {
      facts.contents_identity =
          core::contents_identity(config_, content->weights_digest, content->tokenizer_digest).short_hex();
    }
    price_reductions(config_, inputs_.at(model.name), facts);
    findings_.inspection.models.push_back(std::move(facts));
  }

  /// Files beside a model: all of them are looked at, whatever else is missing.
  void check_imports(const core::ModelConfig& model) {
    check_published_moments(config_, model, problems_);
    for (const auto& cell : config_.cells) {
      if (cell.model != model.name) continue;
      for (const auto& use : config_.method_of(cell)->artifacts()) {
        if (use.file) problems_.attempt([&] { check_artifact_file(use, model.name); });
      }
    }
  }

  void check_tasks(const ModelInputs& inputs) {
    for (const auto& task : config_.tasks) {
      problems_.attempt([&] { check_answer_lengths(task, inputs.content->tokenizer); });
      const auto examples = task_examples_.find(task.name);
      if (examples == task_examples_.end()) continue;
      problems_.attempt(
          [&] { metrics::prepare_task(task, examples->second, inputs.content->tokenizer, inputs.architecture); });
    }
  }

  void check_monitor_text(const ModelInputs& inputs) {
    if (monitor_text_.empty()) return;
    problems_.attempt(
        [&] { static_cast<void>(read_monitor_text(config_, inputs.content->tokenizer, inputs.architecture)); });
  }

  PrerequisiteContext context_of(const core::ModelConfig& model) {
    return {config_, model, inputs_.at(model.name), examples_, digests_, problems_, findings_};
  }

  void describe_prerequisites() {
    for (const auto& row : prerequisite_rows()) {
      for (const auto& model : config_.models) {
        if (!inputs_.contains(model.name)) continue;
        auto context = context_of(model);
        row.describe(context);
      }
    }
  }

  const std::optional<OrderContent>& order_content(int sample) {
    const auto known = orders_.find(sample);
    if (known != orders_.end()) return known->second;
    std::optional<OrderContent> content;
    problems_.attempt([&] {
      const auto requests = data::requests_by_case(sources_.records());
      const auto& order = sources_.order(sample);
      content = OrderContent{.requests = data::order_digest(requests, order),
                             .text_prompts = data::text_prompts_digest(requests, order, config_.texts_facts)};
    });
    return orders_.emplace(sample, std::move(content)).first->second;
  }

  void inspect_cell(const core::GridCell& cell) {
    core::CellFacts facts;
    facts.cell = cell;
    facts.edits = config_.edits.at(cell);
    const auto& order = order_content(cell.sample);
    std::vector<data::EditRequest> requests;
    const bool is_selected = order && problems_.attempt([&] {
      requests = data::select_requests(sources_.records(), sources_.order(cell.sample), facts.edits, cell.sample);
    });
    requests_.look_at_targets(requests);
    if (const auto found = inputs_.find(cell.model); found != inputs_.end()) {
      price_edits(config_, found->second, facts);
      add_needs(facts);
      if (found->second.content) {
        problems_.attempt([&] { requests_.check(config_, cell, requests, found->second); });
      }
      if (found->second.content && is_selected) problems_.attempt([&] { add_identities(facts, *order); });
    }
    findings_.inspection.cells.push_back(std::move(facts));
  }

  void add_needs(core::CellFacts& facts) const {
    const auto& method = config_.method_of(facts.cell);
    std::vector<std::string> kinds;
    if (!method->second_moment_layers().empty()) kinds.emplace_back(kMomentsKind);
    for (const auto& use : method->artifacts()) {
      if (!use.file) kinds.push_back(use.kind);
    }
    for (const auto& kind : kinds) {
      const auto* prerequisite = findings_.inspection.find_prerequisite(kind, facts.cell.model);
      if (prerequisite != nullptr) facts.needs.push_back(prerequisite->key());
    }
  }

  void add_identities(core::CellFacts& facts, const OrderContent& order) {
    const auto& method = config_.method_of(facts.cell);
    const auto& content = *inputs_.at(facts.cell.model).content;
    core::EditInputs inputs;
    inputs.weights = content.weights_digest;
    inputs.tokenizer = content.tokenizer_digest;
    inputs.requests = order.requests;
    if (const auto file = method->contexts_file()) inputs.contexts_digest = digests_.of_file(*file).hex();
    for (const auto& use : method->artifacts()) {
      inputs.artifacts[use.kind] = artifact_content(use, facts.cell.model);
    }
    if (const auto layers = method->second_moment_layers(); !layers.empty()) {
      auto context = context_of(config_.model(facts.cell.model));
      inputs.moments_identity = moments_identity_of(context, layers);
    }
    const auto identity = core::edit_identity(config_, facts.cell, inputs);
    facts.edit_identity = identity.short_hex();
    facts.edit_identity_fields = identity.fields;
    for (const auto part : core::kAllReductionParts) {
      if (part == core::ReductionPart::kTasks && examples_.size() != config_.tasks.size()) continue;
      // Without its text the monitor is not due, or there is a problem.
      if (part == core::ReductionPart::kMonitor && !config_.monitor_text.empty() && monitor_text_.empty()) continue;
      facts.reduction_identities[part] =
          core::reduction_identity(part, config_, examples_, monitor_text_, order.text_prompts).short_hex();
    }
  }

  /// What stands for an artifact in a cell's identity.
  std::string artifact_content(const core::ArtifactUse& use, const std::string& model) {
    if (use.file) {
      check_artifact_file(use, model);
      return "file " + digests_.of_file(*use.file).hex();
    }
    const auto* made = findings_.inspection.find_prerequisite(use.kind, model);
    return use.making + " " + (made == nullptr ? std::string() : made->identity());
  }
};

}  // namespace

Findings inspect(const core::ExperimentConfig& config, const InspectionSources& sources, InputDigests& digests) {
  return Inspector(config, sources, digests).inspect();
}

}  // namespace lethe::worker::inline planning
