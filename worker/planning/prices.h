#pragma once

#include <cstdint>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "model/architecture.h"
#include "worker/planning/model_inputs.h"

namespace lethe::worker::inline planning {

// What evaluations and prerequisites ask of a machine, from shapes and sizes of files.

/// Memory of the model itself, with a device's context.
std::int64_t base_bytes(const core::ExperimentConfig& config, const ModelInputs& inputs);
/// Of one forward pass without gradients: a block's widest moment, and keys and values of all blocks.
std::int64_t forward_bytes(const model::Architecture& architecture, std::int64_t tokens);

/// Sets a model's prices: its downstream tasks, forgetting, and what a reducer holds.
void price_reductions(const core::ExperimentConfig& config, const ModelInputs& inputs, core::ModelFacts& facts);
/// Sets a cell's: its method's, the scoring right after each edit, and where factored second moments are kept.
void price_edits(const core::ExperimentConfig& config, const ModelInputs& inputs, core::CellFacts& facts);

/// Tokens of a file of text, 0 if it is not there.
double tokens_of_text(const std::filesystem::path& path);

}  // namespace lethe::worker::inline planning
