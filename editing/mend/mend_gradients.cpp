#include "editing/mend/mend_gradients.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/error.h"
#include "editing/edit_prompts.h"

namespace lethe::editing {
namespace {

std::vector<std::vector<model::TokenId>> ids_of(std::span<const LabelledRow> rows) {
  std::vector<std::vector<model::TokenId>> ids;
  for (const LabelledRow& row : rows) ids.push_back(row.ids);
  return ids;
}

std::size_t index_of(std::span<const InnerParameter> parameters, int layer, model::MlpProjection which) {
  const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const InnerParameter& parameter) {
    return parameter.layer == layer && parameter.projection == which;
  });
  return static_cast<std::size_t>(found - parameters.begin());
}

/// Rows in which both have an entry that is not zero.
InnerFactors without_empty_rows(const at::Tensor& inputs_NI, const at::Tensor& gradients_NO) {
  const at::Tensor is_kept = inputs_NI.ne(0).any(1).logical_and(gradients_NO.ne(0).any(1));
  const at::Tensor kept = is_kept.nonzero().squeeze(1);
  return {inputs_NI.index_select(0, kept), gradients_NO.index_select(0, kept)};
}

}  // namespace

LabelledRow labelled_row(const std::string& text, const std::string& target, const model::Tokenizer& tokenizer,
                         std::int64_t max_positions, const std::string& place) {
  const std::string spaced = spaced_target(target);
  LabelledRow row;
  row.ids = tokenizer.encode_prompt(text + spaced);
  const auto num_targets = static_cast<std::int64_t>(tokenizer.encode_continuation(spaced).size());
  const auto num_tokens = static_cast<std::int64_t>(row.ids.size());
  if (target.empty() || num_targets == 0 || num_tokens <= num_targets) {
    throw core::DataError(place + ": the prompt or the target has no token; correct the record");
  }
  if (num_tokens > max_positions) {
    throw core::DataError(place + ": " + std::to_string(num_tokens) + " tokens exceed the model's " +
                          std::to_string(max_positions) + " positions; leave the record out");
  }
  row.target_ids.assign(row.ids.end() - num_targets, row.ids.end());
  for (std::int64_t j = 0; j < num_targets; ++j) row.positions.push_back(num_tokens - num_targets - 1 + j);
  row.ids.pop_back();
  return row;
}

LabelledRow labelled_row(const data::EditRequest& request, const model::Tokenizer& tokenizer,
                         std::int64_t max_positions) {
  return labelled_row(request.edit_prompt(), request.target_new, tokenizer, max_positions,
                      "case " + std::to_string(request.case_id));
}

torch::Tensor mean_label_nll(const model::Network& network, const torch::Tensor& hidden_BTD,
                             std::span<const LabelledRow> rows) {
  std::vector<std::int64_t> positions;
  std::vector<std::int64_t> targets;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t j = 0; j < rows[r].positions.size(); ++j) {
      positions.push_back(static_cast<std::int64_t>(r) * hidden_BTD.size(1) + rows[r].positions[j]);
      targets.push_back(rows[r].target_ids[j]);
    }
  }
  const auto on_device = [&](const std::vector<std::int64_t>& values) {
    return at::tensor(values, at::kLong).to(hidden_BTD.device());
  };
  const at::Tensor hidden_KD = hidden_BTD.flatten(0, 1).index_select(0, on_device(positions));
  const at::Tensor log_probs_KV = at::log_softmax(network.logits(hidden_KD), 1);
  return log_probs_KV.gather(1, on_device(targets).unsqueeze(1)).mean().neg();
}

int lowest_layer(std::span<const InnerParameter> parameters) {
  return std::min_element(parameters.begin(), parameters.end(),
                          [](const auto& a, const auto& b) { return a.layer < b.layer; })
      ->layer;
}

InnerGradients inner_gradients(const model::Network& network, std::span<const InnerParameter> parameters,
                               std::span<const LabelledRow> rows) {
  const int lowest = lowest_layer(parameters);
  at::Tensor hidden_BTD;
  {
    const at::NoGradGuard no_grad;
    hidden_BTD = network.embed(model::pad_rows(ids_of(rows), network.device()).ids_BT);
    if (lowest > 0) {
      model::ForwardOptions below;
      below.last_layer = lowest - 1;
      hidden_BTD = network.forward_layers(hidden_BTD, below);
    }
  }
  const c10::AutoGradMode with_grad(true);
  std::vector<at::Tensor> inputs(parameters.size());
  std::vector<at::Tensor> outputs(parameters.size());
  model::ForwardOptions options;
  options.first_layer = lowest;
  options.modify_mlp = [&](int layer, model::MlpProjection which, const at::Tensor& input, const at::Tensor& output) {
    const std::size_t index = index_of(parameters, layer, which);
    if (index < parameters.size()) {
      inputs[index] = input.detach();
      outputs[index] = output;
    }
    return output;
  };
  // One leaf makes everything above it part of a graph.
  const at::Tensor start_BTD = hidden_BTD.detach().clone().requires_grad_();
  const at::Tensor loss = mean_label_nll(network, network.forward_layers(start_BTD, options), rows);
  const auto gradients = torch::autograd::grad({loss}, outputs);
  InnerGradients result{loss.item<double>(), {}};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    result.factors.push_back(without_empty_rows(inputs[i], gradients[i].detach()));
  }
  return result;
}

std::function<torch::Tensor(int, model::MlpProjection, const torch::Tensor&, const torch::Tensor&)> with_trial_updates(
    std::span<const InnerParameter> parameters, std::span<const TrialUpdate> updates) {
  return [parameters, updates](int layer, model::MlpProjection which, const at::Tensor& input_NI,
                               const at::Tensor& output_NO) {
    const std::size_t index = index_of(parameters, layer, which);
    if (index >= parameters.size()) return output_NO;
    const TrialUpdate& update = updates[index];
    return output_NO + at::matmul(at::matmul(input_NI, update.inputs_KI.t()), update.outputs_KO);
  };
}

}  // namespace lethe::editing
