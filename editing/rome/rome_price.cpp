#include "editing/price.h"
#include "editing/rome/rome_config.h"

namespace lethe::editing {

Price price_of(const RankOneConfig& config, const model::Architecture& architecture, std::int64_t /*num_facts*/) {
  constexpr double kRowTokens = 18.0;
  const auto contexts = num_contexts(config.context_lengths);
  const auto rows = contexts + 1;  // that of the KL term
  const auto num_moments = std::ssize(second_moment_layers(config));
  Price price;
  price.edit = value_work(architecture, config.layer, config.v_num_grad_steps,
                          {contexts, kRowTokens * static_cast<double>(contexts)});
  price.solve = solve_work(architecture, num_moments, config.batch_size);
  price.bytes = 2 * projection_bytes(architecture) + graph_bytes(architecture, rows * kOptimisedTokens);
  price.factor_bytes = num_moments * kDoubleBytes * architecture.inner_width * architecture.inner_width;
  price.delta_bytes = factor_pair_bytes(architecture, 1);
  return price;
}

}  // namespace lethe::editing
