#include "orchestrator/device_binding.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>

#include "core/error.h"
#include "orchestrator/process/captured_run.h"

namespace lethe::orchestrator {
namespace {

constexpr std::array kSearchPaths{"/usr/bin/nvidia-smi", "/usr/local/bin/nvidia-smi", "/bin/nvidia-smi"};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

}  // namespace

std::vector<std::string> parse_device_list(std::string_view text) {
  std::vector<std::string> devices;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    const auto begin = line.find("UUID: ");
    const auto end = line.rfind(')');
    if (begin == std::string::npos || end == std::string::npos || end <= begin + 6) continue;
    const auto uuid = line.substr(begin + 6, end - begin - 6);
    const bool is_slice = uuid.starts_with("MIG");
    if (is_slice && !devices.empty() && devices.back().starts_with("GPU")) devices.pop_back();
    devices.push_back(uuid);
  }
  return devices;
}

std::vector<std::string> visible_devices(Zygote& zygote) {
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) return split(visible, ',');
  for (const char* path : kSearchPaths) {
    try {
      const auto run = run_captured(zygote, {path, "-L"}, [] { return false; });
      if (run.wait_status == 0) return parse_device_list(run.output);
    } catch (const core::CommError&) {
      // Not at this path.
    }
  }
  return {};
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
