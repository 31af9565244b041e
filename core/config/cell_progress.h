#pragma once

#include <cstdint>
#include <vector>

#include "core/cell_ledger.h"
#include "core/config/experiment_config.h"
#include "core/reduction_part.h"

namespace lethe::core::inline config {

/// A checkpoint and parts of its reduction.
struct CheckpointParts {
  std::int64_t edits = 0;
  std::vector<ReductionPart> parts;
};

/// How far a cell is on its way to what the config asks for. The one rule of completeness: the sweep's backlog, its
/// status and its report all ask here.
struct CellProgress {
  std::int64_t edits = 0;                ///< asked for
  std::int64_t edits_done = 0;           ///< of those; committed edits beyond them are none of this config's
  std::int64_t reductions = 0;           ///< checkpoints at which parts are due
  std::vector<CheckpointParts> missing;  ///< due and not committed, by edits; also beyond the edits done

  [[nodiscard]] std::int64_t reductions_done() const { return reductions - static_cast<std::int64_t>(missing.size()); }
  [[nodiscard]] bool is_complete() const { return edits_done == edits && missing.empty(); }
};

/// Throws `ConfigError` for a cell that is not in the grid.
CellProgress progress_of(const ExperimentConfig& config, const GridCell& cell, const CellLedger& committed);

}  // namespace lethe::core::inline config
