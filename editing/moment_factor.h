#pragma once

#include <torch/types.h>

#include "editing/edit_method.h"

// Legend: F inner width of the MLP.

namespace lethe::editing {

/// Lower Cholesky factor of a second moment in fp64, computed once per (model, layer) and shared by all edits
/// (2/3 F^3 of a general inverse in fp32, as published, is both slower and less exact). Immutable.
class MomentFactor {
 public:
  /// Factors `moment` on `device`. Throws `core::DataError` if it holds fewer tokens than dimensions, is not
  /// finite, or is not positive definite: each says to collect more tokens. O(F^3).
  MomentFactor(const SecondMoment& moment, int layer, torch::Device device);

  /// C^-1 k, fp64 on the factor's device, for a key of any dtype. O(F^2).
  [[nodiscard]] torch::Tensor solve(const torch::Tensor& key_F) const;
  /// Smallest over largest squared pivot: an upper bound of 1/cond(C), for the log.
  [[nodiscard]] double pivot_ratio() const { return pivot_ratio_; }

 private:
  torch::Tensor lower_FF_;
  double pivot_ratio_ = 0.0;
};

}  // namespace lethe::editing
