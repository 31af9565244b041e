#pragma once

#include <optional>
#include <string>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"

namespace lethe::orchestrator::inline display {

/// Shape of a well-known model (gpt2, gpt2-medium, gpt2-large, gpt2-xl, gpt-j-6b) by its name in the config or the
/// name of its folder, so that a plan can be priced before 24 GB are downloaded. Identities stay empty.
std::optional<core::ModelFacts> known_model(const core::ModelConfig& model);

/// Adds facts of known models that the inspection could not read, and sizes of their cells. Models that stay unknown
/// are left out, and their cells with them.
core::Inspection complete_with_known(const core::ExperimentConfig& config, core::Inspection inspection);

}  // namespace lethe::orchestrator::inline display
