#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <torch/types.h>

namespace lethe::editing {

struct AdamOptions {
  double learning_rate = 1e-3;
  double weight_decay = 0.0;  ///< L2 form: added to the gradient
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

/// What Adam remembers between steps; empty before the first. Tensors alias the optimiser's.
struct AdamState {
  std::int64_t num_steps = 0;
  std::vector<torch::Tensor> first_moments;
  std::vector<torch::Tensor> second_moments;
};

/// Adam (Kingma & Ba 2015) in the order of operations of `torch.optim.Adam`: bias-corrected moments, epsilon added
/// after the square root. Moments belong to this object; parameters are changed in place.
class Adam {
 public:
  explicit Adam(AdamOptions options) : options_(options) {}
  /// Goes on from `state`, which it takes over.
  Adam(AdamOptions options, AdamState state) : options_(options), state_(std::move(state)) {}

  /// One update of `parameters` by `gradients`, same order and shapes in every call. An undefined gradient leaves
  /// its parameter alone.
  void step(const std::vector<torch::Tensor>& parameters, const std::vector<torch::Tensor>& gradients);
  [[nodiscard]] std::int64_t num_steps() const { return state_.num_steps; }
  [[nodiscard]] const AdamState& state() const { return state_; }

 private:
  AdamOptions options_;
  AdamState state_;
};

}  // namespace lethe::editing
