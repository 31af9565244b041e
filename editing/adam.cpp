#include "editing/adam.h"

#include <cmath>

#include <ATen/ATen.h>

namespace lethe::editing {

void Adam::step(const std::vector<torch::Tensor>& parameters, const std::vector<torch::Tensor>& gradients) {
  const at::NoGradGuard no_grad;
  if (state_.num_steps == 0) {
    for (const torch::Tensor& parameter : parameters) {
      state_.first_moments.push_back(at::zeros_like(parameter));
      state_.second_moments.push_back(at::zeros_like(parameter));
    }
  }
  ++state_.num_steps;
  const double correction1 = 1.0 - std::pow(options_.beta1, static_cast<double>(state_.num_steps));
  const double correction2 = 1.0 - std::pow(options_.beta2, static_cast<double>(state_.num_steps));
  for (std::size_t index = 0; index < parameters.size(); ++index) {
    if (!gradients[index].defined()) {
      continue;
    }
    at::Tensor parameter = parameters[index].detach();  // shares storage, so the caller's tensor moves
    at::Tensor gradient = gradients[index].detach();
    if (options_.weight_decay != 0.0) {
      gradient = gradient.add(parameter, options_.weight_decay);
    }
    at::Tensor& first = state_.first_moments[index];
    at::Tensor& second = state_.second_moments[index];
    first.mul_(options_.beta1).add_(gradient, 1.0 - options_.beta1);
    second.mul_(options_.beta2).addcmul_(gradient, gradient, 1.0 - options_.beta2);
    const at::Tensor denominator = second.sqrt().div_(std::sqrt(correction2)).add_(options_.epsilon);
    parameter.addcdiv_(first, denominator, -options_.learning_rate / correction1);
  }
}

}  // namespace lethe::editing
