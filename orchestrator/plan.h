#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

#include "core/config/method_config.h"
#include "orchestrator/process/zygote.h"

namespace lethe::orchestrator {

struct PlanOptions {
  const core::MethodCatalogue& methods;
  std::filesystem::path config;
  std::optional<std::filesystem::path> out;  ///< default: runs/<config name>; what is done there is not counted again
  int num_ranks = 1;
  std::filesystem::path executor;
  std::string gpu;              ///< name of a kind that memory and time are those of; empty: what is found here
  bool resources_only = false;  ///< for batch scripts: `print_resources` instead of tables
};

/// Validates a config and its inputs and prints what the sweep would do and cost: cells, prerequisites, memory,
/// disk, time. A dry run: nothing is written. Returns the exit code: 0 if the sweep is ready to run, else 2.
/// A config whose executors do not fit on the named kind of GPU, or else on those that this machine shows, is not
/// ready. Throws `core::ConfigError` if the config itself is wrong, or the kind of GPU is not known or not used by it,
/// and with `resources_only` for every problem.
int run_plan(const PlanOptions& options, Zygote& zygote, std::ostream& out);

}  // namespace lethe::orchestrator
