#include "editing/price.h"

#include <algorithm>

#include "editing/methods/method_list.h"

namespace lethe::editing {
namespace {

/// Weights of one block's matrices, which a pass multiplies with.
double block_weights(const model::Architecture& architecture) {
  double weights = 0.0;
  for (const auto& parameter : model::parameter_shapes(architecture)) {
    if (architecture.block_of(parameter.name) != 0 || parameter.shape.size() != 2) continue;
    weights += static_cast<double>(parameter.shape[0]) * static_cast<double>(parameter.shape[1]);
  }
  return weights;
}

double head_weights(const model::Architecture& architecture) {
  return static_cast<double>(architecture.width) * static_cast<double>(architecture.vocab_size);
}

}  // namespace

Price price_of(const core::MethodConfig& method, const model::Architecture& architecture, std::int64_t num_facts) {
  return visit_config(method, [&](const auto& config) { return price_of(config, architecture, num_facts); });
}

core::Work passes(const model::Architecture& architecture, double num_passes, double layers, double tokens,
                  double head_tokens) {
  const double block = layers * block_weights(architecture);
  const double head = head_weights(architecture);
  core::Work work;
  work.flops = num_passes * 2.0 * (block * tokens + head * head_tokens);
  work.bytes = num_passes * 4.0 * (block + (head_tokens > 0 ? head : 0.0));
  work.layer_passes = num_passes * (layers + 1.0);
  return work;
}

std::int64_t num_contexts(const std::vector<core::ContextLength>& lengths, std::size_t num_seeds) {
  std::int64_t prefixes = 0;
  for (const auto& length : lengths) prefixes += length.count;
  return prefixes * static_cast<std::int64_t>(num_seeds) + 1;
}

core::Work value_work(const model::Architecture& architecture, int layer, int num_steps, const ValueTokens& tokens) {
  const double above = std::max(0.0, static_cast<double>(architecture.num_layers) - layer - 1.0);
  const double steps = 2.0 * std::max(1, num_steps) - 1.0;  // forwards and backwards
  return passes(architecture, 1.0, layer + 1.0, tokens.row_tokens, 0.0) +
         passes(architecture, steps, above, tokens.step_tokens(), static_cast<double>(tokens.contexts));
}

core::Work solve_work(const model::Architecture& architecture, std::int64_t num_layers, int batch_size) {
  const auto inner = static_cast<double>(architecture.inner_width);
  const double values = static_cast<double>(num_layers) * inner * inner;
  return {2.0 * values, 8.0 * values / batch_size, 0.0, 0.0};
}

std::int64_t projection_bytes(const model::Architecture& architecture) {
  return kFloatBytes * architecture.width * architecture.inner_width;
}

std::int64_t graph_bytes(const model::Architecture& architecture, std::int64_t tokens) {
  return kFloatBytes * tokens * architecture.num_layers *
         (8 * architecture.width + (1 + 2 * architecture.num_input_projections()) * architecture.inner_width);
}

std::int64_t factor_pair_bytes(const model::Architecture& architecture, std::int64_t num_layers) {
  return num_layers * (architecture.width + architecture.inner_width) * kFloatBytes;
}

}  // namespace lethe::editing
