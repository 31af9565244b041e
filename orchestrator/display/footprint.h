#pragma once

#include <cstdint>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"

namespace lethe::orchestrator::inline display {

/// What an executor holds in device memory in each of its roles, bytes; estimates for `plan`. Weights in fp32, the
/// working copies of the role, activations of its largest batch, and the context of the device.
struct RoleMemory {
  std::int64_t moments_bytes = 0;
  std::int64_t reducer_bytes = 0;
};
RoleMemory role_memory(const core::ExperimentConfig& config, const core::ModelFacts& facts);
/// A worker's, by method. Factored second moments count where the model's config places them.
std::int64_t worker_memory(const core::ExperimentConfig& config, const core::MethodConfig& method,
                           const core::ModelFacts& facts);
/// What a worker holds in host memory beside a device: the factors that are placed there. 0 on the CPU, where
/// `worker_memory` counts everything.
std::int64_t worker_host_memory(const core::ExperimentConfig& config, const core::MethodConfig& method,
                                const core::ModelFacts& facts);

/// What the files of a finished cell take on disk, bytes.
std::int64_t cell_disk(const core::ExperimentConfig& config, const core::CellFacts& facts);
/// Second moments of all layers that the model's cells need.
std::int64_t moments_disk(const core::ModelFacts& facts);
/// Their partial sums, until the last step removes them; 0 where the corpus is not cut into slices.
std::int64_t partial_sums_disk(const core::ExperimentConfig& config, const core::ModelFacts& facts);

}  // namespace lethe::orchestrator::inline display
