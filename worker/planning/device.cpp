#include "worker/planning/device.h"

#include <ATen/Context.h>

#include "core/error.h"

namespace lethe::worker::inline planning {

torch::Device device_of(const core::ExperimentConfig& config) {
  const torch::Device device(config.device);
  if (!device.is_cuda() || at::hasCUDA()) return device;
  throw core::ConfigError(config.source.string() + ": device: cuda, but " +
                          (at::globalContext().hasCUDART()
                               ? "this machine shows no GPU to it (nvidia-smi, CUDA_VISIBLE_DEVICES)"
                               : "its LibTorch was built without CUDA; build with another one, see "
                                 "docs/real-models.md") +
                          ", or use device: cpu");
}

}  // namespace lethe::worker::inline planning
