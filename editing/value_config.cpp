#include "editing/value_config.h"

namespace lethe::editing {

void visit_value_fields(core::FieldVisitor& visit, ValueOptimizationConfig& config, core::RealRange clamp) {
  visit("v_num_grad_steps", config.v_num_grad_steps, core::IntegerRule{{1, 100'000}});
  visit("v_lr", config.v_lr, core::RealRule{core::kAboveZero});
  visit("v_weight_decay", config.v_weight_decay, core::RealRule{core::kAtLeastZero});
  visit("clamp_norm_factor", config.clamp_norm_factor, core::RealRule{clamp});
  visit("kl_factor", config.kl_factor, core::RealRule{core::kAtLeastZero});
  visit("early_stop_loss", config.early_stop_loss, core::RealRule{core::kAtLeastZero});
  visit("kl_position", config.kl_position, core::WordRule{{"subject_last", "last"}});
  visit("decay_norm", config.decay_norm, core::WordRule{{"plain", "squared"}});
}

void visit_batch_size(core::FieldVisitor& visit, int& batch_size) {
  visit("batch_size", batch_size, core::IntegerRule{{1, 100'000}});
}

}  // namespace lethe::editing
