#pragma once

#include <memory>

#include "core/grid_cell.h"
#include "worker/workspace.h"

namespace lethe::worker::inline commands {

/// The model that a committed cell's edits were made on. Throws `core::ModelError` where its folder is not there or
/// holds other weights or another tokenizer than the cell's identity says.
std::shared_ptr<const LoadedModel> checked_model(Workspace& workspace, const core::GridCell& cell);

}  // namespace lethe::worker::inline commands
