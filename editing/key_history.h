#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "editing/key_history_cost.h"
#include "editing/moment_factor.h"

// Legend: F inner width of the MLP, M keys since the base, N keys of a step, B keys of a panel.

namespace lethe::editing {

/// The keys that one layer's edits have used so far, and the base B that they stand on: what AlphaEdit (B = L2 I, keys
/// projected into the null space) and MEMIT with the keys of earlier edits (B = lambda C) solve with. With S the sum of
/// k k^T over the history, a step's update is dW = R A^T with
///   A = (B + S + K K^T)^-1 K.
/// For AlphaEdit this is the published X = solve(P (K K^T + S) + L2 I, P K R^T) = A R^T, K in A being P K: X lies in
/// the range of P, where the two systems are one.
///
/// Nothing of size F^2 is solved or kept for it. With B = L L^T, white keys V = L^-1 K (columns of all M keys) and
/// V_n those of the step,
///   A = L^-T (V_n - V T^-T W) (I + V_n^T V_n - W^T W)^-1,   W = T^-1 V^T V_n,   T T^T = I + V^T V,
/// where T grows by the rows [W^T, chol(I + V_n^T V_n - W^T W)] when the keys stay. A step costs O(F M + M^2) for each
/// key (key_history_cost.h). From `max_open_keys(F)` keys on they are folded into the base, L <- L chol(I + V V^T), and
/// the history is empty again: the same A to rounding, with O(F^2) a key more.
///
/// Everything in fp64 on one device. The bits of all results follow from the base and the sequence of appended blocks;
/// `solve` changes nothing, so a history appended again block by block goes on as the first one would have.
class KeyHistory {
 public:
  /// B = weight I.
  static KeyHistory over_identity(std::int64_t width, double weight, torch::Device device);
  /// B = weight C, on the factor's device; shares its memory. The keys may be elsewhere: they are copied to it.
  static KeyHistory over_moment(const MomentFactor& factor, double weight);

  KeyHistory(KeyHistory&&) noexcept = default;
  KeyHistory& operator=(KeyHistory&&) noexcept = default;
  KeyHistory(const KeyHistory&) = delete;  // its panels are written in place
  KeyHistory& operator=(const KeyHistory&) = delete;
  ~KeyHistory() = default;

  /// A for a step's keys [F,N] of any dtype: [F,N] fp64 on the history's device. NaN throughout if the keys are not
  /// finite, if the [N,N] matrix cannot be factored or if `is_failed()`.
  [[nodiscard]] torch::Tensor solve(const torch::Tensor& keys_FN) const;
  /// The keys [F,N] of a step as they are after it: part of S from now on. Keys that are not finite, or that cannot be
  /// factored, leave a history that `is_failed()`.
  void append(const torch::Tensor& keys_FN);

  /// True once the history can give nothing but NaN.
  [[nodiscard]] bool is_failed() const { return is_failed_; }
  /// Keys appended, and how many of them stand in the base.
  [[nodiscard]] std::int64_t num_keys() const { return num_folded_ + num_open_; }
  [[nodiscard]] std::int64_t num_folded_keys() const { return num_folded_; }
  [[nodiscard]] std::int64_t width() const { return width_; }
  [[nodiscard]] torch::Device device() const { return device_; }
  /// Bytes held now, without a factor shared with others; `key_history_bytes` foretells it.
  [[nodiscard]] std::int64_t num_bytes() const;

 private:
  /// Up to `kPanelKeys` keys of the history, with room for as many.
  struct Panel {
    torch::Tensor white_BF;  ///< rows of V^T
    torch::Tensor left_BM;   ///< their rows of T, up to the panel's first key
    torch::Tensor lower_BB;  ///< and from there on
    std::int64_t first = 0;  ///< keys before the panel
    std::int64_t count = 0;
  };
  /// B = L L^T, L = scale lower_FF; of the identity where `lower_FF` is undefined.
  struct Base {
    double scale = 1.0;
    torch::Tensor lower_FF;
  };

  KeyHistory(std::int64_t width, torch::Device device, Base base);
  [[nodiscard]] torch::Tensor whitened(const torch::Tensor& keys_FN) const;     ///< L^-1 K
  [[nodiscard]] torch::Tensor from_white(const torch::Tensor& white_FN) const;  ///< L^-T V
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& white_FN) const;     ///< T^-1 V^T white
  [[nodiscard]] torch::Tensor backward(const torch::Tensor& solved_MN) const;   ///< T^-T solved
  void append_to_panel(const torch::Tensor& white_FN);
  void fold();

  std::int64_t width_;
  torch::Device device_;
  Base base_;
  std::vector<Panel> panels_;
  std::int64_t num_open_ = 0;  ///< M
  std::int64_t num_folded_ = 0;
  bool is_failed_ = false;
};

}  // namespace lethe::editing
