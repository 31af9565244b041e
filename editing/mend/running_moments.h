#pragma once

#include <cstdint>

#include <torch/types.h>

// Legend: T rows (tokens), Z coordinates.

namespace lethe::editing {

/// Mean and spread of rows seen so far, per coordinate, in fp64 on the host. A value: `absorbed` gives a new one.
struct RunningMoments {
  std::int64_t count = 0;
  torch::Tensor mean_Z;
  torch::Tensor squares_Z;  ///< sum of squared distances from the mean

  /// Of no rows.
  static RunningMoments none(std::int64_t num_coordinates);
  /// These and further rows, by the pairwise form of Welford's update (Chan, Golub, LeVeque 1979): in exact arithmetic
  /// the result of taking the rows one by one.
  [[nodiscard]] RunningMoments absorbed(const torch::Tensor& rows_TZ) const;
  /// (rows - mean) / (deviation + 1e-7), deviation with n - 1 (published), in fp64, then in the rows' dtype.
  /// Needs at least two rows to have been absorbed.
  [[nodiscard]] torch::Tensor normalized(const torch::Tensor& rows_TZ) const;
};

}  // namespace lethe::editing
