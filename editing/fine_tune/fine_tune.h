#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "editing/edit_method.h"
#include "editing/fine_tune/fine_tune_config.h"

// Legend: B rows, T tokens of a prompt, N target tokens of all rows, D width, F inner width.

namespace lethe::editing {

/// A prompt's tokens and what is predicted from where: `positions[j]` predicts `target_ids[j]`.
struct TargetRow {
  std::vector<model::TokenId> ids;  ///< the prompt; teacher-forced, also the target but for its last token
  std::vector<std::int64_t> positions;
  std::vector<model::TokenId> target_ids;
};

/// Throws `core::DataError` naming the case for a prompt or target without tokens, or too many of them.
TargetRow make_target_row(const FineTuneConfig& config, const data::EditRequest& request,
                          const model::Tokenizer& tokenizer, std::int64_t max_positions);

/// What fine-tuning one projection needs of prompts, computed once per step: weights above and below stay as they
/// are, so the projection's input and the residual stream beside it are constants of all steps.
class FineTuneObjective {
 public:
  /// `network` must outlive the object.
  FineTuneObjective(const model::Network& network, int layer, std::span<const TargetRow> rows);

  /// Mean over rows of -mean_j log p(target_j) with this projection, a scalar differentiable in both.
  [[nodiscard]] torch::Tensor loss(const torch::Tensor& weight_DF, const torch::Tensor& bias_D) const;

 private:
  const model::Network& network_;
  int layer_;
  torch::Tensor projection_input_BTF_;
  torch::Tensor residual_BTD_;  ///< the block's output less the projection's
  torch::Tensor positions_N_;   ///< in rows laid end to end
  torch::Tensor targets_N_;
  torch::Tensor weights_N_;  ///< a target's share of the mean
};

/// Fine-tuning of one MLP projection by Adam: FT-C where `linf_bound` is set, unconstrained FT where not.
/// Weight and bias (`tune_bias`) move; each stays within the bound of its value at `bound_centre`.
class FineTuneMethod final : public EditMethod {
 public:
  /// Throws `core::ConfigError` for a layer the model does not have.
  FineTuneMethod(const FineTuneConfig& config, const MethodInputs& inputs);

  /// One request, or several that are tuned together: `chunk_size` of them an optimiser step. Diagnostics of the step:
  /// delta_norm and delta_max (Frobenius and largest change of the weight), num_updates. Updates hold the final values:
  /// start + (tuned - start), rounded as the published code adds them.
  [[nodiscard]] EditOutcome compute(const model::Network& network,
                                    std::span<const data::EditRequest> requests) const override;
  [[nodiscard]] std::vector<std::string> edited_parameters() const override;
  [[nodiscard]] bool is_dense() const override { return true; }

 private:
  FineTuneConfig config_;
  const model::Tokenizer& tokenizer_;
  std::string weight_name_;
  std::string bias_name_;
};

}  // namespace lethe::editing
