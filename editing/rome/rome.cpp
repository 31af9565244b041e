#include "editing/rome/rome.h"

#include <stdexcept>

#include <ATen/ATen.h>

#include "core/error.h"
#include "editing/contexts.h"
#include "editing/edit_prompts.h"
#include "editing/value_forward.h"
#include "editing/value_optimization.h"

namespace lethe::editing {
namespace {

std::shared_ptr<const MomentFactor> factor_of(const RankOneConfig& config, const MethodInputs& inputs) {
  if (!config.mom2_adjustment) {
    return nullptr;
  }
  return moment_factor(inputs, config.layer);
}

struct Residual {
  at::Tensor key_F;     ///< k0
  at::Tensor output_D;  ///< y0
};

KeyChoice residual_key_of(const RomeConfig& config) {
  return config.residual_key == ResidualKey::kContextMean ? KeyChoice::kContextMean : KeyChoice::kBarePrompt;
}

KeyChoice key_of(const RRomeConfig& config) {
  return config.form == RRomeForm::kRandomPrefix ? KeyChoice::kContextMean : KeyChoice::kBarePrompt;
}

/// The chosen one of vectors read in every context.
at::Tensor chosen(KeyChoice choice, const at::Tensor& vectors_CN) {
  return choice == KeyChoice::kContextMean ? vectors_CN.mean(0) : vectors_CN.select(0, 0);
}

/// The rank-one update and the vectors it came from.
struct RankOne {
  at::Tensor key_F;        ///< kbar
  at::Tensor direction_F;  ///< u
  Residual residual;
  at::Tensor change_D;  ///< v* - y0
  at::Tensor key_dot_u;
  at::Tensor right_D;

  [[nodiscard]] bool is_finite() const {
    return at::isfinite(right_D).all().item<bool>() && at::isfinite(direction_F).all().item<bool>();
  }
};

std::map<std::string, double> diagnostics_of(const RankOne& update, const OptimizedValue& value,
                                             const at::Tensor& initial_value_D) {
  const auto norm = [](const at::Tensor& vector) { return vector.norm().item<double>(); };
  const at::Tensor& key_F = update.residual.key_F;
  const double value_norm = norm(initial_value_D);
  return {
      {"k0_dot_u", update.key_dot_u.item<double>()},
      {"key_cosine", at::dot(key_F, update.key_F).item<double>() / (norm(key_F) * norm(update.key_F))},
      {"residual_norm", norm(update.change_D)},
      {"delta_norm", norm(update.right_D) * norm(update.direction_F)},
      {"value_norm", value_norm},
      {"value_norm_ratio", norm(value.value_D) / value_norm},
      {"num_updates", static_cast<double>(value.num_updates)},
      {"nll", value.nll},
      {"kl", value.kl},
  };
}

}  // namespace

RomeMethod::RomeMethod(const RomeConfig& config, MethodInputs inputs)
    : RomeMethod(config, KeyChoice::kContextMean, residual_key_of(config), std::move(inputs)) {}

RomeMethod::RomeMethod(const RRomeConfig& config, MethodInputs inputs)
    : RomeMethod(config, key_of(config), key_of(config), std::move(inputs)) {}

RomeMethod::RomeMethod(const RankOneConfig& config, KeyChoice direction_key, KeyChoice residual_key,
                       MethodInputs inputs)
    : config_(config),
      direction_key_(direction_key),
      residual_key_(residual_key),
      tokenizer_(inputs.tokenizer),
      contexts_(std::move(inputs.contexts)) {
  const model::Architecture& architecture = inputs.unedited.architecture();
  if (config.layer < 0 || config.layer >= architecture.num_layers) {
    throw core::ConfigError("ROME: layer " + std::to_string(config.layer) + ": the model has layers 0 to " +
                            std::to_string(architecture.num_layers - 1));
  }
  if (contexts_.templates.empty() || contexts_.templates.front() != "{}") {
    throw core::DataError("ROME: the first context template must be the bare \"{}\"");
  }
  parameter_ = architecture.down_projection(config.layer).weight;
  factor_ = factor_of(config, inputs);
}

std::vector<std::string> RomeMethod::edited_parameters() const { return {parameter_}; }

torch::Tensor RomeMethod::key_direction(const torch::Tensor& key_F) const {
  const at::Tensor direction_F = factor_ ? factor_->solve(key_F) : key_F.to(at::kDouble);
  return direction_F.div(direction_F.norm()).to(key_F.options());
}

EditOutcome RomeMethod::compute(const model::Network& network, std::span<const data::EditRequest> requests) const {
  if (requests.size() != 1) {
    throw std::invalid_argument("ROME edits one request at a time");
  }
  const EditPrompts prompts =
      make_edit_prompts(config_, contexts_, requests.front(), tokenizer_, network.architecture().max_positions);
  const std::unique_ptr<ValueForward> forward = suffix_forward(network, prompts, config_.layer);
  const OptimizedValue value = optimize_value(network, config_, prompts, *forward);

  const at::NoGradGuard no_grad;
  const SubjectStates& states = forward->subject_states();
  RankOne update;
  update.key_F = chosen(direction_key_, states.keys_CF);
  update.direction_F = key_direction(update.key_F);
  update.residual = {chosen(residual_key_, states.keys_CF), chosen(residual_key_, states.outputs_CD)};
  update.change_D = value.value_D - update.residual.output_D;
  update.key_dot_u = at::dot(update.residual.key_F, update.direction_F);
  update.right_D = update.change_D / update.key_dot_u;

  std::map<std::string, double> diagnostics = diagnostics_of(update, value, forward->initial_value());
  if (!value.is_finite) {
    return EditFailure{core::EditStatus::kNonFinite, "the optimisation of v* left the finite numbers", value.losses,
                       std::move(diagnostics)};
  }
  if (!update.is_finite()) {
    return EditFailure{core::EditStatus::kNonFinite, "the update's factors are not finite", value.losses,
                       std::move(diagnostics)};
  }
  EditStep step{{}, value.losses, std::move(diagnostics)};
  step.updates.push_back({parameter_, LowRankUpdate{update.right_D.unsqueeze(1), update.direction_F.unsqueeze(1)}});
  return step;
}

std::unique_ptr<EditMethod> make_method(const RomeConfig& config, MethodInputs inputs) {
  return std::make_unique<RomeMethod>(config, std::move(inputs));
}

std::unique_ptr<EditMethod> make_method(const RRomeConfig& config, MethodInputs inputs) {
  return std::make_unique<RomeMethod>(config, std::move(inputs));
}

std::vector<std::string> sample_prefixes(const RankOneConfig& config, const ContextSource& source) {
  return sample_prefixes({{source.tokenizer.start_of_text()}}, config.context_lengths, source.unedited,
                         source.tokenizer, source.seed);
}

}  // namespace lethe::editing
