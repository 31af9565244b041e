#include "editing/mend/normal_matrix.h"

#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

namespace lethe::editing {

torch::Tensor normal_matrix(std::int64_t rows, std::int64_t columns, core::RandomStream random) {
  at::Tensor values = at::empty({rows, columns}, at::kFloat);
  auto* value = values.data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); i += 2) {
    const double radius = std::sqrt(-2.0 * std::log1p(-random.uniform()));
    const double angle = 2.0 * std::numbers::pi * random.uniform();
    value[i] = static_cast<float>(radius * std::cos(angle));
    if (i + 1 < values.numel()) value[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
  return values;
}

}  // namespace lethe::editing
