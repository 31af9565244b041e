#pragma once

#include <filesystem>
#include <string>

#include "core/config/method_config.h"
#include "model/architecture.h"

namespace lethe::worker::inline commands {

/// Settings of a method, and where they are from.
struct ChosenSettings {
  core::MethodConfig config;
  std::string origin;            ///< a sentence for people: the file, and for which model it is
  bool is_carried_over = false;  ///< from another model: layers moved to the same share of the depth
};

/// True for a method that edits with networks trained for one model.
bool trains_editor(const core::MethodConfig& config);

/// Where the configs and assets lie that come with this program: share/lethe of an installed copy, or the checkout of a
/// build folder. Empty if there are none.
std::filesystem::path shipped_folder();

/// Settings of `method` for a model, from the files `shipped`/configs/methods/<method>/<model>.yaml. The shape of
/// <model> is that published under this name, or of `shipped`/assets/<model>. One of the same family, depth and widths
/// is taken as it is. Else that of the model most like this one (its family; then how many forms of a block two
/// families share; then the number of parameters), each layer moved to the same share of the depth, rounded down,
/// several layers as many in a row. Throws `core::ConfigError`, with the remedy, where nothing is shipped for the
/// method, and where another model's cannot serve, because they name what was trained for that model.
ChosenSettings shipped_settings(const std::filesystem::path& shipped, const std::string& method,
                                const model::Architecture& architecture);

}  // namespace lethe::worker::inline commands
