#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "editing/value_config.h"
#include "editing/value_forward.h"
#include "model/network.h"

// Legend: C contexts, N target tokens, D width, V vocabulary.

namespace lethe::editing {

/// The terms of the objective for one delta, scalars in the network's dtype.
struct ValueLoss {
  torch::Tensor total;
  torch::Tensor nll;    ///< mean over context rows of the mean over target tokens of -log p
  torch::Tensor kl;     ///< kl_factor * KL(current || original) at the KL position
  torch::Tensor decay;  ///< weight_decay * ||delta|| / ||v0||^2 (published), or (||delta|| / ||v0||)^2
};

/// ROME's objective (Meng et al. 2022, eq. 4, in the published code's form), and MEMIT's, whose published code has the
/// same terms. References must outlive the object.
class ValueObjective {
 public:
  ValueObjective(const model::Network& network, const ValueOptimizationConfig& config, const EditPrompts& prompts,
                 const ValueForward& forward);

  /// The loss at `delta_D`, differentiable in it. The first call fixes the original distribution of the KL term,
  /// so it must be made at delta = 0.
  ValueLoss evaluate(const torch::Tensor& delta_D);

 private:
  const model::Network& network_;
  const ValueOptimizationConfig& config_;
  const ValueForward& forward_;
  std::int64_t num_contexts_;
  torch::Tensor targets_CN_;  ///< [C,N] target ids, the same in every row
  torch::Tensor original_log_probs_V_;
};

struct OptimizedValue {
  torch::Tensor delta_D;
  torch::Tensor value_D;  ///< v* = v0 + delta
  std::vector<float> losses;
  int num_updates = 0;
  double nll = 0.0;  ///< terms of the last loss computed, which need not belong to the returned delta
  double kl = 0.0;
  bool is_finite = true;  ///< false: a loss or v* is not finite; the vectors are then useless
};

/// Adam on delta from zero: at most `v_num_grad_steps` losses and one update fewer, stop before an update once the
/// loss is below `early_stop_loss`, delta scaled back to `clamp_norm_factor` * ||v0|| after each update (not at all for
/// a factor of 0).
OptimizedValue optimize_value(const model::Network& network, const ValueOptimizationConfig& config,
                              const EditPrompts& prompts, const ValueForward& forward);

}  // namespace lethe::editing
