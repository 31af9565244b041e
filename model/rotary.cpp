#include "model/rotary.h"

namespace lethe::model {

RotaryTables rotary_tables(const Architecture& a, torch::Device device, torch::Dtype dtype) {
  if (a.family->rotary == RotaryForm::kNone) return {};
  const auto options = torch::TensorOptions().dtype(torch::kFloat64);
  const auto num_pairs = a.rotary_dim / 2;
  const auto exponent = torch::arange(num_pairs, options) * (-2.0 / static_cast<double>(a.rotary_dim));
  const auto angles = torch::arange(a.max_positions, options).unsqueeze(1) * torch::pow(10000.0, exponent);
  auto cosines = torch::ones({a.max_positions, a.head_width()}, options);
  auto sines = torch::zeros({a.max_positions, a.head_width()}, options);
  const auto cos = angles.cos();
  const auto sin = angles.sin();
  cosines.narrow(1, 0, a.rotary_dim).copy_(torch::stack({cos, cos}, -1).flatten(1));
  sines.narrow(1, 0, a.rotary_dim).copy_(torch::stack({-sin, sin}, -1).flatten(1));
  return {cosines.to(device, dtype), sines.to(device, dtype)};
}

/// (x0, x1) -> (x0 cos - x1 sin, x1 cos + x0 sin). The sign of the sine sits in the table, so that the partner is a
/// mere swap.
torch::Tensor rotate(const torch::Tensor& x, const RotaryTables& tables) {
  auto pairs = x.sizes().vec();
  pairs.back() /= 2;
  pairs.push_back(2);
  const auto partner = x.view(pairs).flip({-1}).view_as(x);
  return torch::addcmul(x * tables.cosines, partner, tables.signed_sines);
}

}  // namespace lethe::model
