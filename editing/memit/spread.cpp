#include "editing/memit/spread.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

#include <ATen/ATen.h>

#include "core/error.h"
#include "editing/contexts.h"
#include "editing/edit_prompts.h"
#include "editing/value_forward.h"

namespace lethe::editing {
namespace {

void check_layers(const std::string& name, const std::vector<int>& layers, std::int64_t num_layers) {
  const bool is_ascending = std::adjacent_find(layers.begin(), layers.end(), std::greater_equal<>()) == layers.end();
  if (!layers.empty() && is_ascending && layers.front() >= 0 && layers.back() < num_layers) {
    return;
  }
  throw core::ConfigError(name + ": layers: expected ascending numbers of the model's layers 0 to " +
                          std::to_string(num_layers - 1));
}

EditTrace trace_of_value(const OptimizedValue& value, const at::Tensor& initial_D) {
  const double norm = initial_D.norm().item<double>();
  return {value.losses,
          {{"value_norm", norm},
           {"value_norm_ratio", value.value_D.norm().item<double>() / norm},
           {"num_updates", static_cast<double>(value.num_updates)},
           {"nll", value.nll},
           {"kl", value.kl}}};
}

/// One trace for each request; of a single one the step's own.
template <typename Outcome>
void move_traces(Outcome& outcome, std::vector<EditTrace> traces) {
  if (traces.size() > 1) {
    outcome.requests = std::move(traces);
    return;
  }
  outcome.losses = std::move(traces.front().losses);
  outcome.diagnostics = std::move(traces.front().diagnostics);
}

bool is_finite(const LowRankUpdate& update) {
  return at::isfinite(update.left_OR).all().item<bool>() && at::isfinite(update.right_IR).all().item<bool>();
}

/// The published MEMIT, unlike ROME, turns sampled braces into spaces.
void remove_braces(std::string& text) {
  std::replace_if(
      text.begin(), text.end(), [](char letter) { return letter == '{' || letter == '}'; }, ' ');
}

}  // namespace

torch::Tensor weighted_key(const torch::Tensor& keys_CF, KeyWeights weights) {
  const std::int64_t num_prefixed = keys_CF.size(0) - 1;
  if (weights == KeyWeights::kPlain || num_prefixed == 0) {
    return keys_CF.mean(0);
  }
  return (keys_CF.select(0, 0) + keys_CF.narrow(0, 1, num_prefixed).mean(0)) / 2.0;
}

SpreadMethod::SpreadMethod(std::string name, const SpreadConfig& config, const MethodInputs& inputs)
    : name_(std::move(name)), config_(config), tokenizer_(inputs.tokenizer), contexts_(inputs.contexts) {
  const model::Architecture& architecture = inputs.unedited.architecture();
  check_layers(name_, config.layers, architecture.num_layers);
  if (contexts_.templates.empty() || contexts_.templates.front() != "{}") {
    throw core::DataError(name_ + ": the first context template must be the bare \"{}\"");
  }
  for (const int layer : config.layers) parameters_.push_back(architecture.down_projection(layer).weight);
}

SpreadMethod::Target SpreadMethod::find_value(const model::Network& network, const data::EditRequest& request) const {
  const EditPrompts prompts =
      make_edit_prompts(config_, contexts_, request, tokenizer_, network.architecture().max_positions);
  const std::unique_ptr<ValueForward> forward =
      suffix_forward(network, prompts, config_.layers.back(), {ValueSite::kBlockOutput, config_.layers.front()});
  const OptimizedValue value = optimize_value(network, config_, prompts, *forward);
  const SubjectStates& states = forward->subject_states();
  const auto num_contexts = static_cast<std::ptrdiff_t>(prompts.num_contexts());
  std::vector<std::int64_t> positions(prompts.subject_last.begin(), prompts.subject_last.begin() + num_contexts);
  return {value.value_D, SubjectWalk(states.inputs_CTD, std::move(positions), config_.layers.front()),
          SubjectReading{states.keys_CF, forward->initial_value()}, value.is_finite,
          trace_of_value(value, forward->initial_value())};
}

torch::Tensor SpreadMethod::keys_of(const std::vector<Target>& targets) const {
  std::vector<at::Tensor> keys;
  for (const Target& target : targets) keys.push_back(weighted_key(target.reading.keys_CF, config_.key_weights));
  return at::stack(keys, 1);
}

LowRankUpdate SpreadMethod::spread(const History* history, std::size_t index, const torch::Tensor& keys_FN,
                                   std::vector<Target>& targets) const {
  std::vector<at::Tensor> residuals;
  for (const Target& target : targets) residuals.push_back(target.value_D - target.reading.output_D);
  const at::TensorOptions options = targets.front().value_D.options();
  const at::Tensor residual_DN = at::stack(residuals, 1).to(at::kDouble);
  const at::Tensor right_FN = solve(history, index, keys_FN).to(options.device());
  record(index, residual_DN, right_FN, targets);
  const at::Tensor left_DN = residual_DN / static_cast<double>(config_.layers.size() - index);
  return {left_DN.to(options), right_FN.to(options)};
}

void SpreadMethod::record(std::size_t index, const torch::Tensor& residual_DN, const torch::Tensor& right_FN,
                          std::vector<Target>& targets) const {
  std::vector<at::Tensor> bare_keys;
  for (const Target& target : targets) {
    bare_keys.push_back(target.reading.keys_CF.select(0, 0));
  }
  const at::Tensor right_norm_N = right_FN.norm(2, 0);
  const at::Tensor dot_N = (at::stack(bare_keys, 1).to(at::kDouble) * right_FN).sum(0) / right_norm_N;
  const at::Tensor residual_norm_N = residual_DN.norm(2, 0);
  const double num_left = static_cast<double>(config_.layers.size() - index);
  // One copy to the host a layer: each would wait for the device.
  const at::Tensor terms_3N =
      at::stack({dot_N, residual_norm_N, residual_norm_N * right_norm_N / num_left}).to(at::kCPU);
  const std::string suffix = ".layer_" + std::to_string(config_.layers[index]);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto term = [&](std::int64_t row) { return terms_3N[row][static_cast<std::int64_t>(i)].item<double>(); };
    std::map<std::string, double>& diagnostics = targets[i].trace.diagnostics;
    diagnostics["k0_dot_u" + suffix] = term(0);
    diagnostics["residual_norm" + suffix] = term(1);
    diagnostics["delta_norm" + suffix] = term(2);
    diagnostics.try_emplace("residual_norm", term(1));
    double& total = diagnostics["delta_norm"];
    total = std::hypot(total, term(2));
  }
}

