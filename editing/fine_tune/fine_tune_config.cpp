#include "editing/fine_tune/fine_tune_config.h"

namespace lethe::editing {

FineTuneConfig FineTuneConfig::defaults(core::Fidelity fidelity) {
  FineTuneConfig config;
  if (fidelity == core::Fidelity::kPaper) {
    config.bound_centre = BoundCentre::kUnedited;
    config.tune_bias = false;
    config.target_positions = TargetPositions::kTeacherForced;
  }
  return config;
}

void visit_fields(core::FieldVisitor& visit, FineTuneConfig& config) {
  visit("layer", config.layer, core::IntegerRule{{0, kMaxLayers - 1}, core::Presence::kRequired});
  visit_batch_size(visit, config.batch_size);
  visit("chunk_size", config.chunk_size, core::IntegerRule{{1, 100'000}});
  visit("num_steps", config.num_steps, core::IntegerRule{{1, 100'000}});
  visit("learning_rate", config.learning_rate, core::RealRule{core::kAboveZero});
  visit("weight_decay", config.weight_decay, core::RealRule{core::kAtLeastZero});
  visit("linf_bound", config.linf_bound, core::RealRule{core::kAboveZero});
  visit("early_stop_loss", config.early_stop_loss, core::RealRule{core::kAtLeastZero});
  visit("tune_bias", config.tune_bias);
  visit("target_positions", config.target_positions, core::WordRule{{"last_prompt_token", "teacher_forced"}});
  visit("bound_centre", config.bound_centre, core::WordRule{{"edit_start", "unedited"}});
}

std::string config_problem(const std::string& name, const FineTuneConfig& config) {
  const bool is_constrained = name == "ft-c";
  if (is_constrained == config.linf_bound.has_value()) return "";
  if (is_constrained) return "linf_bound: is missing; expected a number above 0 (without a bound the method is ft)";
  return "linf_bound: is not a parameter of ft; expected none (with a bound the method is ft-c)";
}

std::vector<int> edited_layers(const FineTuneConfig& config, std::int64_t /*num_layers*/) { return {config.layer}; }

}  // namespace lethe::editing
