#include "worker/commands/edit_fact.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include <ATen/core/grad_mode.h>

#include "core/config/method_file.h"
#include "core/error.h"
#include "core/nearest_word.h"
#include "core/replace_all.h"
#include "editing/methods/catalogue.h"
#include "metrics/rewrite_scores.h"
#include "worker/cell_editor.h"
#include "worker/commands/export_model.h"
#include "worker/commands/folder_in_the_making.h"
#include "worker/commands/owned_work.h"
#include "worker/commands/sampled_corpus.h"
#include "worker/planning/device.h"
#include "worker/planning/method_checks.h"
#include "worker/planning/request_checks.h"
#include "worker/workspace.h"

namespace lethe::worker::inline commands {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModel = "model";
constexpr std::int64_t kShownTokens = 12;

std::vector<int> moment_layers(const core::MethodConfig& method) {
  auto layers = method->second_moment_layers();
  for (const auto& use : method->artifacts()) {
    layers.insert(layers.end(), use.moment_layers.begin(), use.moment_layers.end());
  }
  return layers;
}

class FactEditing {
 public:
  FactEditing(const FactEdit& asked, TaskMonitor& monitor)
      : asked_(asked), monitor_(monitor), cell_{asked.method, kModel, 0} {
    report_.request = request_of(asked.fact);
    report_.settings = settings();
  }

  EditReport run() {
    const auto sweep = folder_beside_target();
    folder_ = sweep->path();
    workspace_.emplace(experiment(), folder_);
    configure_numerics(workspace_->config());
    try {
      check();
      if (!edit()) report_.is_stopped = true;
    } catch (const core::DataError& error) {
      throw core::DataError(without_places_of_ours(error.what()));
    }
    return std::move(report_);
  }

 private:
  const FactEdit& asked_;
  TaskMonitor& monitor_;
  core::GridCell cell_;
  EditReport report_;
  fs::path folder_;  ///< of the sweep of one edit
  std::optional<Workspace> workspace_;

  [[nodiscard]] const core::MethodConfig& method() const { return report_.settings->config; }
  [[nodiscard]] bool samples_corpus() const {
    return !moment_layers(method()).empty() && asked_.corpus.empty() && asked_.moments.empty();
  }
  [[nodiscard]] fs::path sampled_corpus() const { return folder_ / "corpus.jsonl"; }

  [[nodiscard]] ChosenSettings settings() const {
    const auto& names = editing::catalogue().names();
    if (std::ranges::find(names, asked_.method) == names.end()) {
      throw core::ConfigError("--method " + asked_.method + ": is no editing method" +
                              core::suggestion(asked_.method, names) + "; expected " + core::join_alternatives(names));
    }
    const auto architecture = model::read_architecture(asked_.model);
    auto chosen = asked_.settings.empty()
                      ? shipped_settings(asked_.shipped, asked_.method, architecture)
                      : ChosenSettings{core::load_method_config(asked_.settings, asked_.method, editing::catalogue()),
                                       asked_.settings.string()};
    for (const auto& use : chosen.config->artifacts()) {
      if (!trains_editor(chosen.config) || use.file) continue;
      throw core::ConfigError(chosen.origin +
                              ": names no `editor:`, and one edit trains none; train it with `lethe "
                              "train-mend`, and name it in a file given by --config");
    }
    return chosen;
  }

  [[nodiscard]] core::ExperimentConfig experiment() const {
    core::ExperimentConfig config;
    config.name = "edit";
    config.source = "lethe edit";
    config.device = asked_.device;
    config.threads = asked_.threads;
    config.seed = asked_.seed;
    config.dataset.records = folder_ / "records.json";
    config.dataset.samples = folder_ / "samples.json";
    core::ModelConfig model;
    model.name = kModel;
    model.path = fs::absolute(asked_.model);
    model.methods.emplace(asked_.method, method());
    if (!moment_layers(method()).empty()) model.second_moments = second_moments();
    config.models.push_back(std::move(model));
    config.cells.push_back(cell_);
    config.edits[cell_] = 1;
    config.checkpoint_every = config.forgetting_every = config.tasks_every = method()->batch_size();
    return core::experiment_config_from_json(core::to_json(config), editing::catalogue(), "lethe edit");
  }

  [[nodiscard]] core::SecondMomentConfig second_moments() const {
    core::SecondMomentConfig moments;
    if (!asked_.moments.empty()) {
      moments.npz = fs::absolute(asked_.moments);
    } else {
      moments.corpus = samples_corpus() ? sampled_corpus() : fs::absolute(asked_.corpus);
    }
    return moments;
  }

  /// A target that cannot be made is the caller's mistake, as long as nothing has been made.
  [[nodiscard]] std::unique_ptr<FolderInTheMaking> folder_beside_target() const {
    try {
      return std::make_unique<FolderInTheMaking>(asked_.target, "edit");
    } catch (const core::StorageError& error) {
      throw core::ConfigError("--to " + std::string(error.what()));
    }
  }

