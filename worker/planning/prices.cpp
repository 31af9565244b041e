#include "worker/planning/prices.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "editing/price.h"
#include "metrics/fixed_text.h"
#include "metrics/texts.h"

namespace lethe::worker::inline planning {
namespace {

constexpr std::int64_t kDeviceContextBytes = 600'000'000;
constexpr std::int64_t kReducedTokens = 16'384;  // evaluation's largest batch, padding included
constexpr std::int64_t kScoredRows = 512;        // rows of logits at a time
constexpr double kScoreTokens = 117.0;           // 13 prompts, head at one position each
constexpr double kScorePrompts = 13.0;
constexpr double kBytesPerTokenOfText = 4.5;
constexpr double kJsonShare = 0.7;             // of an examples file that is text of its fields
constexpr double kUnknownTaskTokens = 9000.0;  // of a task whose examples are not there yet: 200, prefix shared
constexpr double kPromptsPerBatch = 64.0;
constexpr double kTextPromptsPerFact = 3.0;
constexpr double kNormSteps = 50.0;  // of `metrics::spectral_norm`, of the base weight and of its change together

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
core::Work tasks_work(const core::ExperimentConfig& config, const model::Architecture& architecture) {
  core::Work work;
  for (const auto& task : config.tasks) {
    work += editing::passes(architecture, 1.0 + task.max_new_tokens, static_cast<double>(architecture.num_layers),
                            tokens_of(task) / (1.0 + task.max_new_tokens), 200.0);
  }
  return work;
}

/// Greedy and sampled texts of two models, a pass for each token of all prompts together, and the unedited model's
/// texts read by both.
core::Work texts_work(const core::ExperimentConfig& config, const model::Architecture& architecture) {
  if (config.texts_every == 0) return {};
  const auto layers = static_cast<double>(architecture.num_layers);
  const auto rows = kTextPromptsPerFact * static_cast<double>(config.texts_facts);
  const auto tokens = static_cast<double>(config.texts_tokens);
  const double num_batches = std::ceil(rows / static_cast<double>(metrics::kTextRows));
  return 4.0 * editing::passes(architecture, num_batches * tokens, layers, rows / num_batches, rows / num_batches) +
         2.0 * editing::passes(architecture, rows, layers, tokens, tokens);
}

/// Norms of the weights of the method that edits the most layers, and the fixed text read by both models.
core::Work monitor_work(const core::ExperimentConfig& config, const core::ModelConfig& model,
                        const model::Architecture& architecture) {
  if (config.monitor_every == 0) return {};
  std::size_t num_weights = 0;
  for (const auto& [name, method] : model.methods) {
    num_weights = std::max(num_weights, method->edited_layers(architecture.num_layers).size());
  }
  const double elements = static_cast<double>(num_weights) * static_cast<double>(architecture.width) *
                          static_cast<double>(architecture.inner_width);
  core::Work work{kNormSteps * 4.0 * elements, kNormSteps * 2.0 * editing::kDoubleBytes * elements, 0.0, 0.0};
  if (config.monitor_text.empty()) return work;
  const auto tokens = static_cast<double>(config.monitor_tokens);
  const double num_batches = std::ceil(tokens / static_cast<double>(metrics::kTextBatchPositions));
  const auto layers = static_cast<double>(architecture.num_layers);
  return work + 2.0 * editing::passes(architecture, num_batches, layers, tokens / num_batches, tokens / num_batches);
}

/// States of all downstream prompts below the highest of the lowest edited blocks of the model's methods.
std::int64_t kept_state_bytes(const core::ExperimentConfig& config, const core::ModelConfig& model,
                              const model::Architecture& architecture) {
  std::int64_t num_blocks = 0;
  for (const auto& [name, method] : model.methods) {
    num_blocks = std::max(num_blocks, core::lowest_edited_layer(method, architecture.num_layers));
  }
  double tokens = 0.0;
  for (const auto& task : config.tasks) tokens += tokens_of(task);
  const auto state_bytes =
      editing::kFloatBytes * (architecture.width + 2 * num_blocks * architecture.key_value_width());
  const auto all = num_blocks > 0 ? static_cast<std::int64_t>(tokens) * state_bytes : 0;
  return std::min(all, core::bytes_of_gb(config.reducer_cache_gb));
}

/// Weights are read once for the prompts of a batch.
core::Work batched(core::Work work) {
  work.bytes /= kPromptsPerBatch;
  work.layer_passes /= kPromptsPerBatch;
  return work;
}

std::int64_t scoring_bytes(const model::Architecture& architecture) {
  return editing::kFloatBytes * kScoredRows * architecture.vocab_size;
}

}  // namespace

std::int64_t base_bytes(const core::ExperimentConfig& config, const ModelInputs& inputs) {
  return inputs.weight_bytes + (config.device == "cuda" ? kDeviceContextBytes : 0);
}

std::int64_t forward_bytes(const model::Architecture& architecture, std::int64_t tokens) {
  return editing::kFloatBytes * tokens *
         (6 * architecture.width + 2 * architecture.num_input_projections() * architecture.inner_width +
          2 * architecture.num_layers * architecture.key_value_width());
}

void price_reductions(const core::ExperimentConfig& config, const ModelInputs& inputs, core::ModelFacts& facts) {
  const auto& architecture = inputs.architecture;
  const auto layers = static_cast<double>(architecture.num_layers);
  facts.tasks_work = tasks_work(config, architecture);
  facts.forgetting_work = batched(editing::passes(architecture, 1.0, layers, editing::kPromptTokens, 1.0));
  facts.scores_work = batched(2.0 * editing::passes(architecture, 1.0, layers, kScoreTokens, kScorePrompts));
  facts.texts_work = texts_work(config, architecture);
  facts.monitor_work = monitor_work(config, config.model(facts.name), architecture);
  facts.reducer_bytes = base_bytes(config, inputs) + 2 * editing::projection_bytes(architecture) +
                        forward_bytes(architecture, kReducedTokens) + scoring_bytes(architecture) +
                        kept_state_bytes(config, config.model(facts.name), architecture);
}

void price_edits(const core::ExperimentConfig& config, const ModelInputs& inputs, core::CellFacts& facts) {
  const auto& architecture = inputs.architecture;
  const auto price = editing::price_of(config.method_of(facts.cell), architecture, facts.edits);
  const bool is_on_host = core::keeps_factors_on_host(config, config.model(facts.cell.model));
  const auto layers = static_cast<double>(architecture.num_layers);
  facts.edit_work = price.edit + editing::passes(architecture, 1.0, layers, kScoreTokens, kScorePrompts);
  (is_on_host ? facts.host_work : facts.edit_work) += price.solve;
  facts.worker_bytes = base_bytes(config, inputs) + price.bytes + scoring_bytes(architecture);
  (is_on_host ? facts.worker_host_bytes : facts.worker_bytes) += price.factor_bytes;
  facts.delta_bytes_per_edit = price.delta_bytes;
  facts.snapshot_bytes = price.snapshot_bytes;
}

double tokens_of_text(const std::filesystem::path& path) { return file_bytes(path) / kBytesPerTokenOfText; }

}  // namespace lethe::worker::inline planning
