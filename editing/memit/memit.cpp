#include "editing/memit/memit.h"

namespace lethe::editing {

MemitMethod::MemitMethod(const MemitConfig& config, const MethodInputs& inputs)
    : SpreadMethod("MEMIT", config, inputs), weight_(config.mom2_update_weight) {
  for (const int layer : config.layers) factors_.push_back(moment_factor(inputs, layer));
}

torch::Tensor MemitMethod::solve(const History* /*history*/, std::size_t index, const torch::Tensor& keys_FN) const {
  return factors_[index]->solve_with_keys(keys_FN, weight_);
}

std::unique_ptr<EditMethod> make_method(const MemitConfig& config, MethodInputs inputs) {
  return std::make_unique<MemitMethod>(config, inputs);
}

}  // namespace lethe::editing
