#include "editing/panel_triangle.h"

#include <algorithm>
#include <string>

#include <ATen/ATen.h>

#include "core/error.h"

namespace lethe::editing {
namespace {

/// Rows [first, last) and columns [0, last) of the matrix, and where they begin in the flat tensor.
struct Panel {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t offset = 0;

  [[nodiscard]] at::Tensor in(const at::Tensor& values) const {
    return values.narrow(0, offset, (last - first) * last).view({last - first, last});
  }
};

template <typename Visit>
void for_each_panel(std::int64_t width, const Visit& visit) {
  Panel panel;
  for (; panel.first < width; panel.first = panel.last) {
    panel.last = std::min(width, panel.first + PanelTriangle::kPanelRows);
    visit(panel);
    panel.offset += (panel.last - panel.first) * panel.last;
  }
}

}  // namespace

std::int64_t PanelTriangle::num_values(std::int64_t width) {
  std::int64_t count = 0;
  for_each_panel(width, [&](const Panel& panel) { count += (panel.last - panel.first) * panel.last; });
  return count;
}

PanelTriangle::PanelTriangle(std::int64_t width, torch::Device device)
    : width_(width), values_(at::zeros({num_values(width)}, at::TensorOptions().dtype(at::kDouble).device(device))) {}

PanelTriangle::PanelTriangle(std::int64_t width, torch::Tensor values) : width_(width), values_(std::move(values)) {
  if (values_.dim() != 1 || values_.scalar_type() != at::kDouble || values_.numel() != num_values(width)) {
    throw core::DataError("a sum of width " + std::to_string(width) + " has " + std::to_string(num_values(width)) +
                          " doubles in its panels, not " + std::to_string(values_.numel()));
  }
}

void PanelTriangle::add_product(const torch::Tensor& keys_NF) {
  const at::NoGradGuard no_grad;
  if (keys_NF.dim() != 2 || keys_NF.size(1) != width_) {
    throw core::DataError("keys of another width than the sum's " + std::to_string(width_));
  }
  for_each_panel(width_, [&](const Panel& panel) {
    const at::Tensor rows_NP = keys_NF.narrow(1, panel.first, panel.last - panel.first);
    panel.in(values_).add_(at::matmul(rows_NP.t(), keys_NF.narrow(1, 0, panel.last)));
  });
}

void PanelTriangle::add(const PanelTriangle& other) {
  const at::NoGradGuard no_grad;
  if (other.width_ != width_) {
    throw core::DataError("sums of widths " + std::to_string(width_) + " and " + std::to_string(other.width_) +
                          " cannot be added");
  }
  values_.add_(other.values_.to(values_.device()));
}

torch::Tensor PanelTriangle::symmetric(double factor) const {
  const at::NoGradGuard no_grad;
  const at::Tensor values = values_.to(at::kCPU);
  at::Tensor matrix_FF = at::empty({width_, width_}, at::kDouble);
  for_each_panel(width_, [&](const Panel& panel) {
    const std::int64_t num_rows = panel.last - panel.first;
    at::Tensor rows = matrix_FF.narrow(0, panel.first, num_rows).narrow(1, 0, panel.last);
    rows.copy_(panel.in(values)).mul_(factor);
    // A matrix product rounds (i,j) and (j,i) of the diagonal block apart; one of them is taken for both.
    at::Tensor diagonal = rows.narrow(1, panel.first, num_rows);
    diagonal.copy_(diagonal.tril().add_(diagonal.tril(-1).t()));
    matrix_FF.narrow(0, 0, panel.first).narrow(1, panel.first, num_rows).copy_(rows.narrow(1, 0, panel.first).t());
  });
  return matrix_FF;
}

}  // namespace lethe::editing
