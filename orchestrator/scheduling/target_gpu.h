#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "core/nvidia_smi.h"
#include "orchestrator/scheduling/gpu_models.h"

namespace lethe::orchestrator::inline scheduling {

/// The GPU that a plan is for: a kind that was named, or one of those that a machine has.
struct TargetGpu {
  std::string name;                  ///< "a100-80"; of a kind that is not in the table, as its driver calls it
  std::int64_t memory_bytes = 0;     ///< by the data sheet, else as reported
  const GpuModel* model = nullptr;   ///< whose peaks times are of; null: not in the table, so nobody knows them
  std::map<std::string, int> found;  ///< how many of which GPUs it was chosen among; empty for one that was named
};

/// Throws as `gpu_model` does.
TargetGpu named_gpu(const std::string& name);

/// The GPU that decides what fits on each of them: the one of the least memory, the slowest of several, and of these
/// one that is not in the table. nullopt where no memory is told.
std::optional<TargetGpu> deciding_gpu(std::span<const core::ListedGpu> gpus);

}  // namespace lethe::orchestrator::inline scheduling
