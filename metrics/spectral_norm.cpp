#include "metrics/spectral_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include <ATen/ATen.h>

#include "core/random_stream.h"

namespace lethe::metrics {
namespace {

constexpr double kTolerance = 1e-6;
/// Of the Frobenius norm: what is left of a direction below it is rounding.
constexpr double kNothing = 1e-14;
/// The small matrix is decomposed after each eighth more steps, which costs next to nothing beside them.
constexpr std::int64_t kShareOfSteps = 8;
constexpr std::uint64_t kSeed = 37;

/// Uniform on the sphere, the same for every matrix with so many columns.
torch::Tensor start_vector(const torch::TensorOptions& options, std::int64_t size) {
  auto start_I = torch::empty({size}, torch::kFloat64);
  core::RandomStream random(kSeed, "spectral norm");
  for (std::int64_t i = 0; i < size; ++i) {
    const double radius = std::sqrt(-2.0 * std::log1p(-random.uniform()));
    start_I.data_ptr<double>()[i] = radius * std::cos(2.0 * std::numbers::pi * random.uniform());
  }
  return (start_I / start_I.norm()).to(options.device());
}

/// Orthonormal vectors, one a row.
class OrthonormalRows {
 public:
  OrthonormalRows(std::int64_t most, std::int64_t size, const torch::TensorOptions& options)
      : rows_KN_(torch::empty({most, size}, options)) {}

  void add(const torch::Tensor& unit_N) { rows_KN_[count_++].copy_(unit_N); }
  [[nodiscard]] torch::Tensor last() const { return rows_KN_[count_ - 1]; }
  /// Takes out of `vector_N` what lies along the rows; twice, since the first time leaves rounding of its own.
  void remove_from(torch::Tensor& vector_N) const {
    if (count_ == 0) return;
    const auto rows_KN = rows_KN_.narrow(0, 0, count_);
    for (int i = 0; i < 2; ++i) vector_N.sub_(at::mv(rows_KN.t(), at::mv(rows_KN, vector_N)));
  }

 private:
  torch::Tensor rows_KN_;
  std::int64_t count_ = 0;
};

/// An upper bidiagonal matrix that grows, on the host.
struct Bidiagonal {
  std::vector<double> diagonal;
  std::vector<double> above;  ///< above[k] stands behind diagonal[k], the last one outside the square

  struct Largest {
    double value = 0.0;
    double residual = 0.0;  ///< some singular value of the large matrix is so near
  };
  [[nodiscard]] Largest largest() const {
    const auto size = static_cast<std::int64_t>(diagonal.size());
    auto square_KK = torch::zeros({size, size}, torch::kFloat64);
    auto entries = square_KK.accessor<double, 2>();
    for (std::int64_t k = 0; k < size; ++k) {
      entries[k][k] = diagonal[static_cast<std::size_t>(k)];
      if (k + 1 < size) entries[k][k + 1] = above[static_cast<std::size_t>(k)];
    }
    const auto [left_KK, values_K, right_KK] = at::linalg_svd(square_KK, /*full_matrices=*/false);
    const double behind = above.size() == diagonal.size() ? above.back() : 0.0;
    return {values_K[0].item<double>(), behind * std::abs(left_KK[size - 1][0].item<double>())};
  }
};

/// The largest singular value of a matrix with no more columns than rows, in fp64, not all zero.
double largest_singular_value(const torch::Tensor& matrix_OI, double frobenius) {
  const auto most = std::min(matrix_OI.size(1) + 1, kMostLanczosSteps);
  OrthonormalRows left_KO(most, matrix_OI.size(0), matrix_OI.options());
  OrthonormalRows right_KI(most, matrix_OI.size(1), matrix_OI.options());
  Bidiagonal small;
  auto right_I = start_vector(matrix_OI.options(), matrix_OI.size(1));
  std::int64_t next_look = 1;
  for (std::int64_t step = 1;; ++step) {
    right_KI.add(right_I);
    auto left_O = at::mv(matrix_OI, right_I);
    left_KO.remove_from(left_O);
    const double diagonal = left_O.norm().item<double>();
    const bool is_exhausted = diagonal <= kNothing * frobenius;
    small.diagonal.push_back(is_exhausted ? 0.0 : diagonal);
    if (is_exhausted || step == most) return small.largest().value;
    left_KO.add(left_O.div_(diagonal));
    right_I = at::mv(matrix_OI.t(), left_KO.last());
    right_KI.remove_from(right_I);
    const double above = right_I.norm().item<double>();
    small.above.push_back(above);
    if (above <= kNothing * frobenius) return small.largest().value;
    right_I.div_(above);
    if (step < next_look) continue;
    next_look = step + 1 + step / kShareOfSteps;
    const auto found = small.largest();
    if (found.residual <= kTolerance * found.value) return found.value;
  }
}

}  // namespace

double spectral_norm(const torch::Tensor& matrix_OI) {
  const torch::NoGradGuard no_grad;
  if (matrix_OI.numel() == 0) return 0.0;
  const auto wide_OI = matrix_OI.to(torch::kFloat64).reshape({matrix_OI.size(0), -1});
  const double frobenius = wide_OI.norm().item<double>();
  if (!std::isfinite(frobenius)) return std::numeric_limits<double>::quiet_NaN();
  if (frobenius == 0.0) return 0.0;
  return largest_singular_value(wide_OI.size(0) < wide_OI.size(1) ? wide_OI.t() : wide_OI, frobenius);
}

}  // namespace lethe::metrics
