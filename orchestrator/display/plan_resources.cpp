#include "orchestrator/display/plan_resources.h"

#include <algorithm>
#include <ostream>

#include <spdlog/fmt/fmt.h>

namespace lethe::orchestrator::inline display {
namespace {

constexpr std::int64_t kMegabyte = std::int64_t{1} << 20;
/// Of a process with LibTorch, HDF5 and its libraries mapped, and its share of the supervisor.
constexpr std::int64_t kProcessBytes = 700 * kMegabyte;
/// Of the host's memory for a CUDA context, its libraries and pinned buffers.
constexpr std::int64_t kCudaHostBytes = 4096 * kMegabyte;

std::int64_t megabytes(std::int64_t bytes) { return (bytes + kMegabyte - 1) / kMegabyte; }

/// Of the memory that computes (the host's, or a GPU's): the hungriest role.
std::int64_t peak_bytes(const core::Inspection& facts) {
  std::int64_t bytes = 0;
  for (const auto& cell : facts.cells) bytes = std::max(bytes, cell.worker_bytes);
  for (const auto& model : facts.models) bytes = std::max(bytes, model.reducer_bytes);
  for (const auto& prerequisite : facts.prerequisites) bytes = std::max(bytes, prerequisite.peak_bytes);
  return bytes;
}

/// Beside a GPU: what methods keep there, and the weights on their way to it.
std::int64_t host_bytes_beside_device(const core::Inspection& facts) {
  std::int64_t kept = 0;
  std::int64_t weights = 0;
  for (const auto& cell : facts.cells) kept = std::max(kept, cell.worker_host_bytes);
  for (const auto& model : facts.models) weights = std::max(weights, model.weight_bytes);
  return kept + weights + kCudaHostBytes;
}

}  // namespace

ExecutorNeeds executor_needs(const core::ExperimentConfig& config, const core::Inspection& facts) {
  ExecutorNeeds needs;
  needs.threads = config.threads;
  const auto peak = peak_bytes(facts);
  if (config.device == "cuda") {
    needs.device_bytes = peak;
    needs.host_bytes = host_bytes_beside_device(facts) + kProcessBytes;
  } else {
    // An estimate of the bytes that live at once; the allocator holds some more.
    needs.host_bytes = peak + peak / 4 + kProcessBytes;
  }
  return needs;
}

void print_resources(const core::ExperimentConfig& config, const core::Inspection& facts,
                     const std::filesystem::path& folder, std::ostream& out) {
  const auto needs = executor_needs(config, facts);
  out << fmt::format("out={}\ndevice={}\nexecutors_per_gpu={}\n", folder.string(), config.device,
                     config.executors_per_gpu);
  out << fmt::format("threads={}\nhost_mb={}\ngpu_mb={}\nnum_cells={}\n", needs.threads, megabytes(needs.host_bytes),
                     megabytes(needs.device_bytes), config.cells.size());
  for (const auto& cell : config.cells) out << fmt::format("cell={}\n", cell.name());
}

}  // namespace lethe::orchestrator::inline display
