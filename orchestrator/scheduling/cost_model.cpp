#include "orchestrator/scheduling/cost_model.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace lethe::orchestrator::inline scheduling {
namespace {

// Measured on CounterFact with the GPT-2 tokenizer: a prompt has 8 tokens, 4.1 of them from the subject's last on.
constexpr double kPromptTokens = 8.0;
constexpr double kRomeContexts = 21.0;    // prefixes, and the bare prompt
constexpr double kRomeStepTokens = 87.0;  // 21 x 4.1 positions and the KL row
constexpr double kRomeKeyTokens = 21.0 * 18.0;
constexpr double kMemitContexts = 6.0;  // prefixes, and the bare prompt
constexpr double kMemitStepTokens = 25.7;
constexpr double kMemitRowTokens = 7.0 * 19.0;
constexpr double kMemitKeyTokens = 6.0 * 15.0;  // up to the subject's last token
constexpr double kScoreTokens = 117.0;          // 13 prompts, head at one position each
constexpr double kScorePrompts = 13.0;
constexpr double kBytesPerTokenOfText = 4.5;
constexpr double kJsonShare = 0.7;            // of an examples file that is text of its fields
constexpr double kTokensPerDocument = 440.0;  // of an encyclopedia; measured: 44 M tokens in 100,000 articles
constexpr double kUnknownTaskTokens =
    9000.0;                         // of a task whose examples are not there yet: 200 examples, prefix shared
constexpr double kNewWeight = 0.3;  // of the newest measurement in a moving average

double block_weights(const core::ModelFacts& facts) {
  const auto width = static_cast<double>(facts.width);
  return 4.0 * width * width + 2.0 * width * static_cast<double>(facts.inner_width);
}

double head_weights(const core::ModelFacts& facts) {
  return static_cast<double>(facts.width) * static_cast<double>(facts.vocab_size);
}

/// `passes` passes of `tokens` positions through `layers` blocks, and `head_tokens` of them through the head.
Work passes(const core::ModelFacts& facts, double num_passes, double layers, double tokens, double head_tokens) {
  Work work;
  work.flops = num_passes * 2.0 * (layers * block_weights(facts) * tokens + head_weights(facts) * head_tokens);
  work.bytes = num_passes * 4.0 * (layers * block_weights(facts) + (head_tokens > 0 ? head_weights(facts) : 0.0));
  work.layer_passes = num_passes * (layers + 1.0);
  return work;
}

Work operator+(const Work& a, const Work& b) {
  return {a.flops + b.flops, a.bytes + b.bytes, a.layer_passes + b.layer_passes};
}

Work rome_work(const core::RankOneConfig& method, const core::ModelFacts& facts) {
  const auto layers = static_cast<double>(facts.num_layers);
  const double above = std::max(0.0, layers - method.layer - 1.0);
  const double steps = 2.0 * std::max(1, method.v_num_grad_steps) - 1.0;  // forwards and backwards
  return passes(facts, 1.0, method.layer + 1.0, kRomeKeyTokens, 0.0) +
         passes(facts, steps, above, kRomeStepTokens, kRomeContexts);
}

/// A pair of triangular solves in fp64 with each second moment of a method, half a matrix each.
Work solve_work(const core::MethodConfig& method, const core::ModelFacts& facts) {
  const auto num_layers = static_cast<double>(core::second_moment_layers(method).size());
  const auto inner = static_cast<double>(facts.inner_width);
  return {num_layers * 2.0 * inner * inner, num_layers * 8.0 * inner * inner, 0.0};
}

/// One fact: its value as ROME's but from the last edited layer on, keys and residuals of every edited layer, and a
/// pair of triangular solves a layer.
Work memit_work(const core::MemitConfig& method, const core::ModelFacts& facts) {
  if (method.layers.empty()) return {};
  const auto layers = static_cast<double>(facts.num_layers);
  const double last = method.layers.back();
  const double steps = 2.0 * std::max(1, method.v_num_grad_steps) - 1.0;
  Work work = passes(facts, 1.0, last + 1.0, kMemitRowTokens, 0.0) +
              passes(facts, steps, std::max(0.0, layers - last - 1.0), kMemitStepTokens, kMemitContexts);
  for (const int layer : method.layers) work = work + passes(facts, 1.0, last - layer + 1.0, kMemitKeyTokens, 0.0);
  return work + solve_work(method, facts);
}

/// One fact of a step that tunes several together: weights are read once for all.
Work fine_tune_work(const core::FineTuneConfig& method, const core::ModelFacts& facts) {
  const auto layers = static_cast<double>(facts.num_layers);
  const double above = std::max(0.0, layers - method.layer);
  auto work = passes(facts, method.num_steps, layers, kPromptTokens, 1.0) +
              passes(facts, method.num_steps, above, kPromptTokens, 1.0);
  work.bytes /= method.batch_size;
  work.layer_passes /= method.batch_size;
  return work;
}

/// One forward, one backward of the edited blocks, and two networks a block on every token of the prompt.
Work mend_work(const core::MendConfig& method, const core::ModelFacts& facts) {
  const auto layers = static_cast<double>(facts.num_layers);
  const auto blocks = static_cast<double>(core::mend_layers(method.layers, facts.num_layers).size());
  const double above = layers - static_cast<double>(core::lowest_edited_layer(method, facts.num_layers));
  Work work = passes(facts, 1.0, layers, kPromptTokens, 1.0) + passes(facts, 2.0, above, kPromptTokens, 1.0);
  const auto width = static_cast<double>(facts.width + facts.inner_width);
  const double rank = std::min(width, static_cast<double>(method.training.rank));
  const double weights = 2.0 * (method.training.hidden_layers + 1) * 2.0 * width * rank;
  work.flops += 2.0 * blocks * weights * kPromptTokens;
  work.bytes += 4.0 * blocks * weights;
  return work;
}

/// One iteration: an edit, the texts before and after it, and the backward of both.
Work mend_iteration_work(const core::MendConfig& method, const core::ModelFacts& facts) {
  constexpr double kTextTokens = 60.0;
  const auto layers = static_cast<double>(facts.num_layers);
  const double above = layers - static_cast<double>(core::lowest_edited_layer(method, facts.num_layers));
  const auto edit = mend_work(method, facts);
  return edit + edit + edit + passes(facts, 1.0, layers, kTextTokens, kTextTokens) +
         passes(facts, 3.0, above, kTextTokens, kTextTokens);
}

/// The `mend` of a model whose editor is trained first; null without one.
const core::MendConfig* trained_mend(const core::ModelConfig& model) {
  for (const auto& [name, method] : model.methods) {
    const auto* mend = std::get_if<core::MendConfig>(&method);
    if (mend != nullptr && core::needs_trained_editor(method)) return mend;
  }
  return nullptr;
}

double file_bytes(const std::filesystem::path& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  return error ? 0.0 : static_cast<double>(bytes);
}

double tokens_of(const core::TaskConfig& task) {
  const double examples = file_bytes(task.examples);
  const double text_bytes = kJsonShare * examples + static_cast<double>(task.prefix.size());
  return examples > 0.0 ? text_bytes / kBytesPerTokenOfText : kUnknownTaskTokens;
}

/// One pass over the examples of all tasks with a shared prefix, and the few generated tokens.
Work tasks_work(const core::ExperimentConfig& config, const core::ModelFacts& facts) {
  Work work;
  for (const auto& task : config.tasks) {
    work = work + passes(facts, 1.0 + task.max_new_tokens, static_cast<double>(facts.num_layers),
                         tokens_of(task) / (1.0 + task.max_new_tokens), 200.0);
  }
  return work;
}

Work moments_work(const core::ModelConfig& model, const core::ModelFacts& facts) {
  if (!model.second_moments || facts.moments_layers.empty()) return {};
  const auto& corpus = *model.second_moments;
  const auto inner = static_cast<double>(facts.inner_width);
  if (corpus.is_published()) {  // read, checked and factored once a layer
    Work work;
    work.flops = inner * inner * inner / 3.0 * static_cast<double>(facts.moments_layers.size());
    return work;
  }
  double tokens = kTokensPerDocument * static_cast<double>(corpus.max_documents);
  const double corpus_bytes = file_bytes(corpus.corpus);
  if (corpus_bytes > 0.0) tokens = std::min(tokens, corpus_bytes / kBytesPerTokenOfText);
  if (corpus.max_tokens > 0) tokens = std::min(tokens, static_cast<double>(corpus.max_tokens));
  const double batch = static_cast<double>(std::max<std::int64_t>(1, corpus.batch_tokens));
  const double layers = *std::ranges::max_element(facts.moments_layers) + 1.0;
  auto work = passes(facts, std::ceil(tokens / batch), layers, batch, 0.0);
  work.flops += inner * inner * tokens *  // one triangle
                static_cast<double>(facts.moments_layers.size());
  return work;
}

std::string key_of(const std::string& method, const std::string& model) { return method + "/" + model; }

bool contains(std::span<const core::ReductionPart> parts, core::ReductionPart part) {
  return std::ranges::find(parts, part) != parts.end();
}

DeviceSpeed assumed_host_speed(int threads) { return {40e9 * std::max(1, threads), 8e9, 60e-6, 5e8}; }

/// Of one fact, by the host for the device that an edit runs on.
double host_solve_seconds(const core::ExperimentConfig& config, const core::ModelConfig& model,
                          const core::MethodConfig& method, const core::ModelFacts& facts) {
  if (!core::keeps_factors_on_host(config, model)) return 0.0;
  return seconds_of(solve_work(method, facts), assumed_host_speed(config.threads)) / core::batch_size(method);
}

}  // namespace

