#include "editing/memit/memit_config.h"

namespace lethe::editing {

SpreadConfig::SpreadConfig() : context_seeds{"The", "Therefore", "Because", "I", "You"}, context_lengths{{10, 1}} {
  clamp_norm_factor = 0.75;
}

void visit_spread_fields(core::FieldVisitor& visit, SpreadConfig& config) {
  visit("layers", config.layers, core::IntegerListRule{{0, kMaxLayers - 1}, core::Presence::kRequired});
  visit_batch_size(visit, config.batch_size);
  visit_value_fields(visit, config, core::kAtLeastZero);
  visit("context_seeds", config.context_seeds, core::TextListRule{});
  core::visit_context_lengths(visit, config.context_lengths);
  visit("contexts_file", config.contexts_file);
  visit("key_weights", config.key_weights, core::WordRule{{"group_means", "plain"}});
}

void follow_memit_paper(SpreadConfig& config) {
  config.v_weight_decay = 0.0;
  config.kl_factor = 0.0;
  config.clamp_norm_factor = 0.0;
  config.early_stop_loss = 0.0;
  config.key_weights = KeyWeights::kPlain;
}

MemitConfig MemitConfig::defaults(core::Fidelity fidelity) {
  MemitConfig config;
  if (fidelity == core::Fidelity::kPaper) follow_memit_paper(config);
  return config;
}

void visit_fields(core::FieldVisitor& visit, MemitConfig& config) {
  visit_spread_fields(visit, config);
  visit("mom2_update_weight", config.mom2_update_weight, core::RealRule{core::kAboveZero, core::Presence::kRequired});
}

std::vector<int> edited_layers(const SpreadConfig& config, std::int64_t /*num_layers*/) { return config.layers; }
std::vector<int> second_moment_layers(const MemitConfig& config) { return config.layers; }

}  // namespace lethe::editing
