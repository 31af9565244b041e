#include "editing/condition_number.h"

#include <array>
#include <cstdio>

#include <ATen/ATen.h>

namespace lethe::editing {
namespace {

constexpr int kNumSteps = 30;

/// Norm of what `apply` does to a unit vector, after so many steps of power iteration.
template <typename Apply>
double largest_eigenvalue(const MomentFactor& factor, const Apply& apply) {
  const auto& lower_FF = factor.lower_FF();
  // No eigenvector of a matrix of activations is orthogonal to it, and it is the same everywhere.
  at::Tensor vector_F = at::cos(at::arange(lower_FF.size(0), lower_FF.options()));
  double eigenvalue = 0.0;
  for (int step = 0; step < kNumSteps; ++step) {
    vector_F = apply(vector_F / vector_F.norm());
    eigenvalue = vector_F.norm().item<double>();
  }
  return eigenvalue;
}

}  // namespace

double condition_number(const MomentFactor& factor) {
  const at::NoGradGuard no_grad;
  const auto& lower_FF = factor.lower_FF();
  const auto largest =
      largest_eigenvalue(factor, [&](const at::Tensor& vector_F) { return lower_FF.mv(lower_FF.t().mv(vector_F)); });
  const auto largest_of_inverse =
      largest_eigenvalue(factor, [&](const at::Tensor& vector_F) { return factor.solve(vector_F); });
  return largest * largest_of_inverse;
}

std::string condition_text(double condition_number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1e", condition_number);
  return text.data();
}

}  // namespace lethe::editing
