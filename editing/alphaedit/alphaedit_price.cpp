#include "editing/alphaedit/alphaedit_config.h"
#include "editing/key_history_cost.h"
#include "editing/price.h"

namespace lethe::editing {
namespace {

KeyHistoryShape history_of(const SpreadConfig& config, const model::Architecture& architecture, KeyBase base,
                           std::int64_t num_facts) {
  return {architecture.inner_width, num_facts, config.batch_size, base};
}

/// MEMIT's, with a history of keys in the middle of its life for the work and at its largest for the memory.
Price price_with_history(const SpreadConfig& config, const model::Architecture& architecture, KeyBase base,
                         std::int64_t num_facts) {
  MemitConfig memit;
  static_cast<SpreadConfig&>(memit) = config;
  Price price = price_of(memit, architecture, num_facts);
  const auto num_layers = std::ssize(config.layers);
  const auto half = history_of(config, architecture, base, num_facts / 2);
  const auto whole = history_of(config, architecture, base, num_facts);
  const double share = static_cast<double>(num_layers) / config.batch_size;
  price.solve = {share * key_history_step_flops(half), share * key_history_step_read_bytes(half), 0.0, 0.0};
  price.edit.flops += static_cast<double>(num_layers) * static_cast<double>(whole.num_folds()) *
                      key_history_fold_flops(whole) / static_cast<double>(std::max<std::int64_t>(1, num_facts));
  const auto largest = whole.num_folds() > 0 ? key_history_fold_bytes(whole) : key_history_bytes(whole);
  price.bytes += num_layers * key_history_bytes(whole) + std::max<std::int64_t>(0, largest - key_history_bytes(whole));
  price.delta_bytes += num_layers * architecture.inner_width * kFloatBytes;  // the keys
  return price;
}

}  // namespace

Price price_of(const AlphaEditConfig& config, const model::Architecture& architecture, std::int64_t num_facts) {
  auto price = price_with_history(config, architecture, KeyBase::kIdentity, num_facts);
  // In place of factored second moments: projectors, of each layer a basis of at most half the dimensions, on the
  // device, where the systems of the keys are solved too.
  price.edit += price.solve;
  price.solve = {};
  price.factor_bytes = 0;
  price.bytes += std::ssize(config.layers) * kDoubleBytes * architecture.inner_width * architecture.inner_width / 2;
  return price;
}

Price price_of(const MemitSeqConfig& config, const model::Architecture& architecture, std::int64_t num_facts) {
  return price_with_history(config, architecture, KeyBase::kMoment, num_facts);
}

}  // namespace lethe::editing
