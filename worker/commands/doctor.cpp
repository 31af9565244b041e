#include "worker/commands/doctor.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include <ATen/Context.h>
#include <torch/cuda.h>

#include "core/build_info.h"
#include "core/nvidia_smi.h"
#include "ledger/folder_probe.h"
#include "worker/arithmetic.h"

namespace lethe::worker::inline commands {
namespace {

namespace fs = std::filesystem;

std::string gigabytes(double bytes) {
  std::ostringstream text;
  text.precision(1);
  text << std::fixed << bytes / 1e9 << " GB";
  return text.str();
}

Finding examine_libtorch() {
  Finding finding{"LibTorch", std::string(core::library_version("libtorch")), {}};
  finding.text += at::globalContext().hasCUDART() ? ", with CUDA" : ", without CUDA: device: cpu only";
  return finding;
}

/// The path of the library in use whose name holds `name`; empty if there is none.
std::string loaded_library(const std::string& name) {
  std::ifstream in("/proc/self/maps");
  for (std::string line; std::getline(in, line);) {
    const auto path = line.find('/');
    if (path != std::string::npos && line.find(name, path) != std::string::npos) return line.substr(path);
  }
  return {};
}

/// What multiplies matrices: by the name that it gives itself, or by the file that was loaded.
Finding examine_blas() {
  Finding finding{"BLAS", arithmetic(), {}};
  const auto reference = loaded_library("/blas/libblas.so");
  if (!reference.empty()) {
    finding.text = reference;
    finding.trouble =
        "this is the reference BLAS, some 20 times slower than OpenBLAS; install libopenblas0-pthread, or let "
        "update-alternatives select it for libblas.so.3";
  }
  return finding;
}

std::string described(const core::ListedGpu& gpu) {
  auto text = gpu.name;
  if (gpu.memory_bytes > 0) text += ", " + gigabytes(static_cast<double>(gpu.memory_bytes));
  if (gpu.free_bytes > 0) text += ", " + gigabytes(static_cast<double>(gpu.free_bytes)) + " free";
  return text + ", driver " + gpu.driver;
}

/// Why LibTorch does not use what is listed; empty if it does.
std::string gpu_trouble(const core::GpuListing& listing, std::size_t num_seen) {
  if (!listing.trouble.empty()) return listing.trouble + "; mend the driver, or use device: cpu";
  if (!at::globalContext().hasCUDART()) {
    return "LibTorch was built without CUDA, so device: cuda is refused; build against one that has it (LIBTORCH=... "
           "scripts/build, docs/install.md)";
  }
  if (num_seen > 0) return {};
  return "LibTorch sees none of them: CUDA_VISIBLE_DEVICES is empty, or the driver is older than LibTorch's CUDA";
}

std::vector<Finding> examine_gpus() {
  const auto listing = core::list_gpus();
  const auto seen = static_cast<std::size_t>(torch::cuda::device_count());
  if (listing.gpus.empty() && listing.trouble.empty() && seen == 0) return {{"GPUs", "none", {}}};
  std::vector<Finding> findings;
  for (const auto& gpu : listing.gpus) findings.push_back({"GPU", described(gpu), {}});
  findings.push_back({"GPUs",
                      std::to_string(seen) + " usable by LibTorch, " + std::to_string(listing.gpus.size()) + " listed",
                      gpu_trouble(listing, seen)});
  return findings;
}

/// The file `name` of each control group that this process is in (version 2), the innermost first: a batch system's
/// limits stand at the job, a container's at the root that it sees.
std::vector<fs::path> group_files(const char* name) {
  std::vector<fs::path> files;
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("0::/")) continue;
    const fs::path root("/sys/fs/cgroup");
    for (fs::path group = line.substr(4);; group = group.parent_path()) {
      files.push_back(root / group / name);
      if (group.empty()) return files;
    }
  }
  return files;
}

