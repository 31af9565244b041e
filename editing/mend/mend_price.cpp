#include "editing/mend/mend_price.h"

#include <algorithm>

namespace lethe::editing {
namespace {

constexpr double kTextTokens = 60.0;  // of a text of the corpus, on average

double layers_above(const MendConfig& config, const model::Architecture& architecture) {
  const auto layers = edited_layers(config, architecture.num_layers);
  return static_cast<double>(architecture.num_layers - (layers.empty() ? architecture.num_layers : layers.front()));
}

/// Values of the two networks that all blocks share.
std::int64_t network_values(const MendConfig& config, const model::Architecture& architecture) {
  const auto width = architecture.width + architecture.inner_width;
  const auto rank = std::min<std::int64_t>(config.training.rank, width);
  return 2 * (config.training.hidden_layers + 1) * 2 * width * rank;
}

/// Weights of a block that are edited.
std::int64_t edited_weights(const model::Architecture& architecture) { return std::ssize(architecture.mlp_listing()); }

/// One forward, one backward of the edited blocks, and a network for each edited weight on every token of the prompt.
core::Work edit_work(const MendConfig& config, const model::Architecture& architecture) {
  const auto layers = static_cast<double>(architecture.num_layers);
  const auto blocks = static_cast<double>(edited_layers(config, architecture.num_layers).size());
  auto work = passes(architecture, 1.0, layers, kPromptTokens, 1.0) +
              passes(architecture, 2.0, layers_above(config, architecture), kPromptTokens, 1.0);
  const auto runs = blocks * static_cast<double>(edited_weights(architecture)) / 2.0;  // of both networks
  const auto weights = static_cast<double>(network_values(config, architecture));
  work.flops += 2.0 * runs * weights * kPromptTokens;
  work.bytes += 4.0 * runs * weights;
  return work;
}

}  // namespace

Price price_of(const MendConfig& config, const model::Architecture& architecture, std::int64_t /*num_facts*/) {
  constexpr std::int64_t kGraphTokens = 40;  // the whole prompt and its target
  const auto num_weights = std::ssize(edited_layers(config, architecture.num_layers)) * edited_weights(architecture);
  Price price;
  price.edit = edit_work(config, architecture);
  // The networks, the weights that are edited, and the added class's table of embeddings.
  price.bytes = kFloatBytes * network_values(config, architecture) + num_weights * projection_bytes(architecture) +
                (config.pad_class ? 2 * kFloatBytes * architecture.width * architecture.vocab_size : 0) +
                graph_bytes(architecture, kGraphTokens);
  // A rank for each token of an average prompt, in every edited weight.
  price.delta_bytes = static_cast<std::int64_t>(kPromptTokens) * factor_pair_bytes(architecture, num_weights);
  return price;
}

core::Work training_iteration_work(const MendConfig& config, const model::Architecture& architecture) {
  const auto layers = static_cast<double>(architecture.num_layers);
  return 3.0 * edit_work(config, architecture) + passes(architecture, 1.0, layers, kTextTokens, kTextTokens) +
         passes(architecture, 3.0, layers_above(config, architecture), kTextTokens, kTextTokens);
}

std::int64_t training_bytes(const MendConfig& config, const model::Architecture& architecture) {
  constexpr std::int64_t kMoreCopies = 4;
  return price_of(config, architecture, 1).bytes + kMoreCopies * kFloatBytes * network_values(config, architecture) +
         2 * graph_bytes(architecture, config.training.max_text_tokens);
}

}  // namespace lethe::editing
