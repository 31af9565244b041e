#pragma once

#include "core/grid_cell.h"
#include "worker/workspace.h"

namespace lethe::worker::inline commands {

/// Leaves in the sweep's folder what a run of one cell is asked for: experiment.json and inspection.json, by which
/// `lethe status`, `report`, `verify` and `export` find it. A config with all cells of the run before replaces them, as
/// a sweep does; one with fewer leaves them as they are, where they name the cell with the same edits and identity.
/// Throws `core::ConfigError` where they do not: what would be edited no reader would show. For the owner of the cell,
/// while no sweep is running.
void record_cell_run(Workspace& workspace, const core::GridCell& cell);

}  // namespace lethe::worker::inline commands
