#pragma once

#include <map>
#include <span>
#include <string>

#include <torch/types.h>

#include "core/digest.h"
#include "core/host_tensor.h"
#include "model/network.h"

namespace lethe::worker {

/// Copies between Torch tensors (fp32, any device) and the host tensors that storage knows. Both copy.
core::HostTensor to_host(const torch::Tensor& tensor);
torch::Tensor to_torch(const core::HostTensor& tensor, torch::Device device);
/// The same in fp64; the result stays on the host.
core::HostDoubles to_host_doubles(const torch::Tensor& tensor);
torch::Tensor to_torch(const core::HostDoubles& tensor);

/// Digest of the raw bytes of each named parameter in [O,I] order: the state's fingerprint (design 2).
std::map<std::string, core::Digest> fingerprint(const model::Network& network, std::span<const std::string> parameters);

}  // namespace lethe::worker
