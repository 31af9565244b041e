#pragma once

#include <map>
#include <string>
#include <vector>

#include <torch/types.h>

#include "tests/model/pickle_writer.h"

namespace lethe::test {

/// A state dict of floating point tensors, as pytorch_model.bin holds one.
inline std::string state_dict_archive(const std::map<std::string, torch::Tensor>& tensors) {
  std::vector<std::pair<std::string, std::string>> entries;
  std::map<std::string, std::string> storages;
  for (const auto& [name, tensor] : tensors) {
    const auto host = tensor.to(torch::kCPU).contiguous();
    const auto key = std::to_string(storages.size());
    const auto* type = host.scalar_type() == torch::kFloat16 ? "HalfStorage"
                       : host.scalar_type() == torch::kBool  ? "BoolStorage"
                                                             : "FloatStorage";
    storages[key] = std::string(static_cast<const char*>(host.data_ptr()), host.nbytes());
    entries.emplace_back(
        name, pickle::tensor(pickle::storage(type, key, host.numel()), 0, host.sizes().vec(), host.strides().vec()));
  }
  return checkpoint_archive(pickle::whole(pickle::dict(entries)), storages);
}

}  // namespace lethe::test