EditOutcome SpreadMethod::compute(const model::Network& network, std::span<const data::EditRequest> requests) const {
  return compute_after(begin().get(), network, requests).outcome;
}

Continuation SpreadMethod::compute_after(const History* history, const model::Network& network,
                                         std::span<const data::EditRequest> requests) const {
  if (requests.empty()) throw std::invalid_argument(name_ + " edits at least one request");
  std::vector<Target> targets;
  const auto traces = [&] {
    std::vector<EditTrace> all;
    for (Target& target : targets) all.push_back(std::move(target.trace));
    all.resize(requests.size());
    return all;
  };
  // A failed step changes nothing, and nothing is remembered of it.
  const auto failure = [&](const std::string& reason) -> Continuation {
    EditFailure failed{core::EditStatus::kNonFinite, reason, {}, {}};
    move_traces(failed, traces());
    return {failed};
  };
  for (const data::EditRequest& request : requests) {
    targets.push_back(find_value(network, request));
    if (!targets.back().is_finite) {
      return failure("case " + std::to_string(request.case_id) + ": the optimisation of z left the finite numbers");
    }
  }

  const at::NoGradGuard no_grad;
  model::Network changed = network;
  EditStep step{{}, {}, {}};
  std::vector<at::Tensor> keys;
  for (std::size_t index = 0; index < config_.layers.size(); ++index) {
    const int layer = config_.layers[index];
    for (Target& target : targets) {
      if (index > 0) target.reading = target.walk.ascend(changed, layer, config_.layers.back());
    }
    keys.push_back(keys_of(targets));
    LowRankUpdate update = spread(history, index, keys.back(), targets);
    if (!is_finite(update)) {
      return failure("the factors of layer " + std::to_string(layer) + " are not finite");
    }
    step.updates.push_back({parameters_[index], std::move(update)});
    if (index + 1 < config_.layers.size()) {
      apply_update(changed, step.updates.back());
    }
  }
  move_traces(step, traces());
  return {std::move(step), increment_of(keys)};
}

std::vector<std::string> sample_prefixes(const SpreadConfig& config, const ContextSource& source) {
  std::vector<std::vector<model::TokenId>> seeds;
  for (const std::string& text : config.context_seeds) {
    seeds.push_back(source.tokenizer.encode_prompt(text));
  }
  auto prefixes = sample_prefixes(seeds, config.context_lengths, source.unedited, source.tokenizer, source.seed);
  std::for_each(prefixes.begin(), prefixes.end(), remove_braces);
  return prefixes;
}

}  // namespace lethe::editing
