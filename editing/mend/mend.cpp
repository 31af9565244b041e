#include "editing/mend/mend.h"

#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/random_stream.h"
#include "editing/mend/normal_matrix.h"

namespace lethe::editing {
namespace {

/// ||sum_i u_i d_i^T||_F^2 without the product: the Gram matrices of both factors, entry by entry.
double squared_norm(const LowRankUpdate& update) {
  const at::Tensor left = update.left_OR.to(at::kDouble);
  const at::Tensor right = update.right_IR.to(at::kDouble);
  return (at::matmul(left.t(), left) * at::matmul(right.t(), right)).sum().item<double>();
}

std::string state_name(std::size_t network, const char* part) { return std::to_string(network) + "." + part; }

/// Its running statistics.
struct MendHistory final : History {
  EditorStatistics statistics;
};

std::map<std::string, at::Tensor> stored_form(const EditorStatistics& statistics) {
  std::map<std::string, at::Tensor> state;
  for (std::size_t i = 0; i < statistics.size(); ++i) {
    state[state_name(i, "mean")] = statistics[i].mean_Z;
    state[state_name(i, "squares")] = statistics[i].squares_Z;
    state[state_name(i, "count")] = at::full({1}, static_cast<double>(statistics[i].count), at::kDouble);
  }
  return state;
}

/// N(0, 0.02): how the published models' rows are initialised.
at::Tensor drawn_row(std::int64_t width, std::uint64_t seed, std::uint64_t index) {
  constexpr double kInitializerRange = 0.02;
  return normal_matrix(1, width, core::RandomStream(seed, "mend pad class", index)) * kInitializerRange;
}

at::Tensor with_row(const at::Tensor& rows_VD, const at::Tensor& row_1D) {
  return at::cat({rows_VD, row_1D.to(rows_VD.options())});
}

}  // namespace

EditorOutput run_editor(const MendEditor& editor, std::span<const InnerFactors> factors, EditorStatistics statistics,
                        bool absorb, LearningRateOrder order) {
  const bool is_normalized = editor.form.normalization == InputNormalization::kRunning;
  const double sign = editor.form.sign == UpdateSign::kPlus ? 1.0 : -1.0;
  EditorOutput output;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const InnerParameter& parameter = editor.parameters[i];
    const EditorNetwork& network = editor.networks[parameter.network];
    RunningMoments& moments = statistics[parameter.network];
    const at::Tensor rows_KZ = at::cat({factors[i].inputs_KI, factors[i].gradients_KO}, 1);
    if (absorb) moments = moments.absorbed(rows_KZ);
    if (is_normalized && moments.count < 2) {
      output.has_enough_rows = false;
      continue;
    }
    const at::Tensor z_KZ = network.transform(is_normalized ? moments.normalized(rows_KZ) : rows_KZ, parameter.mode);
    const std::size_t rate = order == LearningRateOrder::kCode ? parameter.rate_as_read : i;
    const at::Tensor rate_0 = editor.rates_P.select(0, static_cast<std::int64_t>(rate)) * sign;
    output.updates.push_back(
        {z_KZ.narrow(1, 0, network.num_inputs), z_KZ.narrow(1, network.num_inputs, network.num_outputs) * rate_0});
  }
  output.statistics = std::move(statistics);
  if (!output.has_enough_rows) output.updates.clear();
  return output;
}

MendMethod::MendMethod(MendConfig config, const MethodInputs& inputs)
    : config_(std::move(config)), tokenizer_(inputs.tokenizer) {
  // Refuses layers that are not there before asking for an editor.
  static_cast<void>(inner_parameters(config_.layers, inputs.unedited.architecture()));
  if (!inputs.artifacts.contains(kEditorKind)) {
    throw core::DataError("mend needs a trained editor: name one (`editor:`) or run `lethe train-mend`");
  }
  editor_ = artifact_of<MendEditor>(inputs, kEditorKind);
}

std::unique_ptr<History> MendMethod::begin() const {
  auto history = std::make_unique<MendHistory>();
  for (const EditorNetwork& network : editor_->networks) {
    history->statistics.push_back(config_.running_statistics == RunningStatistics::kLoaded
                                      ? network.moments
                                      : RunningMoments::none(network.num_inputs + network.num_outputs));
  }
  return history;
}

EditorStatistics MendMethod::statistics_of(const std::map<std::string, torch::Tensor>& stored) const {
  EditorStatistics statistics;
  for (std::size_t i = 0; i < editor_->networks.size(); ++i) {
    const EditorNetwork& network = editor_->networks[i];
    const auto get = [&](const char* part, std::int64_t size) -> const at::Tensor& {
      const auto found = stored.find(state_name(i, part));
      if (found != stored.end() && found->second.numel() == size) return found->second;
      throw core::DataError("mend: the stored running statistics lack \"" + state_name(i, part) + "\" of " +
                            std::to_string(size) + " numbers; the segment belongs to another editor");
    };
    const std::int64_t width = network.num_inputs + network.num_outputs;
    statistics.push_back(
        {static_cast<std::int64_t>(get("count", 1).item<double>()), get("mean", width), get("squares", width)});
  }
  return statistics;
}

