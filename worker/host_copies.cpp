#include "worker/host_copies.h"

#include <cstring>

#include "core/error.h"

namespace lethe::worker {

core::HostTensor to_host(const torch::Tensor& tensor) {
  const auto source = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  core::HostTensor host;
  host.shape = source.sizes().vec();
  const auto* values = source.data_ptr<float>();
  host.values.assign(values, values + source.numel());
  return host;
}

torch::Tensor to_torch(const core::HostTensor& tensor, torch::Device device) {
  std::int64_t num_values = 1;
  for (const auto extent : tensor.shape) num_values *= extent;
  if (num_values != static_cast<std::int64_t>(tensor.values.size())) {
    throw core::StorageError("a stored tensor's shape does not fit its number of values");
  }
  auto result = torch::empty(tensor.shape, torch::kFloat32);
  std::memcpy(result.data_ptr<float>(), tensor.values.data(), tensor.values.size() * sizeof(float));
  return result.to(device);
}

core::HostDoubles to_host_doubles(const torch::Tensor& tensor) {
  const auto source = tensor.detach().to(torch::kCPU, torch::kFloat64).contiguous();
  const auto* values = source.data_ptr<double>();
  return {source.sizes().vec(), {values, values + source.numel()}};
}

torch::Tensor to_torch(const core::HostDoubles& tensor) {
  auto result = torch::empty(tensor.shape, torch::kFloat64);
  if (result.numel() != static_cast<std::int64_t>(tensor.values.size())) {
    throw core::StorageError("a stored tensor's shape does not fit its number of values");
  }
  std::memcpy(result.data_ptr<double>(), tensor.values.data(), tensor.values.size() * sizeof(double));
  return result;
}

std::map<std::string, core::Digest> fingerprint(const model::Network& network,
                                                std::span<const std::string> parameters) {
  std::map<std::string, core::Digest> digests;
  for (const auto& name : parameters) {
    const auto bytes = network.parameter(name).detach().to(torch::kCPU).contiguous();
    const std::span view(static_cast<const std::byte*>(bytes.data_ptr()), bytes.nbytes());
    digests.emplace(name, core::digest_of(view));
  }
  return digests;
}

}  // namespace lethe::worker
