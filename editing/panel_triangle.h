#pragma once

#include <cstdint>

#include <torch/types.h>

// Legend: N tokens, F inner width of the MLP.

namespace lethe::editing {

/// Sum of K^T K in fp64, K [N,F]: the lower triangle of a symmetric [F,F] matrix in panels. Panel p holds rows
/// [256 p, 256 (p + 1)) up to the column of its last row, row-major; panels lie one after the other in one flat tensor
/// of `num_values(F)` elements, a little over half of F^2 (GPT-J: 1.02 GiB instead of 2).
class PanelTriangle {
 public:
  static constexpr std::int64_t kPanelRows = 256;

  /// Zero, on `device`.
  PanelTriangle(std::int64_t width, torch::Device device);
  /// Takes `values` as they are (aliased); throws `core::DataError` if they are not `num_values(width)` doubles.
  PanelTriangle(std::int64_t width, torch::Tensor values);

  /// += K^T K, only the panels computed: the product of each panel in K's precision, the running sum in fp64.
  void add_product(const torch::Tensor& keys_NF);
  /// += other, element by element. Throws `core::DataError` for another width.
  void add(const PanelTriangle& other);

  [[nodiscard]] std::int64_t width() const { return width_; }
  /// The flat tensor, aliased.
  [[nodiscard]] const torch::Tensor& values() const { return values_; }
  /// The full matrix times `factor`, [F,F] fp64 on the CPU: the lower triangle mirrored, so exactly symmetric.
  [[nodiscard]] torch::Tensor symmetric(double factor) const;

  static std::int64_t num_values(std::int64_t width);

 private:
  std::int64_t width_;
  torch::Tensor values_;
};

}  // namespace lethe::editing
