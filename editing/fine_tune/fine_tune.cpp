#include "editing/fine_tune/fine_tune.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/error.h"
#include "editing/adam.h"
#include "editing/edit_prompts.h"
#include "editing/subject_position.h"

namespace lethe::editing {
namespace {

at::Tensor index_tensor(const std::vector<std::int64_t>& values, torch::Device device) {
  return at::tensor(values, at::TensorOptions().dtype(at::kLong)).to(device);
}

/// A tuned parameter with the values it is measured and bounded against.
struct Tuned {
  std::string name;
  at::Tensor start;
  at::Tensor lower;  ///< undefined without bound
  at::Tensor upper;
  at::Tensor value;  ///< leaf
};

Tuned make_tuned(const FineTuneConfig& config, const model::Network& network, const std::string& name) {
  Tuned tuned{name, network.parameter(name).detach(), {}, {}, {}};
  tuned.value = tuned.start.clone().requires_grad_();
  if (config.linf_bound) {
    const at::Tensor centre =
        config.bound_centre == BoundCentre::kEditStart ? tuned.start : network.base()->tensor(name);
    tuned.lower = centre - *config.linf_bound;
    tuned.upper = centre + *config.linf_bound;
  }
  return tuned;
}

void clamp(std::vector<Tuned>& parameters) {
  const at::NoGradGuard no_grad;
  for (Tuned& tuned : parameters) {
    if (tuned.lower.defined()) {
      tuned.value.copy_(at::minimum(at::maximum(tuned.value, tuned.lower), tuned.upper));
    }
  }
}

struct TuningRun {
  std::vector<float> losses;
  std::int64_t num_updates = 0;
  bool is_finite = true;
};

/// The requests that one optimiser step sees.
struct Chunk {
  FineTuneObjective objective;
  std::size_t num_requests = 0;
};

std::vector<Chunk> make_chunks(const FineTuneConfig& config, const model::Network& network,
                               std::span<const TargetRow> rows) {
  std::vector<Chunk> chunks;
  while (!rows.empty()) {
    const auto count = std::min(rows.size(), static_cast<std::size_t>(config.chunk_size));
    chunks.push_back({FineTuneObjective(network, config.layer, rows.first(count)), count});
    rows = rows.subspan(count);
  }
  return chunks;
}

/// The published loop: the bound holds after every optimiser step, also after one that was skipped for its low loss;
/// the mean loss of all chunks decides whether to go on.
TuningRun tune(const FineTuneConfig& config, const std::vector<Chunk>& chunks, const at::Tensor& fixed_bias_D,
               std::vector<Tuned>& parameters) {
  const c10::AutoGradMode with_grad(true);
  std::vector<at::Tensor> values;
  for (const Tuned& tuned : parameters) {
    values.push_back(tuned.value);
  }
  Adam adam({.learning_rate = config.learning_rate, .weight_decay = config.weight_decay});
  TuningRun run;
  for (int step = 0; step < config.num_steps; ++step) {
    double sum = 0.0;
    std::size_t count = 0;
    for (const Chunk& chunk : chunks) {
      const at::Tensor loss = chunk.objective.loss(values.front(), values.size() > 1 ? values[1] : fixed_bias_D);
      const double value = loss.item<double>();
      sum += value * static_cast<double>(chunk.num_requests);
      count += chunk.num_requests;
      if (!std::isfinite(value)) {
        run.losses.push_back(static_cast<float>(value));
        run.is_finite = false;
        return run;
      }
      if (value >= config.early_stop_loss) {
        adam.step(values, torch::autograd::grad({loss}, values));
        ++run.num_updates;
      }
      clamp(parameters);
    }
    const double mean = sum / static_cast<double>(count);
    run.losses.push_back(static_cast<float>(mean));
    if (mean < config.early_stop_loss) {
      break;
    }
  }
  return run;
}

}  // namespace

TargetRow make_target_row(const FineTuneConfig& config, const data::EditRequest& request,
                          const model::Tokenizer& tokenizer, std::int64_t max_positions) {
  TargetRow row;
  row.ids = tokenizer.encode_prompt(parse_prompt(request.prompt).fill(request.subject));
  row.target_ids = target_tokens(tokenizer, request);
  const auto last = static_cast<std::int64_t>(row.ids.size()) - 1;
  if (config.target_positions == TargetPositions::kLastPromptToken) {
    // Published: the end-of-text token counts as padding wherever it stands.
    std::erase(row.target_ids, tokenizer.end_of_text());
    row.positions.assign(row.target_ids.size(), last);
  } else {
    row.ids.insert(row.ids.end(), row.target_ids.begin(), row.target_ids.end() - 1);
    for (std::size_t index = 0; index < row.target_ids.size(); ++index) {
      row.positions.push_back(last + static_cast<std::int64_t>(index));
    }
  }
  const std::string place = "case " + std::to_string(request.case_id) + ": ";
  if (last < 0 || row.target_ids.empty()) {
    throw core::DataError(place + "the prompt or the target has no token; correct the record");
  }
  if (static_cast<std::int64_t>(row.ids.size()) > max_positions) {
    throw core::DataError(place + std::to_string(row.ids.size()) + " tokens exceed the model's " +
                          std::to_string(max_positions) + " positions; leave the record out");
  }
  return row;
}

FineTuneObjective::FineTuneObjective(const model::Network& network, int layer, std::span<const TargetRow> rows)
    : network_(network), layer_(layer) {
  const at::NoGradGuard no_grad;
  std::array<model::Tap, 1> taps{model::Tap{layer, model::Site::kProjectionInput, {}, {}}};
  model::ForwardOptions options;
  options.last_layer = layer;
  options.taps = taps;
  // With a zero in place of the projection's output the block returns the rest of its sum, exactly.
  options.modified_layer = layer;
  options.modify_projection_output = [](const at::Tensor& output_BTD) { return at::zeros_like(output_BTD); };
  std::vector<std::vector<model::TokenId>> ids;
  for (const TargetRow& row : rows) {
    ids.push_back(row.ids);
  }
  const model::TokenRows padded = model::pad_rows(ids, network.device());
  residual_BTD_ = network.forward_layers(network.embed(padded.ids_BT), options);
  projection_input_BTF_ = taps[0].value;

  std::vector<std::int64_t> positions;
  std::vector<std::int64_t> targets;
  std::vector<double> weights;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::int64_t first = static_cast<std::int64_t>(row) * padded.ids_BT.size(1);
    for (const std::int64_t position : rows[row].positions) {
      positions.push_back(first + position);
    }
    targets.insert(targets.end(), rows[row].target_ids.begin(), rows[row].target_ids.end());
    const std::size_t num_targets = rows[row].target_ids.size();
    weights.insert(weights.end(), num_targets, 1.0 / static_cast<double>(num_targets * rows.size()));
  }
  positions_N_ = index_tensor(positions, network.device());
  targets_N_ = index_tensor(targets, network.device());
  weights_N_ = at::tensor(weights, at::kDouble).to(residual_BTD_.options());
}