DeviceSpeed assumed_speed(const core::ExperimentConfig& config) {
  if (config.device == "cuda") return {60e12, 3.5e12, 30e-6, 1e9};
  return assumed_host_speed(config.threads);
}

double seconds_of(const Work& work, const DeviceSpeed& speed) {
  const double bound = std::max(work.flops / speed.flops_per_second, work.bytes / speed.bytes_per_second);
  return kSafetyFactor * bound + work.layer_passes * speed.seconds_per_layer;
}

double task_tokens(const core::ExperimentConfig& config) {
  double tokens = 0.0;
  for (const auto& task : config.tasks) tokens += tokens_of(task);
  return tokens;
}

Work edit_work(const core::MethodConfig& method, const core::ModelFacts& facts) {
  struct Visitor {
    const core::ModelFacts& facts;
    Work operator()(const core::RankOneConfig& one) const { return rome_work(one, facts); }
    Work operator()(const core::MemitConfig& one) const { return memit_work(one, facts); }
    Work operator()(const core::FineTuneConfig& one) const { return fine_tune_work(one, facts); }
    Work operator()(const core::MendConfig& one) const { return mend_work(one, facts); }
  };
  return std::visit(Visitor{facts}, method);
}

Work scoring_work(const core::ModelFacts& facts) {
  return passes(facts, 1.0, static_cast<double>(facts.num_layers), kScoreTokens, kScorePrompts);
}

