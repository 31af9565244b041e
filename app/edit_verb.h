#pragma once

#include <CLI/CLI.hpp>

namespace lethe::app {

/// Adds edit: one fact edited into a model folder. The verb runs while the command line is parsed and leaves its exit
/// status in `status`.
void add_edit_verb(CLI::App& app, int& status);

}  // namespace lethe::app
