#include "model/rotary.h"

#include <algorithm>
#include <numbers>
#include <stdexcept>

// Legend: J pairs of dimensions.

namespace lethe::model {
namespace {

/// Llama 3.1's: the share of each frequency that is kept runs from 0 at long wavelengths to 1 at short ones.
torch::Tensor scaled_as_llama3(const torch::Tensor& frequencies_J, const RotaryScaling& scaling) {
  const auto turns_J = frequencies_J * (static_cast<double>(scaling.original_positions) / (2.0 * std::numbers::pi));
  const auto kept_J =
      ((turns_J - scaling.low_frequency_factor) / (scaling.high_frequency_factor - scaling.low_frequency_factor))
          .clamp(0.0, 1.0);
  return kept_J * frequencies_J + (1.0 - kept_J) * (frequencies_J / scaling.factor);
}

/// Radians a position, fp64.
torch::Tensor frequencies(const NetworkShape& shape, const torch::TensorOptions& options) {
  const auto exponent_J = torch::arange(shape.rotary_dim / 2, options) * (-2.0 / static_cast<double>(shape.rotary_dim));
  const auto frequencies_J = torch::pow(shape.rotary_base, exponent_J);
  switch (shape.rotary_scaling.form) {
    case RotaryScalingForm::kNone:
      return frequencies_J;
    case RotaryScalingForm::kLinear:
      return frequencies_J / shape.rotary_scaling.factor;
    case RotaryScalingForm::kLlama3:
      return scaled_as_llama3(frequencies_J, shape.rotary_scaling);
  }
  throw std::logic_error("a rotary scaling without code");
}

/// Both members of each pair side by side or half a head apart.
torch::Tensor paired(RotaryForm form, const torch::Tensor& first_PJ, const torch::Tensor& second_PJ) {
  if (form == RotaryForm::kHalfSplitPairs) return torch::cat({first_PJ, second_PJ}, 1);
  return torch::stack({first_PJ, second_PJ}, -1).flatten(1);
}

}  // namespace

RotaryTables rotary_tables(const Architecture& a, torch::Device device, torch::Dtype dtype) {
  const auto form = a.family->rotary;
  if (form == RotaryForm::kNone) return {};
  // Long contexts have tables of 100 MB; their fp64 form is made a part at a time.
  constexpr std::int64_t kPositionsAtATime = 4096;
  const auto options = torch::TensorOptions().dtype(torch::kFloat64);
  const auto frequencies_J = frequencies(a, options);
  auto cosines_PE = torch::ones({a.max_positions, a.head_width()}, options.dtype(dtype));
  auto sines_PE = torch::zeros({a.max_positions, a.head_width()}, options.dtype(dtype));
  for (std::int64_t begin = 0; begin < a.max_positions; begin += kPositionsAtATime) {
    const auto end = std::min(begin + kPositionsAtATime, a.max_positions);
    const auto angles_PJ = torch::arange(begin, end, options).unsqueeze(1) * frequencies_J;
    const auto cos = angles_PJ.cos();
    const auto sin = angles_PJ.sin();
    const auto part_of = [&](const torch::Tensor& table) {
      return table.narrow(0, begin, end - begin).narrow(1, 0, a.rotary_dim);
    };
    part_of(cosines_PE).copy_(paired(form, cos, cos));
    part_of(sines_PE).copy_(paired(form, -sin, sin));
  }
  return {cosines_PE.to(device), sines_PE.to(device), form};
}

/// (x0, x1) -> (x0 cos - x1 sin, x1 cos + x0 sin). The sign of the sine sits in the table, so that the partner is a
/// mere swap.
torch::Tensor rotate(const torch::Tensor& x, const RotaryTables& tables) {
  const bool is_half_split = tables.form == RotaryForm::kHalfSplitPairs;
  auto pairs = x.sizes().vec();
  const auto num_pairs = pairs.back() / 2;
  pairs.back() = is_half_split ? 2 : num_pairs;
  pairs.push_back(is_half_split ? num_pairs : 2);
  const auto partner = x.view(pairs).flip({is_half_split ? -2 : -1}).view_as(x);
  return torch::addcmul(x * tables.cosines, partner, tables.signed_sines);
}

}  // namespace lethe::model
