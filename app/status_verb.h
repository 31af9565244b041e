#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace lethe::app {

struct StatusOptions {
  std::string folder;
  bool is_json = false;
  std::string watch_seconds;  ///< empty: the default
  CLI::Option* watch = nullptr;
};

/// `lethe status DIR [--json] [--watch [SECONDS]]`. `options` must outlive the parsing.
void add_status(CLI::App& app, StatusOptions& options);
/// Prints the status; with --watch again and again while the sweep runs. Returns the exit code. Throws
/// `core::StorageError` if the folder is no sweep's, `core::ConfigError` for a time that is none.
int run_status(const StatusOptions& options);

}  // namespace lethe::app
