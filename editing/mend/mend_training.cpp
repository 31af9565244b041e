#include "editing/mend/mend_training.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

namespace lethe::editing {
namespace {

EditorStatistics statistics_of(const MendEditor& editor) {
  EditorStatistics statistics;
  for (const EditorNetwork& network : editor.networks) statistics.push_back(network.moments);
  return statistics;
}

/// Flat indices of the real tokens of rows first.. of a padded batch.
at::Tensor real_tokens(const std::vector<std::vector<model::TokenId>>& rows, std::size_t first, std::int64_t padded,
                       torch::Device device) {
  std::vector<std::int64_t> indices;
  for (std::size_t r = first; r < rows.size(); ++r) {
    for (std::size_t t = 0; t < rows[r].size(); ++t) {
      indices.push_back(static_cast<std::int64_t>(r) * padded + static_cast<std::int64_t>(t));
    }
  }
  return at::tensor(indices, at::kLong).to(device);
}

/// Mean over tokens of KL(before || after), full vocabulary.
at::Tensor mean_divergence(const at::Tensor& before_NV, const at::Tensor& after_NV) {
  return (before_NV.exp() * (before_NV - after_NV)).sum(1).mean();
}

bool all_finite(const std::vector<at::Tensor>& gradients) {
  return std::all_of(gradients.begin(), gradients.end(), [](const at::Tensor& gradient) {
    return !gradient.defined() || at::isfinite(gradient).all().item<bool>();
  });
}

}  // namespace

MendEditor copied(const MendEditor& editor) {
  MendEditor copy = editor;
  copy.rates_P = editor.rates_P.detach().clone();
  for (EditorNetwork& network : copy.networks) {
    for (EditorLayer& layer : network.layers) {
      for (at::Tensor* tensor : {&layer.left_ZR, &layer.right_RZ, &layer.bias_Z, &layer.scale_MZ, &layer.shift_MZ}) {
        *tensor = tensor->detach().clone();
      }
    }
  }
  return copy;  // moments are values: they are replaced, never written to
}

MendTrainingState initial_training_state(const MendConfig& config, const model::Network& network) {
  MendTrainingState state;
  state.editor = initial_editor(config, network.architecture(), network.device(), network.dtype());
  state.best = copied(state.editor);
  state.best_loss = std::numeric_limits<double>::infinity();
  return state;
}

MendTrainer::MendTrainer(const model::Network& network, const MendConfig& config, const MendData& data,
                         MendTrainingState state)
    : network_(network),
      config_(config),
      data_(data),
      state_(std::move(state)),
      rate_optimizer_({.learning_rate = config.training.rate_learning_rate}, state_.rates),
      network_optimizer_({.learning_rate = config.training.learning_rate}, state_.networks) {
  state_.editor = copied(state_.editor);
  for (const auto& [name, tensor] : state_.editor.trained()) {
    // The handle is shared, so the editor's own tensor becomes the leaf.
    parameters_.push_back(tensor);
    parameters_.back().requires_grad_();
  }
}

MendTrainer::Losses MendTrainer::losses_of(const MendExample& example, bool train) const {
  const MendEditor& editor = state_.editor;
  const auto gradients = inner_gradients(network_, editor.parameters, std::span(&example.inner, 1));
  EditorOutput output = run_editor(editor, gradients.factors, statistics_of(editor), train, LearningRateOrder::kPaper);
  Losses losses;
  losses.statistics = std::move(output.statistics);
  if (!output.has_enough_rows) return losses;

  std::vector<std::vector<model::TokenId>> rows{example.outer.ids};
  rows.insert(rows.end(), example.texts.begin(), example.texts.end());
  const int lowest = lowest_layer(editor.parameters);
  model::ForwardOptions above;
  above.first_layer = lowest;
  at::Tensor start_BTD;
  at::Tensor before_NV;
  at::Tensor tokens;
  {
    const at::NoGradGuard no_grad;
    start_BTD = network_.embed(model::pad_rows(rows, network_.device()).ids_BT);
    if (lowest > 0) {
      model::ForwardOptions below;
      below.last_layer = lowest - 1;
      start_BTD = network_.forward_layers(start_BTD, below);
    }
    tokens = real_tokens(rows, 1, start_BTD.size(1), network_.device());
    const at::Tensor hidden_ND = network_.forward_layers(start_BTD, above).flatten(0, 1).index_select(0, tokens);
    before_NV = at::log_softmax(network_.logits(hidden_ND), 1);
  }
  above.modify_mlp = with_trial_updates(editor.parameters, output.updates);
  const at::Tensor hidden_BTD = network_.forward_layers(start_BTD, above);
  losses.edit = mean_label_nll(network_, hidden_BTD, std::span(&example.outer, 1));
  const at::Tensor after_ND = hidden_BTD.flatten(0, 1).index_select(0, tokens);
  losses.locality = mean_divergence(before_NV, at::log_softmax(network_.logits(after_ND), 1));
  losses.total =
      losses.edit * config_.training.edit_loss_weight + losses.locality * config_.training.locality_loss_weight;
  return losses;
}

std::vector<torch::Tensor> MendTrainer::derivatives(const Losses& losses) const {
  return torch::autograd::grad({losses.total}, parameters_, {}, false, false, true);
}

std::vector<torch::Tensor> MendTrainer::gradients_of(const MendExample& example) {
  const c10::AutoGradMode with_grad(true);
  return derivatives(losses_of(example, false));
}

MendLosses MendTrainer::run_example(const MendExample& example, bool train) {
  const c10::AutoGradMode grad_mode(train);
  Losses losses = losses_of(example, train);
  if (train) {
    for (std::size_t i = 0; i < losses.statistics.size(); ++i) {
      state_.editor.networks[i].moments = losses.statistics[i];
    }
  }
  if (!losses.total.defined()) return {};
  const MendLosses values{losses.edit.item<double>(), losses.locality.item<double>(), losses.total.item<double>()};
  if (!train) return values;
  const auto gradients = derivatives(losses);
  if (!std::isfinite(values.total) || !all_finite(gradients)) return values;  // left out, as published
  if (gradients_.empty()) {
    for (const at::Tensor& parameter : parameters_) gradients_.push_back(at::zeros_like(parameter));
  }
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (gradients[i].defined()) gradients_[i].add_(gradients[i], 1.0 / config_.training.accumulate);
  }
  return values;
}

