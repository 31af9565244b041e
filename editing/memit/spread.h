#pragma once

#include <memory>
#include <string>
#include <vector>

#include "editing/edit_method.h"
#include "editing/memit/memit_config.h"
#include "editing/subject_walk.h"
#include "editing/value_optimization.h"

// Legend: C context rows, N requests of a step, D width, F inner width.

namespace lethe::editing {

/// The key of each request's contexts: half the bare prompt's and half the mean of the others (published code), or the
/// mean of all. [C,F] -> [F].
torch::Tensor weighted_key(const torch::Tensor& keys_CF, KeyWeights weights);

/// What MEMIT (Meng et al. 2023) and its kin do in a step, for all requests given. Each request's value z = h0 + delta
/// is found at the last edited layer's output, for all of them with the weights as they are. Then, layer by layer
/// upwards, with the layers below already changed:
///   W += R_l A^T,  R_l = (Z - H) / (number of edited layers from this one on),
/// H the last edited layer's output now, and A what the method makes of the requests' keys K. R_l and A are rounded to
/// the network's dtype before their product is added, so that they are the operands that are stored.
///
/// A layer's keys do not depend on its own weights or those above, so that keys computed anew after the step (as some
/// published programs do for their history) are these: bit for bit by the same forwards, to rounding by others.
class SpreadMethod : public EditMethod {
 public:
  /// One or more requests; updates have one rank for each. Diagnostics of a request, for every edited layer l:
  /// k0_dot_u.layer_<l> (k0 of the bare prompt, u its column of A to unit length), residual_norm.layer_<l> ||z - h||
  /// and delta_norm.layer_<l> ||its column of R_l|| ||its column of A||; over all layers residual_norm (the first,
  /// which is ||delta||) and delta_norm (root of the sum of squares); of z value_norm ||h0||, value_norm_ratio
  /// ||z|| / ||h0||, num_updates, nll and kl of the last loss. Throws `core::DataError` for a request whose subject
  /// cannot be located.
  [[nodiscard]] EditOutcome compute(const model::Network& network,
                                    std::span<const data::EditRequest> requests) const final;
  [[nodiscard]] Continuation compute_after(const History* history, const model::Network& network,
                                           std::span<const data::EditRequest> requests) const final;
  [[nodiscard]] std::vector<std::string> edited_parameters() const final { return parameters_; }
  [[nodiscard]] bool is_dense() const final { return false; }

 protected:
  /// `name` begins its errors. Throws `core::ConfigError` for layers that are none, out of order or beyond the model's,
  /// `core::DataError` for templates that do not begin with the bare "{}".
  SpreadMethod(std::string name, const SpreadConfig& config, const MethodInputs& inputs);

  [[nodiscard]] const std::vector<int>& layers() const { return config_.layers; }

  /// A of the edited layer with that index, [F,N] fp64, for the keys [F,N].
  [[nodiscard]] virtual torch::Tensor solve(const History* history, std::size_t index,
                                            const torch::Tensor& keys_FN) const = 0;
  /// What the step adds to the history, given each edited layer's keys [F,N].
  [[nodiscard]] virtual Increment increment_of(const std::vector<torch::Tensor>& /*keys_FN*/) const { return {}; }

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
  [[nodiscard]] torch::Tensor keys_of(const std::vector<Target>& targets) const;
  /// The update of the edited layer with that index; its diagnostics go into each target's trace.
  [[nodiscard]] LowRankUpdate spread(const History* history, std::size_t index, const torch::Tensor& keys_FN,
                                     std::vector<Target>& targets) const;
  void record(std::size_t index, const torch::Tensor& residual_DN, const torch::Tensor& right_FN,
              std::vector<Target>& targets) const;

  std::string name_;
  SpreadConfig config_;
  const model::Tokenizer& tokenizer_;
  EditContexts contexts_;
  std::vector<std::string> parameters_;
};

}  // namespace lethe::editing
