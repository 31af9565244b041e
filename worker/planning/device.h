#pragma once

#include <torch/types.h>

#include "core/config/experiment_config.h"

namespace lethe::worker::inline planning {

/// The device of a config; throws `core::ConfigError` if it is not there.
torch::Device device_of(const core::ExperimentConfig& config);

}  // namespace lethe::worker::inline planning
