#pragma once

#include <CLI/CLI.hpp>

#include "worker/workspace.h"

namespace lethe::app {

/// The workspace of a config file, in `out` or runs/<config name>; compute threads are set as the config says.
worker::Workspace workspace_of_config(const std::string& config_path, const std::string& out);

/// Adds samples (sample orders of a dataset) and diagnose (recall, zsre, disabling).
void add_dataset_verbs(CLI::App& app, int& status);

}  // namespace lethe::app
