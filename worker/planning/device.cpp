#include "worker/planning/device.h"

#include <ATen/Context.h>

#include "core/error.h"

namespace lethe::worker::inline planning {

std::optional<DeviceTrouble> device_trouble(const core::ExperimentConfig& config) {
  if (!torch::Device(config.device).is_cuda() || at::hasCUDA()) return std::nullopt;
  const bool is_of_this_machine = at::globalContext().hasCUDART();
  return DeviceTrouble{config.source.string() + ": device: cuda, but " +
                           (is_of_this_machine ? "this machine shows no GPU to it (nvidia-smi, CUDA_VISIBLE_DEVICES)"
                                               : "its LibTorch was built without CUDA; build with another one, see "
                                                 "docs/install.md") +
                           ", or use device: cpu",
                       is_of_this_machine};
}

torch::Device device_of(const core::ExperimentConfig& config) {
  if (const auto trouble = device_trouble(config)) throw core::ConfigError(trouble->text);
  return torch::Device(config.device);
}

}  // namespace lethe::worker::inline planning
