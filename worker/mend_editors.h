#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/grid_cell.h"
#include "editing/mend/mend_editor.h"
#include "model/network.h"
#include "storage/mend_editor_file.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// The editor of a cell: the file its config names (lethe's own, whose name carries its digest, or a published
/// mend-*.pt), or the one that the sweep trained. Throws `core::DataError` with path, reason and remedy.
std::shared_ptr<const editing::Artifact> load_editor(Workspace& workspace, const core::GridCell& cell,
                                                     const core::ArtifactUse& use, const model::Network& start);

/// Digest of a model's weights, as the identities of its cells hold it.
const std::string& weights_digest(Workspace& workspace, const std::string& model);

/// Copies between an editor and what a file holds of it.
storage::NamedTensors trained_tensors(const editing::MendEditor& editor);
storage::NamedDoubles statistics_of(const editing::MendEditor& editor);
std::map<std::string, std::string> form_texts(const editing::EditorForm& form);
/// Throws `core::DataError` beginning with `place`.
editing::MendEditor editor_of(const storage::NamedTensors& tensors, const storage::NamedDoubles& statistics,
                              const std::map<std::string, std::string>& form, const core::MethodConfig& method,
                              const model::Network& start, const std::string& place);

}  // namespace lethe::worker
