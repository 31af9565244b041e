#pragma once

#include <memory>
#include <vector>

#include "editing/edit_method.h"
#include "editing/memit/memit_config.h"
#include "editing/moment_factor.h"
#include "editing/subject_walk.h"
#include "editing/value_optimization.h"

// Legend: C context rows, N requests of a step, D width, F inner width.

namespace lethe::editing {

/// The key of each request's contexts: half the bare prompt's and half the mean of the others (published code), or the
/// mean of all. [C,F] -> [F].
torch::Tensor weighted_key(const torch::Tensor& keys_CF, KeyWeights weights);

/// MEMIT (Meng et al. 2023), one step for all requests given. Each request's value z = h0 + delta is found at the last
/// edited layer's output, for all of them with the weights as they are. Then, layer by layer upwards, with the layers
/// below already changed:
///   W += R_l A^T,  A = (lambda C + K K^T)^-1 K,  R_l = (Z - H) / (number of edited layers from this one on),
/// K the requests' keys, H the last edited layer's output now. Solved in fp64; R_l and A are rounded to the network's
/// dtype before their product is added, so that they are the operands that are stored (design C1).
class MemitMethod final : public EditMethod {
 public:
  /// Throws `core::ConfigError` for layers that are none, out of order or beyond the model's, `core::DataError` for
  /// templates that do not begin with the bare "{}" and for second moments that are missing or unusable.
  MemitMethod(const MemitConfig& config, MethodInputs inputs);

  /// One or more requests; updates have one rank for each. Diagnostics of a request, for every edited layer l:
  /// k0_dot_u.layer_<l> (k0 of the bare prompt, u its column of A to unit length), residual_norm.layer_<l> ||z - h||
  /// and delta_norm.layer_<l> ||its column of R_l|| ||its column of A||; over all layers residual_norm (the first,
  /// which is ||delta||) and delta_norm (root of the sum of squares); of z value_norm ||h0||, value_norm_ratio
  /// ||z|| / ||h0||, num_updates, nll and kl of the last loss. Throws `core::DataError` for a request whose subject
  /// cannot be located.
  [[nodiscard]] EditOutcome compute(const model::Network& network,
                                    std::span<const data::EditRequest> requests) const override;
  [[nodiscard]] std::vector<std::string> edited_parameters() const override { return parameters_; }
  [[nodiscard]] bool is_dense() const override { return false; }

 private:
  /// A request between the search for its value and the spread over the layers.
  struct Target {
    torch::Tensor value_D;  ///< z
    SubjectWalk walk;
    SubjectReading reading;  ///< at the layer whose turn it is
    bool is_finite = true;
    EditTrace trace;
  };
  [[nodiscard]] Target find_value(const model::Network& network, const data::EditRequest& request) const;
  /// The update of the edited layer with that index; its diagnostics go into each target's trace.
  [[nodiscard]] LowRankUpdate spread(std::size_t index, std::vector<Target>& targets) const;
  void record(std::size_t index, const torch::Tensor& residual_DN, const torch::Tensor& right_FN,
              std::vector<Target>& targets) const;

  MemitConfig config_;
  const model::Tokenizer& tokenizer_;
  EditContexts contexts_;
  std::vector<std::string> parameters_;
  std::vector<std::shared_ptr<const MomentFactor>> factors_;  ///< by index of the edited layer
};

}  // namespace lethe::editing
