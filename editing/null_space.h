#pragma once

#include <cstdint>

#include <torch/types.h>

#include "editing/edit_method.h"

// Legend: F inner width of the MLP, N keys, Q columns of the basis that is kept.

namespace lethe::editing {

/// Where a threshold cut the eigenvalues of a second moment.
struct NullSpaceSpectrum {
  double threshold = 0.0;
  double smallest = 0.0;
  double largest = 0.0;
  double below = 0.0;  ///< the largest eigenvalue under the threshold; NaN if there is none
  double above = 0.0;  ///< the smallest that is not; NaN if there is none
};

/// A null space as it is stored. Of the two orthonormal bases, the null space's U0 and its complement's U1, the one
/// with fewer columns: P = U0 U0^T = I - U1 U1^T.
struct NullSpaceBasis {
  torch::Tensor basis_FQ;  ///< fp64; [F,0] where P = I
  bool is_complement = false;
  NullSpaceSpectrum spectrum;
};

/// The projector P onto the directions in which a layer's keys hardly ever lie (AlphaEdit, Fang et al. 2025): the
/// eigenvectors of C = E[k k^T], as it is and not scaled by lambda, with eigenvalues below `nullspace_threshold`. For a
/// symmetric positive semidefinite C these are the published code's singular vectors. Immutable.
class NullSpace {
 public:
  /// Decomposes the moment on `device` in fp64, O(F^3) and about 4 F^2 doubles. Throws `core::DataError`, naming the
  /// layer and what to do, if it holds fewer tokens than dimensions (directions that no token reached would pass for
  /// protected ones), is not square, finite and positive semidefinite, or if no eigenvalue is below the threshold.
  NullSpace(const SecondMoment& moment, int layer, double threshold, torch::Device device);
  /// A stored one, copied to `device` unless it is there. Throws `core::DataError` for a basis that is no [F,Q] matrix
  /// of finite doubles with Q <= F / 2, or whose rank is 0.
  NullSpace(NullSpaceBasis stored, int layer, torch::Device device);

  /// P K for keys [F,N] of any dtype: [F,N] fp64 on the projector's device. O(N F Q).
  [[nodiscard]] torch::Tensor apply(const torch::Tensor& keys_FN) const;

  /// Dimensions of the null space, 1 to F.
  [[nodiscard]] std::int64_t rank() const { return is_complement() ? width() - num_columns() : num_columns(); }
  /// True if P = I: every direction may be edited, nothing is protected. The caller says so as loudly as of a rank of
  /// 0.
  [[nodiscard]] bool is_full() const { return rank() == width(); }
  [[nodiscard]] std::int64_t width() const { return stored_.basis_FQ.size(0); }
  [[nodiscard]] const NullSpaceSpectrum& spectrum() const { return stored_.spectrum; }
  /// What to store, aliased.
  [[nodiscard]] const NullSpaceBasis& basis() const { return stored_; }
  [[nodiscard]] torch::Device device() const { return stored_.basis_FQ.device(); }

 private:
  [[nodiscard]] bool is_complement() const { return stored_.is_complement; }
  [[nodiscard]] std::int64_t num_columns() const { return stored_.basis_FQ.size(1); }

  NullSpaceBasis stored_;
};

}  // namespace lethe::editing
