#include "metrics/weight_distance.h"

namespace lethe::metrics {

std::vector<core::DistanceRecord> weight_distances(const model::Network& network,
                                                   std::span<const std::string> parameters) {
  const torch::NoGradGuard no_grad;
  std::vector<core::DistanceRecord> records;
  records.reserve(parameters.size());
  for (const auto& name : parameters) {
    const auto now = network.parameter(name);
    const auto difference = now.to(torch::kFloat64) - network.base()->tensor(name).to(torch::kFloat64);
    records.push_back({name, difference.norm().item<double>(), now.numel()});
  }
  return records;
}

}  // namespace lethe::metrics
