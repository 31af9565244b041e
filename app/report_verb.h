#pragma once

#include <CLI/CLI.hpp>

namespace lethe::app {

/// `lethe report`: of one sweep into its folder, of several into a folder of its own. `status` gets the exit status.
void add_report_verb(CLI::App& app, int& status);

}  // namespace lethe::app
