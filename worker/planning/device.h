#pragma once

#include <optional>
#include <string>

#include <torch/types.h>

#include "core/config/experiment_config.h"

namespace lethe::worker::inline planning {

/// Why a config's device cannot be used here.
struct DeviceTrouble {
  std::string text;
  /// The build could use one, but this machine shows none: the sweep's machines may be others, as where a job is
  /// submitted from a login node.
  bool is_of_this_machine = false;
};
std::optional<DeviceTrouble> device_trouble(const core::ExperimentConfig& config);

/// The device of a config; throws `core::ConfigError` if it is not there.
torch::Device device_of(const core::ExperimentConfig& config);

}  // namespace lethe::worker::inline planning
