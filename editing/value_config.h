#pragma once

#include "core/config/method_config.h"
#include "editing/methods/executor_side.h"

namespace lethe::editing {

/// Where the KL row "{subject} is a" is read.
enum class KlPosition { kSubjectLast, kLast };
/// The decay term of v*: ||delta|| / ||v0||^2 (published code) or (||delta|| / ||v0||)^2.
enum class DecayNorm { kPlain, kSquared };

/// How ROME, MEMIT and their kin find the vector that a subject shall be given: Adam on delta, which is added at the
/// subject's last token. The values are the published code's for ROME.
struct ValueOptimizationConfig {
  int v_num_grad_steps = 20;  ///< forwards; one update fewer is made
  double v_lr = 0.5;
  double v_weight_decay = 0.5;
  double clamp_norm_factor = 4.0;  ///< ||delta|| <= factor * ||v0||; 0 (where it is allowed): no clamp
  double kl_factor = 0.0625;
  double early_stop_loss = 0.05;  ///< 0: never
  KlPosition kl_position = KlPosition::kSubjectLast;
  DecayNorm decay_norm = DecayNorm::kPlain;
  bool operator==(const ValueOptimizationConfig&) const = default;
};

/// `clamp`: what `clamp_norm_factor` may be.
void visit_value_fields(core::FieldVisitor& visit, ValueOptimizationConfig& config, core::RealRange clamp);

inline constexpr int kMaxLayers = 1000;
/// `batch_size`, facts edited by one step.
void visit_batch_size(core::FieldVisitor& visit, int& batch_size);

/// The same for all methods that give a subject a value.
void check_request(const ValueOptimizationConfig& config, const data::EditRequest& request,
                   const RequestLimits& limits);

}  // namespace lethe::editing
