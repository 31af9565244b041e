#include "editing/memit/memit_config.h"
#include "editing/price.h"

namespace lethe::editing {

/// One fact: its value as ROME's but from the last edited layer on, keys and residuals of every edited layer, and a
/// pair of triangular solves a layer.
Price price_of(const MemitConfig& config, const model::Architecture& architecture, std::int64_t /*num_facts*/) {
  constexpr double kRowTokens = 19.0;
  constexpr double kKeyTokens = 15.0;  // of a row, up to the subject's last token
  if (config.layers.empty()) return {};
  const auto num_layers = std::ssize(config.layers);
  const auto contexts = num_contexts(config.context_lengths, config.context_seeds.size());
  const auto rows = contexts + 1;  // that of the KL term
  Price price;
  price.edit = value_work(architecture, config.layers.back(), config.v_num_grad_steps,
                          {contexts, kRowTokens * static_cast<double>(rows)});
  for (const int layer : config.layers) {
    price.edit +=
        passes(architecture, 1.0, config.layers.back() - layer + 1.0, kKeyTokens * static_cast<double>(contexts), 0.0);
  }
  price.solve = solve_work(architecture, num_layers, config.batch_size);
  // Of each layer: the weight that is edited, and its copy while an edit is computed. Of each fact: hidden states of
  // its rows up to the subject, kept from layer to layer.
  price.bytes = num_layers * 2 * projection_bytes(architecture) + graph_bytes(architecture, rows * kOptimisedTokens) +
                config.batch_size * kFloatBytes * rows * 2 * kOptimisedTokens * architecture.width;
  price.factor_bytes = num_layers * kDoubleBytes * architecture.inner_width * architecture.inner_width;
  price.delta_bytes = factor_pair_bytes(architecture, num_layers);
  return price;
}

}  // namespace lethe::editing