void MendMethod::fold(History& history, const Increment& increment) const {
  if (config_.running_statistics == RunningStatistics::kLoaded || increment.latest.empty()) return;
  dynamic_cast<MendHistory&>(history).statistics = statistics_of(increment.latest);
}

EditOutcome MendMethod::compute(const model::Network& network, std::span<const data::EditRequest> requests) const {
  return compute_after(begin().get(), network, requests).outcome;
}

Continuation MendMethod::compute_after(const History* history, const model::Network& network,
                                       std::span<const data::EditRequest> requests) const {
  std::vector<LabelledRow> rows;
  for (const auto& request : requests) {
    rows.push_back(labelled_row(request, tokenizer_, network.architecture().max_positions));
  }
  const InnerGradients gradients = inner_gradients(network, editor_->parameters, rows);
  const at::NoGradGuard no_grad;
  const auto& before = dynamic_cast<const MendHistory&>(*history).statistics;
  const bool has_state = config_.running_statistics == RunningStatistics::kReset;
  const auto increment_of = [&](const EditorStatistics& after) -> Increment {
    return {{}, has_state ? stored_form(after) : std::map<std::string, at::Tensor>{}};
  };
  const auto loss = static_cast<float>(gradients.loss);
  const auto failed = [&](core::EditStatus status, const char* reason, Increment next) -> Continuation {
    return {EditFailure{status, reason, {loss}, {}}, std::move(next)};
  };
  for (const InnerFactors& factors : gradients.factors) {
    if (!std::isfinite(gradients.loss) || !at::isfinite(factors.inputs_KI).all().item<bool>() ||
        !at::isfinite(factors.gradients_KO).all().item<bool>()) {
      return failed(core::EditStatus::kNonFinite, "the gradient left the finite numbers", increment_of(before));
    }
  }
  EditorOutput output = run_editor(*editor_, gradients.factors, before, has_state, config_.learning_rate_order);
  Increment next = increment_of(output.statistics);
  if (!output.has_enough_rows) {
    return failed(core::EditStatus::kIllConditioned, "too few rows for a deviation", std::move(next));
  }
  EditStep step{{}, {loss}, {}};
  double squares = 0.0;
  for (std::size_t i = 0; i < output.updates.size(); ++i) {
    const TrialUpdate& update = output.updates[i];
    // An edit whose gradient vanishes everywhere changes nothing: factors of rank 0 are not stored.
    if (update.inputs_KI.size(0) == 0) continue;
    LowRankUpdate factors{(update.outputs_KO.t() * config_.lr_scale).contiguous(), update.inputs_KI.t().contiguous()};
    squares += squared_norm(factors);
    step.updates.push_back({editor_->parameters[i].name, std::move(factors)});
  }
  step.diagnostics = {{"delta_norm", std::sqrt(squares)},
                      {"num_rows", static_cast<double>(gradients.factors.front().inputs_KI.size(0))}};
  if (!std::isfinite(squares))
    return failed(core::EditStatus::kNonFinite, "the update is not finite", increment_of(before));
  return {std::move(step), std::move(next)};
}

std::vector<std::string> MendMethod::edited_parameters() const {
  std::vector<std::string> names;
  for (const InnerParameter& parameter : editor_->parameters) names.push_back(parameter.name);
  return names;
}

model::Network with_pad_class(const model::Network& unedited, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  const model::Weights& base = *unedited.base();
  auto tensors = base.all_held();
  model::Architecture architecture = unedited.architecture();
  const std::string name = architecture.embedding().weight;
  const at::Tensor embedding = base.tensor(name);
  // The row is made of the mean that its own start has taken part in.
  const at::Tensor widened = with_row(embedding, drawn_row(architecture.width, seed, 0));
  tensors.at(name) = with_row(embedding, widened.mean(0, true));
  if (!architecture.has_tied_head()) {
    const model::ParameterNames head = architecture.head();
    tensors.at(head.weight) = with_row(base.tensor(head.weight), drawn_row(architecture.width, seed, 1));
    if (head.bias) {
      at::Tensor& bias = tensors.at(*head.bias);
      bias = at::cat({bias, at::zeros({1}, bias.options())});
    }
  }
  ++architecture.vocab_size;
  return model::Network(std::make_shared<const model::Weights>(architecture, std::move(tensors)));
}

std::unique_ptr<EditMethod> make_method(const MendConfig& config, MethodInputs inputs) {
  return std::make_unique<MendMethod>(config, inputs);
}

void check_request(const MendConfig& /*config*/, const data::EditRequest& request, const RequestLimits& limits) {
  static_cast<void>(labelled_row(request, limits.tokenizer, limits.architecture.max_positions));
}

bool changes_vocabulary(const MendConfig& config) { return config.pad_class; }

model::Network starting_network(const MendConfig& config, const model::Network& unedited, std::uint64_t seed) {
  return config.pad_class ? with_pad_class(unedited, seed) : unedited;
}

}  // namespace lethe::editing