CostModel::CostModel(const core::ExperimentConfig& config, const core::Inspection& inspection) {
  const auto speed = assumed_speed(config);
  for (const auto& facts : inspection.models) {
    const auto& model = config.model(facts.name);
    const double layers = static_cast<double>(facts.num_layers);
    ModelPriors prior;
    prior.load = 1.0 + 4.0 * static_cast<double>(facts.num_parameters) / speed.disk_bytes_per_second;
    prior.moments = seconds_of(moments_work(model, facts), speed);
    if (const auto* mend = trained_mend(model)) {
      const double iteration = seconds_of(mend_iteration_work(*mend, facts), speed);
      prior.editor = iteration * mend->training.max_iterations;
      // A validation edits without a backward through the editor.
      prior.editor_step = iteration * std::max(1, mend->training.validation_edits);
    }
    const auto matrix = static_cast<double>(facts.inner_width) * static_cast<double>(facts.inner_width);
    // Half of a matrix in fp64, read twice: once for its digest.
    prior.moments_file = static_cast<double>(facts.moments_layers.size()) * 8.0 * matrix / speed.disk_bytes_per_second;
    prior.tasks = seconds_of(tasks_work(config, facts), speed);
    // Prompts are batched: weights are read once for many.
    auto forgetting = passes(facts, 1.0, layers, kPromptTokens, 1.0);
    forgetting.bytes /= 64.0;
    forgetting.layer_passes /= 64.0;
    prior.forgetting_per_edit = seconds_of(forgetting, speed);
    prior.distance = 0.01;
    priors_[facts.name] = prior;
    for (const auto& [method, settings] : model.methods) {
      edit_seconds_[key_of(method, facts.name)] = seconds_of(edit_work(settings, facts), speed) +
                                                  seconds_of(scoring_work(facts), speed) +
                                                  host_solve_seconds(config, model, settings, facts);
    }
  }
}