void MendTrainer::step() {
  if (gradients_.empty()) return;  // every gradient of the interval was left out
  const at::NoGradGuard no_grad;
  double squares = 0.0;
  for (const at::Tensor& gradient : gradients_) squares += std::pow(gradient.norm().item<double>(), 2);
  constexpr double kTiny = 1e-6;  // as torch.nn.utils.clip_grad_norm_
  const double scale = config_.training.gradient_clip / (std::sqrt(squares) + kTiny);
  if (scale < 1.0) {
    for (at::Tensor& gradient : gradients_) gradient.mul_(scale);
  }
  if (config_.training.rate_learning_rate > 0.0) rate_optimizer_.step({parameters_.front()}, {gradients_.front()});
  network_optimizer_.step({parameters_.begin() + 1, parameters_.end()}, {gradients_.begin() + 1, gradients_.end()});
  gradients_.clear();
  state_.rates = rate_optimizer_.state();
  state_.networks = network_optimizer_.state();
}

void MendTrainer::validate() {
  MendLosses sum;
  const int count = config_.training.validation_edits;
  for (int i = 0; i < count; ++i) {
    const MendLosses losses = run_example(data_.validation(i), false);
    sum.edit += losses.edit / count;
    sum.locality += losses.locality / count;
    sum.total += losses.total / count;
  }
  validation_ = sum;
  if (!(sum.total < state_.best_loss)) return;
  state_.best_loss = sum.total;
  state_.best_iteration = state_.next_iteration;
  state_.best = copied(state_.editor);
}

MendLosses MendTrainer::iterate() {
  const auto& training = config_.training;
  const std::int64_t iteration = state_.next_iteration;
  const MendLosses losses = run_example(data_.training(iteration), true);
  // Published: nothing is stepped after iteration 0, so that the first step holds one iteration more.
  if (iteration > 0 && iteration % training.accumulate == 0) step();
  const bool is_last = iteration + 1 == training.max_iterations;
  if (iteration % training.validation_every == 0 || is_last) validate();
  ++state_.next_iteration;
  return losses;
}

bool MendTrainer::is_finished() const {
  if (state_.next_iteration >= config_.training.max_iterations) return true;
  return state_.best_iteration >= 0 && state_.next_iteration - 1 - state_.best_iteration >= config_.training.patience;
}

}  // namespace lethe::editing