  /// What can be refused before the model is loaded, by the checks of `lethe plan`.
  void check() {
    static_cast<void>(device_of(workspace_->config()));
    const auto& inputs = workspace_->model_inputs(kModel);
    check_methods(workspace_->config(), workspace_->config().models.front(), inputs.architecture);
    RequestChecks requests;
    requests.check(workspace_->config(), cell_, {report_.request}, inputs);
    ProblemCollector problems;
    requests.report(workspace_->config(), problems);
    if (!problems.problems().empty()) throw core::DataError(problems.problems().front());
    report_.layers = method()->edited_layers(inputs.architecture.num_layers);
  }

  /// False: told to stop.
  bool edit() {
    const auto loaded = workspace_->model(kModel);
    if (asked_.fact.old_target.empty()) ask_old_target(*loaded);
    write_dataset(folder_, report_.request);
    const auto start = std::chrono::steady_clock::now();
    if (!prepare_moments(*loaded) || !run_own_needs(*workspace_, cell_, monitor_)) return false;
    report_.moments_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    auto network = workspace_->starting_network(cell_);
    const auto requests = workspace_->requests(cell_);
    const auto before = answers(network, *loaded, requests);
    CellEditor editor(*workspace_, cell_, loaded, {});
    const auto edited = editor.edit(network, requests, 1);
    require_applied(edited.records.front());
    if (monitor_.should_stop()) return false;
    report_.edit_seconds = edited.records.front().seconds_edit;
    add_prompts(before, answers(network, *loaded, requests));
    export_model(network, asked_.model, asked_.target);
    return true;
  }

  void ask_old_target(const LoadedModel& loaded) {
    const torch::NoGradGuard no_grad;
    auto& request = report_.request;
    request.target_true = own_answer(loaded.unedited, loaded.tokenizer, request.edit_prompt(), request.target_new);
    report_.is_own_answer = true;
    if (!request.target_true.empty()) return;
    throw core::ConfigError("--prompt: the model continues \"" + request.edit_prompt() +
                            "\" with no word that could be the old target; name it by --true");
  }

  /// Text of the model's own where no corpus was given. False: told to stop.
  bool prepare_moments(const LoadedModel& loaded) {
    if (samples_corpus()) {
      const auto num_tokens = sampled_tokens(loaded.unedited.architecture().inner_width);
      if (!write_sampled_corpus(sampled_corpus(), loaded, asked_.seed, num_tokens, monitor_)) return false;
      report_.moments = "of " + std::to_string(num_tokens) + " tokens that the model wrote itself, seed " +
                        std::to_string(asked_.seed) + " (--corpus FILE takes text of yours)";
    } else if (!moment_layers(method()).empty()) {
      report_.moments = "of " + (asked_.moments.empty() ? asked_.corpus.string() : asked_.moments);
    }
    return true;
  }

  [[nodiscard]] std::vector<PromptAnswer> answers(const model::Network& network, const LoadedModel& loaded,
                                                  const std::vector<data::EditRequest>& requests) const {
    const torch::NoGradGuard no_grad;
    const auto scores = metrics::score_requests(network, loaded.tokenizer, requests).front();
    std::vector<PromptAnswer> answers;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      answers.push_back({scores[i], greedy_continuation(network, loaded.tokenizer, prompts().at(i), kShownTokens)});
    }
    return answers;
  }

  /// In the order of their scores.
  [[nodiscard]] std::vector<std::string> prompts() const {
    const auto& request = report_.request;
    std::vector<std::string> prompts{request.edit_prompt()};
    for (const auto* list : {&request.paraphrase_prompts, &request.neighborhood_prompts}) {
      prompts.insert(prompts.end(), list->begin(), list->end());
    }
    return prompts;
  }

  void add_prompts(const std::vector<PromptAnswer>& before, const std::vector<PromptAnswer>& after) {
    const auto texts = prompts();
    for (std::size_t i = 0; i < texts.size(); ++i) report_.prompts.push_back({texts[i], before.at(i), after.at(i)});
  }

  void require_applied(const core::MetricRecord& record) const {
    if (record.status == core::EditStatus::kApplied) return;
    throw core::Error(asked_.method + ": the edit failed numerically (" +
                      (record.status == core::EditStatus::kNonFinite ? "no finite update" : "ill-conditioned") +
                      "); nothing was written. Other settings (--config) or a larger corpus (--corpus) may help");
  }

  /// Places in the folder that goes again mean nothing to whoever reads them.
  [[nodiscard]] std::string without_places_of_ours(std::string text) const {
    core::replace_all(text, (folder_ / "records.json").string() + ": case 0: ", "the fact: ");
    core::replace_all(text, sampled_corpus().string(), "the text that the model wrote");
    return text;
  }
};

}  // namespace

EditReport edit_fact(const FactEdit& asked, TaskMonitor& monitor) { return FactEditing(asked, monitor).run(); }

}  // namespace lethe::worker::inline commands
