#pragma once

#include <cstdint>
#include <optional>
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
  std::int64_t edits = 0;                ///< that the cell ends with
  std::int64_t edits_done = 0;           ///< of those; committed edits beyond them are none of this config's
  std::int64_t reductions = 0;           ///< checkpoints at which parts are due
  std::vector<CheckpointParts> missing;  ///< due and not committed, by edits; also beyond the edits done
  /// The edits beyond those done are not wanted any more, and nothing is due beyond them. False where none is left.
  bool is_cancelled = false;
  std::int64_t edits_asked = 0;  ///< by the config; more than `edits` where the collapse ends the cell
  /// The edit at which its collapse was certain; nullopt where that does not end it.
  std::optional<std::int64_t> collapsed_at = std::nullopt;

  /// Without those of a cancelled cell that are not going to be made.
  [[nodiscard]] std::int64_t edits_wanted() const { return is_cancelled ? edits_done : edits; }
  [[nodiscard]] std::int64_t reductions_done() const { return reductions - static_cast<std::int64_t>(missing.size()); }
  /// All that is wanted of it is there.
  [[nodiscard]] bool is_complete() const { return edits_done == edits_wanted() && missing.empty(); }
};

/// Throws `ConfigError` for a cell that is not in the grid.
CellProgress progress_of(const ExperimentConfig& config, const GridCell& cell, const CellLedger& committed);

}  // namespace lethe::core::inline config
