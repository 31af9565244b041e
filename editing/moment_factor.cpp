#include "editing/moment_factor.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace lethe::editing {
namespace {

constexpr const char* kRemedy = "; collect second moments over more tokens (a larger corpus, or a larger max_tokens)";

void check(const SecondMoment& moment, const std::string& name) {
  const at::Tensor& matrix = moment.moment_FF;
  if (!matrix.defined() || matrix.dim() != 2 || matrix.size(0) != matrix.size(1)) {
    throw core::DataError(name + ": expected a square matrix; compute the second moments again");
  }
  if (moment.count < matrix.size(0)) {
    throw core::DataError(name + ": summed over " + std::to_string(moment.count) + " tokens, fewer than its " +
                          std::to_string(matrix.size(0)) + " dimensions, so it cannot be inverted" + kRemedy);
  }
  if (!at::isfinite(matrix).all().item<bool>()) {
    throw core::DataError(name + ": holds values that are not finite; check the model's weights and compute it again");
  }
}

}  // namespace

MomentFactor::MomentFactor(const SecondMoment& moment, int layer, torch::Device device) {
  const at::NoGradGuard no_grad;
  const std::string name = "second moment of layer " + std::to_string(layer);
  check(moment, name);
  at::Tensor info;
  std::tie(lower_FF_, info) = at::linalg_cholesky_ex(moment.moment_FF.to(device, torch::kFloat64));
  if (const auto failed = info.item<std::int64_t>(); failed != 0) {
    throw core::DataError(name + ": not positive definite (leading minor " + std::to_string(failed) + " of " +
                          std::to_string(moment.moment_FF.size(0)) + ", over " + std::to_string(moment.count) +
                          " tokens)" + kRemedy);
  }
  const at::Tensor pivots = lower_FF_.diagonal().square();
  pivot_ratio_ = pivots.min().item<double>() / pivots.max().item<double>();
}

torch::Tensor MomentFactor::solve(const torch::Tensor& key_F) const {
  const at::NoGradGuard no_grad;
  const at::Tensor right_F1 = key_F.detach().to(lower_FF_.device(), torch::kFloat64).unsqueeze(1);
  return at::cholesky_solve(right_F1, lower_FF_).squeeze(1);
}

}  // namespace lethe::editing
