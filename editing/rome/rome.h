#pragma once

#include <memory>

#include "editing/edit_method.h"
#include "editing/moment_factor.h"
#include "editing/rome/rome_config.h"

namespace lethe::editing {

/// A key of an edit: the bare prompt's, or the mean over the contexts.
enum class KeyChoice { kBarePrompt, kContextMean };

/// ROME (Meng et al. 2022): one rank-one update W += right u^T of one MLP projection per request, where
/// u = C^-1 kbar / ||.||, right = (v* - y0) / (k0 . u). After it W k0 + b = v*. The published code takes the mean over
/// the contexts for kbar, and the bare prompt for k0 and y0.
/// r-ROME (Gupta et al. 2024) takes one of the two for all three.
class RomeMethod final : public EditMethod {
 public:
  /// Throws `core::ConfigError` for a layer the model does not have, `core::DataError` for templates that do not
  /// begin with the bare "{}" and for a second moment that is missing (where the config wants one) or unusable.
  RomeMethod(const RomeConfig& config, MethodInputs inputs);
  RomeMethod(const RRomeConfig& config, MethodInputs inputs);

  /// One request. Diagnostics: k0_dot_u, key_cosine (of k0 and kbar), residual_norm ||v* - y0||, delta_norm
  /// ||right|| ||u||, value_norm ||v0||, value_norm_ratio ||v*|| / ||v0||, num_updates, nll and kl of the last
  /// loss. Throws `core::DataError` for a request whose subject cannot be located.
  [[nodiscard]] EditOutcome compute(const model::Network& network,
                                    std::span<const data::EditRequest> requests) const override;
  [[nodiscard]] std::vector<std::string> edited_parameters() const override;
  [[nodiscard]] bool is_dense() const override { return false; }

 private:
  RomeMethod(const RankOneConfig& config, KeyChoice direction_key, KeyChoice residual_key, MethodInputs inputs);

  /// u, unit length, in the keys' dtype; the solve is fp64.
  [[nodiscard]] torch::Tensor key_direction(const torch::Tensor& key_F) const;

  RankOneConfig config_;
  KeyChoice direction_key_;
  KeyChoice residual_key_;
  const model::Tokenizer& tokenizer_;
  EditContexts contexts_;
  std::string parameter_;
  std::shared_ptr<const MomentFactor> factor_;  ///< null without mom2_adjustment
};

}  // namespace lethe::editing
