#pragma once

#include <CLI/CLI.hpp>

namespace lethe::app {

/// Adds the verbs of app/shared_verbs.h, inspect and serve. The verb chosen runs while the command line is parsed and
/// leaves its exit status in `status`: 0 done, 1 problems found, 75 stopped before the end.
void add_executor_verbs(CLI::App& app, int& status);

}  // namespace lethe::app
