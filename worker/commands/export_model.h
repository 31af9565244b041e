#pragma once

#include <cstdint>
#include <filesystem>

#include "core/grid_cell.h"
#include "model/network.h"
#include "worker/workspace.h"

namespace lethe::worker::inline commands {

/// The network of a cell after `edits` edits (0: unedited), rebuilt from committed files on the model that they were
/// made on (`checked_model`).
model::Network network_at(Workspace& workspace, const core::GridCell& cell, std::int64_t edits);

/// Writes a Hugging Face folder: every text file of the base model that lethe has read or transformers reads,
/// config.json with the type of the tensors (fp32), and the weights of `network`. `target` must not exist or be empty;
/// it appears when all of it is there. Throws `core::StorageError`.
void export_model(const model::Network& network, const std::filesystem::path& base_folder,
                  const std::filesystem::path& target);

}  // namespace lethe::worker::inline commands
