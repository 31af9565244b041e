#include "editing/moment_factor.h"

#include <limits>

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

/// (L L^T)^-1 B. `cholesky_solve` does the same arithmetic, but on a copy of L: 2 GiB of GPT-J's for every key.
at::Tensor solve_factored(const at::Tensor& lower_FF, const at::Tensor& right_FN) {
  const at::Tensor half_FN = at::linalg_solve_triangular(lower_FF, right_FN, /*upper=*/false);
  return at::linalg_solve_triangular(lower_FF.mT(), half_FN, /*upper=*/true);
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

torch::Tensor MomentFactor::solve(const torch::Tensor& keys) const {
  const at::NoGradGuard no_grad;
  const at::Tensor right = keys.detach().to(lower_FF_.device(), torch::kFloat64);
  return right.dim() == 2 ? solve_factored(lower_FF_, right) : solve_factored(lower_FF_, right.unsqueeze(1)).squeeze(1);
}

torch::Tensor MomentFactor::solve_with_keys(const torch::Tensor& keys_FN, double weight) const {
  const at::NoGradGuard no_grad;
  const at::Tensor right_FN = keys_FN.detach().to(lower_FF_.device(), torch::kFloat64);
  const at::Tensor solved_FN = solve(right_FN);
  at::Tensor gram_NN = right_FN.t().mm(solved_FN);
  if (gram_NN.size(0) == 1) {
    return solved_FN / (gram_NN + weight);
  }
  // Symmetric but for rounding; the factorisation reads one half.
  gram_NN.diagonal().add_(weight);
  const auto [lower_NN, info] = at::linalg_cholesky_ex(gram_NN);
  if (info.item<std::int64_t>() != 0) {
    return at::full_like(solved_FN, std::numeric_limits<double>::quiet_NaN());
  }
  return at::cholesky_solve(solved_FN.t(), lower_NN).t();
}

std::shared_ptr<const MomentFactor> moment_factor(const MethodInputs& inputs, int layer) {
  const auto found = inputs.second_moments.find(layer);
  if (found == inputs.second_moments.end()) {
    throw core::DataError("layer " + std::to_string(layer) +
                          ": its second moments are missing; compute them (lethe stats; ROME also edits without, with "
                          "mom2_adjustment: false)");
  }
  if (found->second.factor != nullptr) {
    return found->second.factor;
  }
  return std::make_shared<const MomentFactor>(found->second, layer, inputs.unedited.device());
}

}  // namespace lethe::editing
