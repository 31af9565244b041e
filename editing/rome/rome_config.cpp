#include "editing/rome/rome_config.h"

namespace lethe::editing {
namespace {

/// The paper's text on ROME's value and prefixes.
void follow_paper(RankOneConfig& config) {
  config.v_weight_decay = 1.5e-3;
  config.decay_norm = DecayNorm::kSquared;
  config.kl_factor = 1.0;
  config.kl_position = KlPosition::kLast;
  config.context_lengths = {{5, 25}, {10, 25}};
}

void visit_rank_one_fields(core::FieldVisitor& visit, RankOneConfig& config) {
  visit("layer", config.layer, core::IntegerRule{{0, kMaxLayers - 1}, core::Presence::kRequired});
  visit_batch_size(visit, config.batch_size);
  visit_value_fields(visit, config, core::kAboveZero);
  visit("mom2_adjustment", config.mom2_adjustment);
  core::visit_context_lengths(visit, config.context_lengths);
  visit("contexts_file", config.contexts_file);
}

}  // namespace

RankOneConfig::RankOneConfig() : context_lengths{{5, 10}, {10, 10}} {}

RomeConfig RomeConfig::defaults(core::Fidelity fidelity) {
  RomeConfig config;
  if (fidelity == core::Fidelity::kPaper) {
    follow_paper(config);
    config.residual_key = ResidualKey::kContextMean;
  }
  return config;
}

RRomeConfig RRomeConfig::defaults(core::Fidelity fidelity) {
  RRomeConfig config;
  if (fidelity == core::Fidelity::kPaper) follow_paper(config);
  return config;
}

void visit_fields(core::FieldVisitor& visit, RomeConfig& config) {
  visit_rank_one_fields(visit, config);
  visit("residual_key", config.residual_key, core::WordRule{{"bare_prompt", "context_mean"}});
}

void visit_fields(core::FieldVisitor& visit, RRomeConfig& config) {
  visit_rank_one_fields(visit, config);
  visit("form", config.form, core::WordRule{{"random_prefix", "prompt_keys"}});
}

std::string config_problem(const std::string& /*name*/, const RankOneConfig& config) {
  if (config.batch_size == 1) return "";
  return "batch_size: expected 1, found " + std::to_string(config.batch_size) +
         "; rome and r-rome edit one fact a step (memit, mend, ft-c and ft edit several)";
}

std::vector<int> edited_layers(const RankOneConfig& config, std::int64_t /*num_layers*/) { return {config.layer}; }

std::vector<int> second_moment_layers(const RankOneConfig& config) {
  return config.mom2_adjustment ? std::vector<int>{config.layer} : std::vector<int>{};
}

}  // namespace lethe::editing
