#include "editing/mend/running_moments.h"

#include <stdexcept>

#include <ATen/ATen.h>

namespace lethe::editing {
namespace {

constexpr double kDeviationFloor = 1e-7;  // added, as published

}  // namespace

RunningMoments RunningMoments::none(std::int64_t num_coordinates) {
  return {0, at::zeros({num_coordinates}, at::kDouble), at::zeros({num_coordinates}, at::kDouble)};
}

RunningMoments RunningMoments::absorbed(const torch::Tensor& rows_TZ) const {
  const std::int64_t num_rows = rows_TZ.size(0);
  if (num_rows == 0) return *this;
  const at::Tensor rows = rows_TZ.detach().to(at::kCPU, at::kDouble);
  const at::Tensor new_mean = rows.mean(0);
  const at::Tensor new_squares = (rows - new_mean).square().sum(0);
  if (count == 0) return {num_rows, new_mean, new_squares};
  const std::int64_t total = count + num_rows;
  const double share = static_cast<double>(num_rows) / static_cast<double>(total);
  const at::Tensor shift = new_mean - mean_Z;
  return {total, mean_Z + shift * share,
          squares_Z + new_squares + shift.square() * (static_cast<double>(count) * share)};
}

torch::Tensor RunningMoments::normalized(const torch::Tensor& rows_TZ) const {
  if (count < 2) throw std::logic_error("a deviation needs at least two rows");
  const at::Tensor deviation = (squares_Z / static_cast<double>(count - 1)).sqrt() + kDeviationFloor;
  const at::Tensor rows = rows_TZ.detach().to(at::kDouble);
  return ((rows - mean_Z.to(rows.device())) / deviation.to(rows.device())).to(rows_TZ.scalar_type());
}

}  // namespace lethe::editing
