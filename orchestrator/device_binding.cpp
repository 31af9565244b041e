#include "orchestrator/device_binding.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "core/error.h"
#include "core/nvidia_smi.h"
#include "orchestrator/process/captured_run.h"

namespace lethe::orchestrator {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

}  // namespace

std::vector<std::string> visible_devices(Zygote& zygote) {
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) return split(visible, ',');
  const auto path = core::nvidia_smi_path();
  if (!path) return {};
  std::vector<std::string> uuids;
  try {
    const auto run = run_captured(zygote, {*path, "-L"}, [] { return false; });
    if (run.wait_status != 0) return {};
    for (auto& device : core::parse_devices(run.output)) uuids.push_back(std::move(device.uuid));
  } catch (const core::CommError&) {
    // It cannot be started: as if it were not there.
  }
  return uuids;
}

std::map<std::string, std::string> executor_environment(const Welcome& welcome, int local_rank,
                                                        const std::vector<std::string>& devices) {
  const auto threads = std::to_string(welcome.threads);
  std::map<std::string, std::string> environment{
      {"OMP_NUM_THREADS", threads}, {"OPENBLAS_NUM_THREADS", threads}, {"MKL_NUM_THREADS", threads}};
  if (welcome.device == "cuda" && !devices.empty()) {
    const auto slot = static_cast<std::size_t>(local_rank / std::max(1, welcome.executors_per_gpu));
    environment["CUDA_VISIBLE_DEVICES"] = devices[slot % devices.size()];
  }
  return environment;
}

}  // namespace lethe::orchestrator
