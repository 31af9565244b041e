#pragma once

#include <CLI/CLI.hpp>

namespace lethe::app {

/// Adds the steps of `diagnose disabling` that read records and committed files.
void add_disabling_steps(CLI::App& diagnose, int& status);

}  // namespace lethe::app
