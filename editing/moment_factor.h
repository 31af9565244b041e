#pragma once

#include <memory>

#include <torch/types.h>

#include "editing/edit_method.h"

// Legend: F inner width of the MLP, N keys.

namespace lethe::editing {

/// Lower Cholesky factor of a second moment in fp64, computed once per (model, layer) and shared by all edits
/// (2/3 F^3 of a general inverse in fp32, as published, is both slower and less exact). Immutable. It may be on another
/// device than the network: keys are copied to it, and who asks copies the solution back.
class MomentFactor {
 public:
  /// Factors `moment` on `device`. Throws `core::DataError` if it holds fewer tokens than dimensions, is not
  /// finite, or is not positive definite: each says to collect more tokens. O(F^3).
  MomentFactor(const SecondMoment& moment, int layer, torch::Device device);

  /// C^-1 K, fp64 on the factor's device, for a key [F] or keys [F,n] of any dtype. O(n F^2): two triangular solves,
  /// which read no more memory than one product with an inverse would and lose no digits.
  [[nodiscard]] torch::Tensor solve(const torch::Tensor& keys) const;
  /// MEMIT's (weight C + K K^T)^-1 K for keys [F,n], fp64 on the factor's device, by Sherman-Morrison-Woodbury:
  /// C^-1 K (weight I + K^T C^-1 K)^-1. O(n F^2 + n^2 F). Not finite if the [n,n] matrix cannot be factored.
  [[nodiscard]] torch::Tensor solve_with_keys(const torch::Tensor& keys_FN, double weight) const;
  [[nodiscard]] torch::Device device() const { return lower_FF_.device(); }
  /// L of C = L L^T, aliased: read only.
  [[nodiscard]] const torch::Tensor& lower_FF() const { return lower_FF_; }
  /// Smallest over largest squared pivot: an upper bound of 1/cond(C), for the log.
  [[nodiscard]] double pivot_ratio() const { return pivot_ratio_; }

 private:
  torch::Tensor lower_FF_;
  double pivot_ratio_ = 0.0;
};

/// The factor of a layer: the caller's where it keeps one, else computed. Throws `core::DataError` if the layer's
/// second moments are not among the inputs, or are unusable.
std::shared_ptr<const MomentFactor> moment_factor(const MethodInputs& inputs, int layer);

}  // namespace lethe::editing
