#pragma once

#include <memory>
#include <string>

#include "core/mend_config.h"
#include "editing/mend_editor.h"
#include "model/network.h"

namespace lethe::test {

/// The editor in a shipped model's folder. `start`: the network that the cells' edits start from.
std::shared_ptr<const editing::MendEditor> shipped_editor(const std::string& model, const core::MendConfig& config,
                                                          const model::Network& start);

}  // namespace lethe::test
