#include "worker/provenance.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>

#include "core/build_info.h"

namespace lethe::worker {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string utc_now() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace

storage::Provenance provenance(const Workspace& workspace) {
  const auto& config = workspace.config();
  storage::Provenance values{{"config", core::to_json(config)},
                             {"git_sha", std::string(core::git_sha())},
                             {"git_dirty", core::is_dirty() ? "true" : "false"},
                             {"lethe_version", std::string(core::version())},
                             {"host", host_name()},
                             {"process_id", std::to_string(::getpid())},
                             {"device", config.device},
                             {"threads", std::to_string(config.threads)},
                             {"seed", std::to_string(config.seed)},
                             {"written_at", utc_now()}};
  // The supervisor binds its executor to one device, by UUID.
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (config.device == "cuda" && visible != nullptr) values.emplace("device_id", visible);
  for (const auto& library : core::library_versions()) {
    values["library_" + std::string(library.name)] = std::string(library.version);
  }
  return values;
}

}  // namespace lethe::worker