torch::Tensor FineTuneObjective::loss(const torch::Tensor& weight_DF, const torch::Tensor& bias_D) const {
  at::Tensor hidden_BTD = residual_BTD_ + at::linear(projection_input_BTF_, weight_DF, bias_D);
  if (layer_ + 1 < network_.architecture().num_layers) {
    model::ForwardOptions options;
    options.first_layer = layer_ + 1;
    hidden_BTD = network_.forward_layers(hidden_BTD, options);
  }
  const at::Tensor log_probs_NV =
      at::log_softmax(network_.logits(hidden_BTD.flatten(0, 1).index_select(0, positions_N_)), 1);
  return log_probs_NV.gather(1, targets_N_.unsqueeze(1)).squeeze(1).mul(weights_N_).sum().neg();
}

FineTuneMethod::FineTuneMethod(const FineTuneConfig& config, const MethodInputs& inputs)
    : config_(config), tokenizer_(inputs.tokenizer) {
  const model::Architecture& architecture = inputs.unedited.architecture();
  if (config.layer < 0 || config.layer >= architecture.num_layers) {
    throw core::ConfigError("fine-tuning: layer " + std::to_string(config.layer) + ": the model has layers 0 to " +
                            std::to_string(architecture.num_layers - 1));
  }
  const model::ParameterNames projection = architecture.down_projection(config.layer);
  weight_name_ = projection.weight;
  bias_name_ = projection.bias;
  const std::string problem = architecture_problem(config, architecture);
  if (!problem.empty()) throw core::ConfigError("fine-tuning: " + problem);
}

std::vector<std::string> FineTuneMethod::edited_parameters() const {
  return config_.tune_bias ? std::vector<std::string>{weight_name_, *bias_name_}
                           : std::vector<std::string>{weight_name_};
}

EditOutcome FineTuneMethod::compute(const model::Network& network, std::span<const data::EditRequest> requests) const {
  if (requests.empty()) {
    throw std::invalid_argument("fine-tuning edits at least one request");
  }
  std::vector<TargetRow> rows;
  for (const data::EditRequest& request : requests) {
    rows.push_back(make_target_row(config_, request, tokenizer_, network.architecture().max_positions));
  }
  const std::vector<Chunk> chunks = make_chunks(config_, network, rows);
  std::vector<Tuned> parameters;
  for (const std::string& name : edited_parameters()) {
    parameters.push_back(make_tuned(config_, network, name));
  }
  const at::Tensor fixed_bias_D = bias_name_ ? network.parameter(*bias_name_) : at::Tensor();
  const TuningRun run = tune(config_, chunks, fixed_bias_D, parameters);

  const at::NoGradGuard no_grad;
  EditStep step{{}, run.losses, {}};
  bool is_finite = run.is_finite;
  for (const Tuned& tuned : parameters) {
    const at::Tensor change = tuned.value.detach() - tuned.start;
    if (tuned.name == weight_name_) {
      step.diagnostics = {{"delta_norm", change.norm().item<double>()},
                          {"delta_max", change.abs().max().item<double>()},
                          {"num_updates", static_cast<double>(run.num_updates)}};
    }
    is_finite = is_finite && at::isfinite(change).all().item<bool>();
    step.updates.push_back({tuned.name, DenseUpdate{tuned.start + change}});
  }
  if (!is_finite) {
    return EditFailure{core::EditStatus::kNonFinite, "fine-tuning left the finite numbers", run.losses,
                       std::move(step.diagnostics)};
  }
  return step;
}

std::unique_ptr<EditMethod> make_method(const FineTuneConfig& config, MethodInputs inputs) {
  return std::make_unique<FineTuneMethod>(config, inputs);
}

std::string architecture_problem(const FineTuneConfig& config, const model::Architecture& architecture) {
  const model::ParameterNames projection = architecture.down_projection(config.layer);
  if (!config.tune_bias || projection.bias) return {};
  return projection.weight + " has no bias beside it; set `tune_bias: false`";
}

void check_request(const FineTuneConfig& config, const data::EditRequest& request, const RequestLimits& limits) {
  static_cast<void>(make_target_row(config, request, limits.tokenizer, limits.architecture.max_positions));
}

}  // namespace lethe::editing
