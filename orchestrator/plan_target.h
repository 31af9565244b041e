#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/config/experiment_config.h"
#include "orchestrator/plan.h"
#include "orchestrator/scheduling/target_gpu.h"

namespace lethe::orchestrator {

/// Which GPU a plan is for.
struct PlanTarget {
  std::optional<TargetGpu> gpu;
  std::string note;  ///< why this machine's are not known; may stand beside one that is
};

/// The kind that was named; else, where a config for GPUs is planned for people, what this machine shows of them. What
/// batch scripts are told is of the machines of the job, whatever is here. Throws `core::ConfigError` for a name that
/// is not known, or that the config's device has no use for.
PlanTarget plan_target(const PlanOptions& options, const core::ExperimentConfig& config,
                       const std::function<bool()>& should_stop);

}  // namespace lethe::orchestrator
