#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/config/method_config.h"
#include "orchestrator/process/zygote.h"

namespace lethe::orchestrator {

struct SweepOptions {
  const core::MethodCatalogue& methods;
  std::filesystem::path config;
  std::optional<std::filesystem::path> out;  ///< default: runs/<config name>
  int num_ranks = 1;                         ///< without MPI: executors under this one process
  std::filesystem::path executor;
  std::string build;  ///< names the build; ranks of another one are refused
  /// Called before the start by the process that coordinates: may make the config, and say where it and the folder are.
  /// False: told to stop. What it throws ends the run as what a start throws.
  std::function<bool(SweepOptions& options, const std::function<bool()>& should_stop)> prepare{};
};

/// For a sweep of several ranks in one process: throws `core::ConfigError` where an MPI launcher makes the ranks.
void refuse_ranks_under_mpi();

/// Runs or resumes a sweep: under an MPI launcher this process is one rank of it, else it is all ranks. Starting,
/// resuming and growing a sweep are the same call. Returns the exit code: 0 complete, 1 some cells failed, 2 the
/// config or its inputs are wrong, 75 stopped before the end (run it again). `zygote` must have been made before
/// any thread.
int run_sweep(const SweepOptions& options, Zygote& zygote);

}  // namespace lethe::orchestrator
