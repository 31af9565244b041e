#include <algorithm>

#include "editing/fine_tune/fine_tune_config.h"
#include "editing/price.h"

namespace lethe::editing {

/// One fact of a step that tunes several together: weights are read once for all.
Price price_of(const FineTuneConfig& config, const model::Architecture& architecture) {
  constexpr std::int64_t kTunedTokens = 40;  // the whole prompt and its target
  const auto layers = static_cast<double>(architecture.num_layers);
  const double above = std::max(0.0, layers - config.layer);
  Price price;
  price.edit = passes(architecture, config.num_steps, layers, kPromptTokens, 1.0) +
               passes(architecture, config.num_steps, above, kPromptTokens, 1.0);
  price.edit.bytes /= config.batch_size;
  price.edit.layer_passes /= config.batch_size;
  // Gradient, two moments of Adam, the centre of the bound, the copy that is edited.
  price.bytes = 5 * projection_bytes(architecture) + graph_bytes(architecture, config.batch_size * kTunedTokens);
  price.snapshot_bytes = projection_bytes(architecture) + kFloatBytes * architecture.width;  // with the bias
  return price;
}

}  // namespace lethe::editing
