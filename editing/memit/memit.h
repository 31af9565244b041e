#pragma once

#include <memory>
#include <vector>

#include "editing/memit/spread.h"
#include "editing/moment_factor.h"

// Legend: N requests of a step, F inner width.

namespace lethe::editing {

/// MEMIT (Meng et al. 2023): a spread with A = (lambda C + K K^T)^-1 K, K the requests' keys, C the layer's second
/// moment and lambda `mom2_update_weight`. Solved in fp64.
class MemitMethod final : public SpreadMethod {
 public:
  /// Throws as `SpreadMethod`, and `core::DataError` for second moments that are missing or unusable.
  MemitMethod(const MemitConfig& config, const MethodInputs& inputs);

 private:
  [[nodiscard]] torch::Tensor solve(const History* history, std::size_t index,
                                    const torch::Tensor& keys_FN) const override;

  double weight_;
  std::vector<std::shared_ptr<const MomentFactor>> factors_;  ///< by index of the edited layer
};

}  // namespace lethe::editing
