#include "orchestrator/display/footprint.h"

#include <algorithm>

#include "core/config/schedule.h"
#include "orchestrator/scheduling/cost_model.h"

namespace lethe::orchestrator::inline display {
namespace {

constexpr std::int64_t kFloat = 4;
constexpr std::int64_t kDouble = 8;
constexpr std::int64_t kPanelRows = 256;  // of a sum of second moments
constexpr std::int64_t kDeviceContextBytes = 600'000'000;
constexpr std::int64_t kOptimisedRows = 22;      // ROME: prefixes, bare prompt, KL row
constexpr std::int64_t kMemitRows = 7;           // the same of MEMIT
constexpr std::int64_t kOptimisedTokens = 12;    // a row's, from the subject's last token on, with room
constexpr std::int64_t kTunedTokens = 40;        // fine-tuning: the whole prompt and its target
constexpr std::int64_t kReducedTokens = 16'384;  // evaluation's largest batch, padding included
constexpr std::int64_t kScoredRows = 512;        // rows of logits at a time
constexpr std::int64_t kBytesPerEditRecord = 700;
constexpr std::int64_t kBytesPerFile = 40'000;  // HDF5's own structures and the provenance
constexpr std::int64_t kBytesPerForgetting = 32;
constexpr std::int64_t kBytesPerTask = 8'000;

std::int64_t base_bytes(const core::ExperimentConfig& config, const core::ModelFacts& facts) {
  return kFloat * facts.num_parameters + (config.device == "cuda" ? kDeviceContextBytes : 0);
}

std::int64_t projection_bytes(const core::ModelFacts& facts) { return kFloat * facts.width * facts.inner_width; }

/// Factored second moments of all layers that a method edits with them.
std::int64_t factors_bytes(const core::MethodConfig& method, const core::ModelFacts& facts) {
  const auto num_layers = static_cast<std::int64_t>(core::second_moment_layers(method).size());
  return num_layers * kDouble * facts.inner_width * facts.inner_width;
}

/// Hidden states of rows up to the subject, kept from layer to layer.
std::int64_t hidden_bytes(const core::ModelFacts& facts, std::int64_t rows) {
  return kFloat * rows * 2 * kOptimisedTokens * facts.width;
}

/// Of one forward pass without gradients: a block's widest moment, and keys and values of all blocks.
std::int64_t forward_bytes(const core::ModelFacts& facts, std::int64_t tokens) {
  return kFloat * tokens * (6 * facts.width + 2 * facts.inner_width + 2 * facts.num_layers * facts.width);
}

/// Kept for the backward pass.
std::int64_t graph_bytes(const core::ModelFacts& facts, std::int64_t tokens) {
  return kFloat * tokens * facts.num_layers * (8 * facts.width + 3 * facts.inner_width);
}

/// A triangle in panels of 256 rows, fp64.
std::int64_t sum_bytes(const core::ModelFacts& facts) {
  return kDouble * facts.inner_width * (facts.inner_width + kPanelRows) / 2;
}

/// Of as many layers as are summed in one pass.
std::int64_t sums_bytes(const core::ExperimentConfig& config, const core::ModelFacts& facts) {
  const auto all = static_cast<std::int64_t>(facts.moments_layers.size()) * sum_bytes(facts);
  const auto& moments = config.model(facts.name).second_moments;
  if (!moments || moments->memory_gb <= 0.0) return all;
  return std::min(all, std::max(sum_bytes(facts), core::bytes_of_gb(moments->memory_gb)));
}

/// States of all downstream prompts below the highest of the lowest edited blocks of the model's methods.
std::int64_t kept_state_bytes(const core::ExperimentConfig& config, const core::ModelFacts& facts) {
  std::int64_t num_blocks = 0;
  for (const auto& [name, method] : config.model(facts.name).methods) {
    num_blocks = std::max(num_blocks, core::lowest_edited_layer(method, facts.num_layers));
  }
  const auto tokens = static_cast<std::int64_t>(task_tokens(config));
  const auto all = num_blocks > 0 ? kFloat * tokens * facts.width * (1 + 2 * num_blocks) : 0;
  return std::min(all, core::bytes_of_gb(config.reducer_cache_gb));
}

std::int64_t scoring_bytes(const core::ModelFacts& facts) { return kFloat * kScoredRows * facts.vocab_size; }

}  // namespace

RoleMemory role_memory(const core::ExperimentConfig& config, const core::ModelFacts& facts) {
  std::int64_t batch_tokens = 0;
  if (const auto& moments = config.model(facts.name).second_moments) batch_tokens = moments->batch_tokens;
  RoleMemory memory;
  memory.moments_bytes = base_bytes(config, facts) + forward_bytes(facts, batch_tokens) + sums_bytes(config, facts);
  memory.reducer_bytes = base_bytes(config, facts) + 2 * projection_bytes(facts) +
                         forward_bytes(facts, kReducedTokens) + scoring_bytes(facts) + kept_state_bytes(config, facts);
  return memory;
}

std::int64_t worker_memory(const core::ExperimentConfig& config, const core::MethodConfig& method,
                           const core::ModelFacts& facts) {
  struct Visitor {
    const core::ModelFacts& facts;
    std::int64_t operator()(const core::RankOneConfig&) const {
      return 2 * projection_bytes(facts) + graph_bytes(facts, kOptimisedRows * kOptimisedTokens);
    }
    std::int64_t operator()(const core::MemitConfig& memit) const {
      const auto num_layers = static_cast<std::int64_t>(memit.layers.size());
      // Of each layer: the weight that is edited, and its copy while an edit is computed.
      return num_layers * 2 * projection_bytes(facts) + graph_bytes(facts, kMemitRows * kOptimisedTokens) +
             memit.batch_size * hidden_bytes(facts, kMemitRows);
    }
    std::int64_t operator()(const core::FineTuneConfig& tuned) const {
      // Gradient, two moments of Adam, the centre of the bound, the copy that is edited.
      return 5 * projection_bytes(facts) + graph_bytes(facts, tuned.batch_size * kTunedTokens);
    }
    std::int64_t operator()(const core::MendConfig& mend) const {
      const auto num_blocks = std::ssize(core::mend_layers(mend.layers, facts.num_layers));
      // Two editor networks of width D + F, the weights that are edited, and the added class's table of embeddings.
      const auto width = facts.width + facts.inner_width;
      const auto networks = 2 * (mend.training.hidden_layers + 1) * 2 * width *
                            std::min<std::int64_t>(mend.training.rank, width) * kFloat;
      const auto embeddings = mend.pad_class ? 2 * kFloat * facts.width * facts.vocab_size : 0;
      return networks + 2 * num_blocks * projection_bytes(facts) + embeddings + graph_bytes(facts, kTunedTokens);
    }
  };
  const auto factors = core::keeps_factors_on_host(config, config.model(facts.name)) ? 0 : factors_bytes(method, facts);
  return base_bytes(config, facts) + factors + std::visit(Visitor{facts}, method) + scoring_bytes(facts);
}

std::int64_t worker_host_memory(const core::ExperimentConfig& config, const core::MethodConfig& method,
                                const core::ModelFacts& facts) {
  return core::keeps_factors_on_host(config, config.model(facts.name)) ? factors_bytes(method, facts) : 0;
}

std::int64_t cell_disk(const core::ExperimentConfig& config, const core::CellFacts& facts) {
  const auto checkpoints = core::checkpoints_of(config, facts.cell);
  const auto num_checkpoints = static_cast<std::int64_t>(checkpoints.size());
  const auto num_snapshots = config.keep_snapshots == "newest" ? std::int64_t{1} : num_checkpoints;
  auto bytes = facts.edits * (facts.delta_bytes_per_edit + kBytesPerEditRecord) + num_checkpoints * kBytesPerFile +
               num_snapshots * facts.snapshot_bytes;
  for (const auto edits : checkpoints) {
    for (const auto part : core::parts_due(config, facts.cell, edits)) {
      bytes += kBytesPerFile;
      if (part == core::ReductionPart::kForgetting) bytes += edits * kBytesPerForgetting;
      if (part == core::ReductionPart::kTasks) bytes += kBytesPerTask * static_cast<std::int64_t>(config.tasks.size());
    }
  }
  return bytes;
}

std::int64_t moments_disk(const core::ModelFacts& facts) {
  return static_cast<std::int64_t>(facts.moments_layers.size()) * kDouble * facts.inner_width * facts.inner_width;
}

std::int64_t partial_sums_disk(const core::ExperimentConfig& config, const core::ModelFacts& facts) {
  const auto& moments = config.model(facts.name).second_moments;
  if (!moments) return 0;
  const auto num_slices = static_cast<std::int64_t>(core::slices_of(*moments, facts.moments_documents).size());
  if (num_slices < 2) return 0;
  return num_slices * static_cast<std::int64_t>(facts.moments_layers.size()) * sum_bytes(facts);
}

}  // namespace lethe::orchestrator::inline display
