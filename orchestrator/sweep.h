#pragma once

#include <filesystem>
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
};

/// Runs or resumes a sweep: under an MPI launcher this process is one rank of it, else it is all ranks. Starting,
/// resuming and growing a sweep are the same call. Returns the exit code: 0 complete, 1 some cells failed, 2 the
/// config or its inputs are wrong, 75 stopped before the end (run it again). `zygote` must have been made before
/// any thread.
int run_sweep(const SweepOptions& options, Zygote& zygote);

}  // namespace lethe::orchestrator