/// The least of the limits that hold for this process; nullopt for none.
std::optional<double> memory_limit() {
  std::optional<double> least;
  for (const auto& file : group_files("memory.max")) {
    std::ifstream in(file);
    double value = 0.0;
    if (in >> value) least = std::min(least.value_or(value), value);
  }
  return least;
}

/// Processors' time that this process may use, in processors; nullopt for no limit.
std::optional<double> processor_limit() {
  std::optional<double> least;
  for (const auto& file : group_files("cpu.max")) {
    std::ifstream in(file);
    double quota = 0.0;
    double period = 0.0;
    if (in >> quota >> period && period > 0.0) least = std::min(least.value_or(quota / period), quota / period);
  }
  return least;
}

Finding examine_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int usable = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
  const auto online = static_cast<int>(std::thread::hardware_concurrency());
  Finding finding{"processors", std::to_string(usable) + " usable of " + std::to_string(std::max(online, usable)), {}};
  if (const auto limit = processor_limit()) {
    std::ostringstream text;
    text << ", at most " << *limit << " at a time";
    finding.text += text.str();
    if (*limit < 1.0) finding.trouble = "less than one processor: executors of one thread will be throttled";
  }
  return finding;
}

double kilobytes_of(const std::string& key) {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key + ":")) return std::strtod(line.c_str() + key.size() + 1, nullptr);
  }
  return 0.0;
}

Finding examine_memory() {
  constexpr double kLeast = 1e9;
  const double total = 1024.0 * kilobytes_of("MemTotal");
  double usable = 1024.0 * kilobytes_of("MemAvailable");
  Finding finding{"memory", gigabytes(usable) + " free of " + gigabytes(total), {}};
  if (const auto limit = memory_limit()) {
    finding.text += ", at most " + gigabytes(*limit) + " for this job";
    usable = std::min(usable, *limit);
  }
  if (usable < kLeast) finding.trouble = "an executor takes some 0.7 GB before any model; ask for more (lethe plan)";
  return finding;
}

/// A limit of this process; `unit` follows the number.
Finding examine_limit(const char* subject, decltype(RLIMIT_NOFILE) resource, const char* unit, const char* remedy) {
  constexpr rlim_t kLeast = 512;
  rlimit limit{};
  ::getrlimit(resource, &limit);
  const auto text = limit.rlim_cur == RLIM_INFINITY ? std::string("unlimited") : std::to_string(limit.rlim_cur);
  Finding finding{subject, text + unit, {}};
  if (limit.rlim_cur < kLeast) finding.trouble = remedy;
  return finding;
}

/// Of one rank with its executor, a sharded model and its segments, with room.
Finding examine_descriptors() { return examine_limit("open files", RLIMIT_NOFILE, "", "raise it: ulimit -n 4096"); }

/// Of a rank, its executor and MPI's helpers on a node of eight GPUs.
Finding examine_processes() {
  return examine_limit("processes", RLIMIT_NPROC, " of this user, threads among them", "raise it: ulimit -u 4096");
}

Finding examine_shared_memory() {
  constexpr std::int64_t kLeast = 64'000'000;
  const auto room = ledger::room_in("/dev/shm");
  if (room.free_bytes < 0)
    return {"shared memory", "no /dev/shm", "MPI's ranks on one host need it; mount a tmpfs there"};
  Finding finding{"shared memory", gigabytes(static_cast<double>(room.free_bytes)) + " free in /dev/shm", {}};
  if (room.free_bytes < kLeast) {
    finding.trouble =
        "MPI keeps some 4 MB a rank there: remove what killed jobs left, or give the container --shm-size=1g";
  }
  return finding;
}

}  // namespace

std::vector<Finding> examine_libraries() {
  std::vector<Finding> findings{
      examine_libtorch(), examine_blas(), {"HDF5", std::string(core::library_version("hdf5")), {}}};
  for (auto& gpu : examine_gpus()) findings.push_back(std::move(gpu));
  return findings;
}

std::vector<Finding> examine_machine() {
  return {examine_processors(), examine_memory(), examine_descriptors(), examine_processes(), examine_shared_memory()};
}

}  // namespace lethe::worker::inline commands
