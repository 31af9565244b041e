#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "orchestrator/scheduling/target_gpu.h"

namespace lethe::orchestrator::inline display {

/// What one executor holds of a GPU's memory in one of the roles that it can take; the plan's table has a line of each.
struct MemoryLine {
  enum class Role { kWorker, kReducer, kPrerequisite };
  Role role = Role::kWorker;
  std::string model;
  std::string method;  ///< of a worker
  std::string what;    ///< "worker memit of gpt-j-6b"
  std::int64_t bytes = 0;
};
/// All of an experiment, the largest first.
std::vector<MemoryLine> memory_lines(const core::Inspection& facts);

/// How an experiment's executors fit on a GPU.
struct GpuFit {
  std::int64_t executors = 0;         ///< that fit side by side whatever they do; 0: not even one
  MemoryLine largest;                 ///< no bytes where nothing is known
  std::vector<std::string> problems;  ///< empty if the config's `executors_per_gpu` fit; each with its remedy
};
GpuFit fit_on(const core::ExperimentConfig& config, const core::Inspection& facts, const TargetGpu& gpu);

}  // namespace lethe::orchestrator::inline display
