#include "editing/memit/memit_config.h"
#include "editing/price.h"

namespace lethe::editing {

/// One fact: its value as ROME's but from the last edited layer on, keys and residuals of every edited layer, and a
/// pair of triangular solves a layer.
Price price_of(const MemitConfig& config, const model::Architecture& architecture) {
  constexpr ValueTokens kTokens{6.0, 25.7, 7.0 * 19.0};
  constexpr double kKeyTokens = 6.0 * 15.0;  // up to the subject's last token
  constexpr std::int64_t kRows = 7;
  if (config.layers.empty()) return {};
  const auto num_layers = std::ssize(config.layers);
  Price price;
  price.edit = value_work(architecture, config.layers.back(), config.v_num_grad_steps, kTokens);
  for (const int layer : config.layers) {
    price.edit += passes(architecture, 1.0, config.layers.back() - layer + 1.0, kKeyTokens, 0.0);
  }
  price.solve = solve_work(architecture, num_layers, config.batch_size);
  // Of each layer: the weight that is edited, and its copy while an edit is computed. Of each fact: hidden states of its
  // rows up to the subject, kept from layer to layer.
  price.bytes = num_layers * 2 * projection_bytes(architecture) + graph_bytes(architecture, kRows * kOptimisedTokens) +
                config.batch_size * kFloatBytes * kRows * 2 * kOptimisedTokens * architecture.width;
  price.factor_bytes = num_layers * kDoubleBytes * architecture.inner_width * architecture.inner_width;
  price.delta_bytes = factor_pair_bytes(architecture, num_layers);
  return price;
}

}  // namespace lethe::editing
