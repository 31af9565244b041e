#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"

namespace lethe::orchestrator::inline display {

/// What a batch system must give each executor of a sweep: of the hungriest of its roles, methods and models.
struct ExecutorNeeds {
  int threads = 1;  ///< compute threads; a processor each
  std::int64_t host_bytes =
      0;  ///< of the host's memory, the process itself and room for the batch system's count in it
  std::int64_t device_bytes = 0;  ///< of a GPU's memory; 0 on the CPU
};
/// From facts of cells whose models' shapes are known; estimates, as the plan's.
ExecutorNeeds executor_needs(const core::ExperimentConfig& config, const core::Inspection& facts);

/// The needs of a sweep for batch scripts, one `key=value` a line, in this order: out (absolute), device,
/// executors_per_gpu, threads, host_mb, gpu_mb (powers of 1024, rounded up), num_cells, and a line `cell=<name>` for
/// each cell in the grid's order. The words are read by slurm/.
void print_resources(const core::ExperimentConfig& config, const core::Inspection& facts,
                     const std::filesystem::path& folder, std::ostream& out);

}  // namespace lethe::orchestrator::inline display
