#pragma once

#include "core/config/experiment_config.h"
#include "model/architecture.h"

namespace lethe::worker::inline planning {

/// Holds the settings of a model's methods against its shape. Throws `core::DataError` for layers that it does not
/// have, and for what a method cannot do with it.
void check_methods(const core::ExperimentConfig& config, const core::ModelConfig& model,
                   const model::Architecture& architecture);

}  // namespace lethe::worker::inline planning
