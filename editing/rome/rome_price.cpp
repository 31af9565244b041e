#include "editing/price.h"
#include "editing/rome/rome_config.h"

namespace lethe::editing {

Price price_of(const RankOneConfig& config, const model::Architecture& architecture) {
  // 21 contexts x 4.1 positions and the KL row; keys of 18 tokens each.
  constexpr ValueTokens kTokens{21.0, 87.0, 21.0 * 18.0};
  constexpr std::int64_t kRows = 22;  // prefixes, bare prompt, KL row
  const auto num_moments = std::ssize(second_moment_layers(config));
  Price price;
  price.edit = value_work(architecture, config.layer, config.v_num_grad_steps, kTokens);
  price.solve = solve_work(architecture, num_moments, config.batch_size);
  price.bytes = 2 * projection_bytes(architecture) + graph_bytes(architecture, kRows * kOptimisedTokens);
  price.factor_bytes = num_moments * kDoubleBytes * architecture.inner_width * architecture.inner_width;
  price.delta_bytes = factor_pair_bytes(architecture, 1);
  return price;
}

}  // namespace lethe::editing