double CostModel::load_seconds(const std::string& model) const { return priors_.at(model).load; }
double CostModel::moments_seconds(const std::string& model) const { return priors_.at(model).moments; }
double CostModel::editor_seconds(const std::string& model) const { return priors_.at(model).editor; }
double CostModel::editor_step_seconds(const std::string& model) const { return priors_.at(model).editor_step; }
double CostModel::moments_sum_seconds(const std::string& model, std::int64_t num_slices) const {
  return priors_.at(model).moments_file * static_cast<double>(num_slices + 2);
}
double CostModel::baseline_seconds(const std::string& model) const { return priors_.at(model).tasks; }

double CostModel::edit_seconds(const std::string& method, const std::string& model) const {
  return edit_seconds_.at(key_of(method, model));
}

double CostModel::reduction_prior(const std::string& model, std::int64_t edits,
                                  std::span<const core::ReductionPart> parts) const {
  const auto& prior = priors_.at(model);
  double seconds = 0.0;
  if (contains(parts, core::ReductionPart::kDistance)) seconds += prior.distance;
  if (contains(parts, core::ReductionPart::kTasks)) seconds += prior.tasks;
  if (contains(parts, core::ReductionPart::kForgetting)) {
    seconds += prior.forgetting_per_edit * static_cast<double>(edits);
  }
  return seconds;
}

double CostModel::reduction_seconds(const std::string& model, std::int64_t edits,
                                    std::span<const core::ReductionPart> parts) const {
  const auto ratio = reduction_ratio_.find(model);
  return reduction_prior(model, edits, parts) * (ratio == reduction_ratio_.end() ? 1.0 : ratio->second);
}

void CostModel::observe_edits(const std::string& method, const std::string& model, double seconds_per_edit) {
  const auto key = key_of(method, model);
  auto& average = edit_seconds_.at(key);
  auto& is_measured = is_edit_measured_[key];
  average = is_measured ? (1.0 - kNewWeight) * average + kNewWeight * seconds_per_edit : seconds_per_edit;
  is_measured = true;
}

void CostModel::observe_reduction(const std::string& model, std::int64_t edits,
                                  std::span<const core::ReductionPart> parts, double seconds) {
  const double prior = reduction_prior(model, edits, parts);
  if (prior <= 0.0) return;
  const auto [ratio, is_first] = reduction_ratio_.try_emplace(model, seconds / prior);
  if (!is_first) ratio->second = (1.0 - kNewWeight) * ratio->second + kNewWeight * seconds / prior;
}

}  // namespace lethe::orchestrator::inline scheduling
