#pragma once

#include <optional>
#include <set>
#include <string>

#include "core/grid_cell.h"
#include "ledger/sweep_folder.h"

// Cells that their user wants no more edits of (`lethe cancel`): a file each,
// `cancelled/<method>+<model>+sample<k>.json` in the sweep's folder. That it is there decides; what it holds is for
// people. One file a cell, so that several who cancel at once, from whichever host, do not take each other's word away.

namespace lethe::ledger {

/// What a cancellation's file says of itself.
struct Cancellation {
  std::string time;    ///< UTC
  std::string host;    ///< on which it was asked for
  std::string reason;  ///< the user's, may be empty
};

/// Cancels a cell, also one that is cancelled already. Throws `core::StorageError`.
void cancel_cell(const SweepFolder& folder, const core::GridCell& cell, const std::string& reason);
/// Takes the cancellation back; false if there was none.
bool restore_cell(const SweepFolder& folder, const core::GridCell& cell);

[[nodiscard]] bool is_cancelled(const SweepFolder& folder, const core::GridCell& cell);
/// All of them, also cells that no grid has any more. Other files of the folder are passed over. Throws
/// `core::StorageError` if it is there and cannot be listed.
[[nodiscard]] std::set<core::GridCell> cancelled_cells(const SweepFolder& folder);
/// Empty texts where the file cannot be read or is of another shape; nullopt where the cell is not cancelled.
[[nodiscard]] std::optional<Cancellation> read_cancellation(const SweepFolder& folder, const core::GridCell& cell);

}  // namespace lethe::ledger
