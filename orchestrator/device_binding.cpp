#include "orchestrator/device_binding.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <sstream>
#include <string_view>

#include "core/error.h"
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

bool are_of_one_kind(const std::vector<core::ListedGpu>& gpus) {
  return std::ranges::all_of(gpus, [&](const core::ListedGpu& gpu) { return gpu.name == gpus.front().name; });
}

bool is_number(const std::string& entry) {
  return std::ranges::all_of(entry, [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

DeviceChoice device_choice() {
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  const char* order = std::getenv("CUDA_DEVICE_ORDER");
  return {visible == nullptr ? std::nullopt : std::optional<std::string>(visible),
          order != nullptr && std::string_view(order) == "PCI_BUS_ID"};
}

std::vector<core::ListedGpu> visible_gpus(const std::vector<core::ListedGpu>& gpus, const DeviceChoice& choice) {
  if (!choice.visible) return gpus;
  const bool has_known_numbers = choice.is_in_pci_order || are_of_one_kind(gpus);
  std::vector<core::ListedGpu> visible;
  for (const auto& entry : split(*choice.visible, ',')) {
    if (is_number(entry) && !has_known_numbers) return gpus;
    const auto is_meant = [&](const core::ListedGpu& gpu) {
      return is_number(entry) ? std::to_string(gpu.number) == entry : gpu.uuid.starts_with(entry);
    };
    const auto before = visible.size();
    std::ranges::copy_if(gpus, std::back_inserter(visible), is_meant);
    if (visible.size() == before) break;
  }
  return visible;
}

std::vector<std::string> visible_devices(Zygote& zygote) {
  if (const auto choice = device_choice(); choice.visible) return split(*choice.visible, ',');
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
