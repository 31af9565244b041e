#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace lethe::app {

/// What to say of the first verb on the command line that `app` does not have, with the nearest one; nullopt where all
/// are known. Options are left to CLI11.
std::optional<std::string> unknown_verb(const CLI::App& app, int argc, const char* const* argv);

}  // namespace lethe::app
