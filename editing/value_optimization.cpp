#include "editing/value_optimization.h"

#include <cmath>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "editing/adam.h"

namespace lethe::editing {

ValueObjective::ValueObjective(const model::Network& network, const ValueOptimizationConfig& config,
                               const EditPrompts& prompts, const ValueForward& forward)
    : network_(network),
      config_(config),
      forward_(forward),
      num_contexts_(static_cast<std::int64_t>(prompts.num_contexts())) {
  const std::vector<std::int64_t> ids(prompts.target_ids.begin(), prompts.target_ids.end());
  targets_CN_ = at::tensor(ids, at::TensorOptions().dtype(at::kLong))
                    .to(network.device())
                    .unsqueeze(0)
                    .expand({num_contexts_, static_cast<std::int64_t>(ids.size())});
}

ValueLoss ValueObjective::evaluate(const torch::Tensor& delta_D) {
  const at::Tensor log_probs_SV = at::log_softmax(network_.logits(forward_.scored_hidden(delta_D)), 1);
  const std::int64_t num_targets = targets_CN_.size(1);
  const at::Tensor context_CNV =
      log_probs_SV.narrow(0, 0, num_contexts_ * num_targets).view({num_contexts_, num_targets, log_probs_SV.size(1)});
  const at::Tensor current_V = log_probs_SV.select(0, num_contexts_ * num_targets);
  if (!original_log_probs_V_.defined()) {
    original_log_probs_V_ = current_V.detach().clone();
  }
  ValueLoss loss;
  const at::Tensor target_CN = context_CNV.gather(2, targets_CN_.unsqueeze(2)).squeeze(2);
  loss.nll = target_CN.sum(1).neg().div(static_cast<double>(num_targets)).mean();
  loss.kl = current_V.exp().mul(current_V - original_log_probs_V_).sum().mul(config_.kl_factor);
  const at::Tensor value_square = forward_.initial_value().norm().square();
  // The published term does not square the norm of delta; its gradient at zero is zero.
  const at::Tensor change = config_.decay_norm == DecayNorm::kPlain ? delta_D.norm() : delta_D.square().sum();
  loss.decay = (change / value_square).mul(config_.v_weight_decay);
  loss.total = loss.nll + loss.kl + loss.decay;
  return loss;
}

OptimizedValue optimize_value(const model::Network& network, const ValueOptimizationConfig& config,
                              const EditPrompts& prompts, const ValueForward& forward) {
  const c10::AutoGradMode with_grad(true);
  const at::Tensor& initial_D = forward.initial_value();
  const at::Tensor max_norm = initial_D.norm().mul(config.clamp_norm_factor);
  at::Tensor delta_D = at::zeros_like(initial_D).requires_grad_();
  ValueObjective objective(network, config, prompts, forward);
  Adam adam({.learning_rate = config.v_lr});
  OptimizedValue result;
  for (int step = 0; step < config.v_num_grad_steps; ++step) {
    const ValueLoss loss = objective.evaluate(delta_D);
    // One copy to the host a step: each would wait for the device.
    const at::Tensor terms = at::stack({loss.total, loss.nll, loss.kl}).detach().to(at::kCPU, at::kDouble);
    const double total = terms[0].item<double>();
    result.nll = terms[1].item<double>();
    result.kl = terms[2].item<double>();
    result.losses.push_back(static_cast<float>(total));
    if (!std::isfinite(total)) {
      result.is_finite = false;
      break;
    }
    if (total < config.early_stop_loss || step + 1 == config.v_num_grad_steps) {
      break;
    }
    adam.step({delta_D}, torch::autograd::grad({loss.total}, {delta_D}));
    ++result.num_updates;
    if (config.clamp_norm_factor == 0.0) {
      continue;
    }
    const at::NoGradGuard no_grad;
    const at::Tensor norm = delta_D.norm();
    delta_D.copy_(at::where(norm > max_norm, delta_D * max_norm / norm, delta_D));
  }
  result.delta_D = delta_D.detach();
  result.value_D = initial_D + result.delta_D;
  result.is_finite = result.is_finite && at::isfinite(result.value_D).all().item<bool>();
  return result;
}

}  // namespace lethe::editing
