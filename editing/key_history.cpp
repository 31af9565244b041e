#include "editing/key_history.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include <ATen/ATen.h>

#include "editing/key_columns.h"

namespace lethe::editing {
namespace {

constexpr std::int64_t kProductRows = 512;

/// T^-1 B and T^-T B for a lower triangle.
at::Tensor solve_lower(const at::Tensor& lower, const at::Tensor& right) {
  return at::linalg_solve_triangular(lower, right, /*upper=*/false);
}
at::Tensor solve_lower_transposed(const at::Tensor& lower, const at::Tensor& right) {
  return at::linalg_solve_triangular(lower.mT(), right, /*upper=*/true);
}

/// The Cholesky factor of a symmetric matrix, undefined if there is none. Of the matrix, symmetric but for rounding,
/// one half is read.
at::Tensor cholesky_factor(const at::Tensor& matrix) {
  auto [lower, info] = at::linalg_cholesky_ex(matrix);
  // One answer from the device, not two. LAPACK reports NaN as it does a negative pivot, but lets infinity pass.
  const at::Tensor is_factor = at::logical_and(info.eq(0), at::isfinite(lower).all());
  return is_factor.item<bool>() ? lower : at::Tensor();
}

/// I + V_n^T V_n - W^T W
at::Tensor schur_complement(const at::Tensor& white_FN, const at::Tensor& solved_MN) {
  at::Tensor matrix_NN = white_FN.t().mm(white_FN);
  matrix_NN.addmm_(solved_MN.t(), solved_MN, /*beta=*/1, /*alpha=*/-1);
  matrix_NN.diagonal().add_(1.0);
  return matrix_NN;
}

/// T <- L T for two lower triangles: 2 F^3 / 3 operations and no third matrix. From the last rows upwards, because rows
/// of the product need T's up to themselves.
void multiply_from_left(const at::Tensor& lower_FF, at::Tensor& factor_FF) {
  const std::int64_t width = factor_FF.size(0);
  for (std::int64_t last = width; last > 0;) {
    const std::int64_t first = (last - 1) / kProductRows * kProductRows;
    const auto rows = [&](const at::Tensor& matrix, std::int64_t from) {
      return matrix.narrow(0, from, last - from).narrow(1, 0, last);
    };
    rows(factor_FF, first).copy_(rows(lower_FF, first).mm(rows(factor_FF, 0)));
    last = first;
  }
}

}  // namespace

KeyHistory::KeyHistory(std::int64_t width, torch::Device device, Base base)
    : width_(width), device_(device), base_(std::move(base)) {
  if (width < 1 || !(base_.scale > 0.0) || !std::isfinite(base_.scale)) {
    throw std::invalid_argument("a key history needs a width and a positive weight of its base");
  }
}

KeyHistory KeyHistory::over_identity(std::int64_t width, double weight, torch::Device device) {
  return {width, device, {std::sqrt(weight), {}}};
}

KeyHistory KeyHistory::over_moment(const MomentFactor& factor, double weight) {
  return {factor.lower_FF().size(0), factor.device(), {std::sqrt(weight), factor.lower_FF()}};
}

torch::Tensor KeyHistory::whitened(const torch::Tensor& keys_FN) const {
  if (keys_FN.dim() != 2 || keys_FN.size(0) != width_ || keys_FN.size(1) == 0) {
    throw std::invalid_argument("a key history of width " + std::to_string(width_) + " takes keys [F,N], N > 0");
  }
  const at::Tensor right_FN = key_columns(keys_FN.detach()).to(device_, at::kDouble);
  return (base_.lower_FF.defined() ? solve_lower(base_.lower_FF, right_FN) : right_FN) / base_.scale;
}

torch::Tensor KeyHistory::from_white(const torch::Tensor& white_FN) const {
  return (base_.lower_FF.defined() ? solve_lower_transposed(base_.lower_FF, white_FN) : white_FN) / base_.scale;
}

torch::Tensor KeyHistory::forward(const torch::Tensor& white_FN) const {
  at::Tensor solved_MN = at::empty({num_open_, white_FN.size(1)}, white_FN.options());
  for (const Panel& panel : panels_) {
    at::Tensor right_BN = panel.white_BF.narrow(0, 0, panel.count).mm(white_FN);
    if (panel.first > 0) {
      right_BN.addmm_(panel.left_BM.narrow(0, 0, panel.count), solved_MN.narrow(0, 0, panel.first), 1, -1);
    }
    const at::Tensor lower_BB = panel.lower_BB.narrow(0, 0, panel.count).narrow(1, 0, panel.count);
    solved_MN.narrow(0, panel.first, panel.count).copy_(solve_lower(lower_BB, right_BN));
  }
  return solved_MN;
}

torch::Tensor KeyHistory::backward(const torch::Tensor& solved_MN) const {
  at::Tensor result_MN = solved_MN.clone();
  for (auto panel = panels_.rbegin(); panel != panels_.rend(); ++panel) {
    const at::Tensor lower_BB = panel->lower_BB.narrow(0, 0, panel->count).narrow(1, 0, panel->count);
    at::Tensor rows_BN = result_MN.narrow(0, panel->first, panel->count);
    rows_BN.copy_(solve_lower_transposed(lower_BB, rows_BN));
    if (panel->first > 0) {
      result_MN.narrow(0, 0, panel->first).addmm_(panel->left_BM.narrow(0, 0, panel->count).t(), rows_BN, 1, -1);
    }
  }
  return result_MN;
}

torch::Tensor KeyHistory::solve(const torch::Tensor& keys_FN) const {
  const at::NoGradGuard no_grad;
  const at::Tensor white_FN = whitened(keys_FN);
  const at::Tensor solved_MN = forward(white_FN);
  const at::Tensor lower_NN = is_failed_ ? at::Tensor() : cholesky_factor(schur_complement(white_FN, solved_MN));
  if (!lower_NN.defined()) {
    return at::full_like(white_FN, std::numeric_limits<double>::quiet_NaN());
  }
  // (I + V V^T)^-1 V_n = V_n - V T^-T W
  const at::Tensor coefficients_MN = backward(solved_MN);
  at::Tensor reduced_FN = white_FN.clone();
  for (const Panel& panel : panels_) {
    reduced_FN.addmm_(panel.white_BF.narrow(0, 0, panel.count).t(), coefficients_MN.narrow(0, panel.first, panel.count),
                      1, -1);
  }
  return from_white(at::cholesky_solve(reduced_FN.t(), lower_NN).t());
}

void KeyHistory::append(const torch::Tensor& keys_FN) {
  const at::NoGradGuard no_grad;
  const at::Tensor white_FN = whitened(keys_FN);
  const std::int64_t num_new = keys_FN.size(1);
  const std::int64_t num_after = num_keys() + num_new;
  for (std::int64_t done = 0; done < num_new && !is_failed_;) {
    const std::int64_t room = kPanelKeys - num_open_ % kPanelKeys;
    const std::int64_t count = std::min(room, num_new - done);
    append_to_panel(white_FN.narrow(1, done, count));
    done += count;
  }
  if (!is_failed_ && num_open_ >= max_open_keys(width_)) {
    fold();
  }
  if (is_failed_) {
    panels_.clear();
    base_.lower_FF.reset();
    num_open_ = 0;
    num_folded_ = num_after;
  }
}

void KeyHistory::append_to_panel(const torch::Tensor& white_FN) {
  const std::int64_t num_new = white_FN.size(1);
  const at::Tensor solved_MN = forward(white_FN);
  const at::Tensor lower_NN = cholesky_factor(schur_complement(white_FN, solved_MN));
  if (!lower_NN.defined()) {
    is_failed_ = true;
    return;
  }
  if (num_open_ % kPanelKeys == 0) {
    const at::TensorOptions options = white_FN.options();
    panels_.push_back({at::zeros({kPanelKeys, width_}, options), at::zeros({kPanelKeys, num_open_}, options),
                       at::zeros({kPanelKeys, kPanelKeys}, options), num_open_, 0});
  }
  Panel& panel = panels_.back();
  const auto rows = [&](const at::Tensor& matrix) { return matrix.narrow(0, panel.count, num_new); };
  rows(panel.white_BF).copy_(white_FN.t());
  rows(panel.left_BM).copy_(solved_MN.narrow(0, 0, panel.first).t());
  rows(panel.lower_BB).narrow(1, 0, panel.count).copy_(solved_MN.narrow(0, panel.first, panel.count).t());
  rows(panel.lower_BB).narrow(1, panel.count, num_new).copy_(lower_NN);
  panel.count += num_new;
  num_open_ += num_new;
}

void KeyHistory::fold() {
  at::Tensor matrix_FF = at::eye(width_, panels_.front().white_BF.options());
  for (const Panel& panel : panels_) {
    const at::Tensor white_BF = panel.white_BF.narrow(0, 0, panel.count);
    matrix_FF.addmm_(white_BF.t(), white_BF);
  }
  at::Tensor factor_FF = cholesky_factor(matrix_FF);
  is_failed_ = !factor_FF.defined();
  if (is_failed_) return;
  if (base_.lower_FF.defined()) {
    multiply_from_left(base_.lower_FF, factor_FF);
  }
  base_.lower_FF = factor_FF;
  panels_.clear();
  num_folded_ += num_open_;
  num_open_ = 0;
}

std::int64_t KeyHistory::num_bytes() const {
  std::int64_t num_values = num_folded_ > 0 && base_.lower_FF.defined() ? base_.lower_FF.numel() : 0;
  for (const Panel& panel : panels_) {
    num_values += panel.white_BF.numel() + panel.left_BM.numel() + panel.lower_BB.numel();
  }
  return num_values * static_cast<std::int64_t>(sizeof(double));
}

}  // namespace lethe::editing
