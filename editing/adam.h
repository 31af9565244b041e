#pragma once

#include <cstdint>
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

/// Adam (Kingma & Ba 2015) in the order of operations of `torch.optim.Adam`: bias-corrected moments, epsilon added
/// after the square root. Moments belong to this object; parameters are changed in place.
class Adam {
 public:
  explicit Adam(AdamOptions options) : options_(options) {}

  /// One update of `parameters` by `gradients`, same order and shapes in every call. An undefined gradient leaves
  /// its parameter alone.
  void step(const std::vector<torch::Tensor>& parameters, const std::vector<torch::Tensor>& gradients);
  [[nodiscard]] std::int64_t num_steps() const { return num_steps_; }

 private:
  AdamOptions options_;
  std::int64_t num_steps_ = 0;
  std::vector<torch::Tensor> first_moments_;
  std::vector<torch::Tensor> second_moments_;
};

}  // namespace lethe::editing
