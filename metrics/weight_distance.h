#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/metric_record.h"
#include "model/network.h"

namespace lethe::metrics {

/// ||W - W0||_F of each named parameter against the base weights, differences and sum in fp64.
/// (The published programs accumulate in fp32 and divide by numel: the report derives that from `num_weights`.)
std::vector<core::DistanceRecord> weight_distances(const model::Network& network,
                                                   std::span<const std::string> parameters);

}  // namespace lethe::metrics
