#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace lethe::app {

struct CancelArguments {
  std::string folder;
  std::vector<std::string> cells;
  std::string reason;
  bool is_undo = false;
};

/// `lethe cancel DIR CELL... [--reason TEXT] [--undo]`. `arguments` must outlive the parsing.
void add_cancel(CLI::App& app, CancelArguments& arguments);
/// Returns the exit code; throws as `orchestrator::run_cancel`.
int run_cancel(const CancelArguments& arguments);

}  // namespace lethe::app
