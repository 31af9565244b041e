#include "orchestrator/scheduling/target_gpu.h"

#include <algorithm>
#include <utility>

namespace lethe::orchestrator::inline scheduling {
namespace {

TargetGpu target_of(const core::ListedGpu& gpu) {
  const auto* model = recognised_gpu(gpu.name, gpu.memory_bytes);
  if (model == nullptr) return {gpu.name, gpu.memory_bytes, nullptr, {}};
  return {std::string(model->name), std::min(model->memory_bytes, gpu.memory_bytes), model, {}};
}

bool is_narrower(const TargetGpu& a, const TargetGpu& b) {
  const auto key = [](const TargetGpu& gpu) {
    return std::pair(gpu.memory_bytes, gpu.model == nullptr ? 0.0 : gpu.model->flops_per_second);
  };
  return key(a) < key(b);
}

}  // namespace

TargetGpu named_gpu(const std::string& name) {
  const auto& model = gpu_model(name);
  return {std::string(model.name), model.memory_bytes, &model, {}};
}

std::optional<TargetGpu> deciding_gpu(std::span<const core::ListedGpu> gpus) {
  std::optional<TargetGpu> narrowest;
  std::map<std::string, int> found;
  for (const auto& gpu : gpus) {
    ++found[gpu.name];
    if (gpu.memory_bytes <= 0) continue;
    auto target = target_of(gpu);
    if (!narrowest || is_narrower(target, *narrowest)) narrowest = std::move(target);
  }
  if (narrowest) narrowest->found = std::move(found);
  return narrowest;
}

}  // namespace lethe::orchestrator::inline scheduling
