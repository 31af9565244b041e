#pragma once

#include <cstdint>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"

namespace lethe::orchestrator::inline display {

/// What the files of a finished cell take on disk, bytes; an estimate for `plan`.
std::int64_t cell_disk(const core::ExperimentConfig& config, const core::CellFacts& facts);

}  // namespace lethe::orchestrator::inline display
