#include "worker/provenance.h"

#include <unistd.h>

#include <cstdlib>

#include "core/build_info.h"
#include "core/host_name.h"
#include "core/utc_time.h"
#include "worker/arithmetic.h"

namespace lethe::worker {
namespace {

storage::Provenance provenance_with(const core::ExperimentConfig& config) {
  storage::Provenance values{{"config", core::to_json(config)},
                             {"git_sha", std::string(core::git_sha())},
                             {"git_dirty", core::is_dirty() ? "true" : "false"},
                             {"lethe_version", std::string(core::version())},
                             {"host", core::host_name()},
                             {"process_id", std::to_string(::getpid())},
                             {"device", config.device},
                             {kArithmetic, arithmetic()},
                             {"threads", std::to_string(config.threads)},
                             {"seed", std::to_string(config.seed)},
                             {"written_at", core::utc_time_now()}};
  // The supervisor binds its executor to one device, by UUID.
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (config.device == "cuda" && visible != nullptr) values.emplace("device_id", visible);
  for (const auto& library : core::library_versions()) {
    values["library_" + std::string(library.name)] = std::string(library.version);
  }
  return values;
}

}  // namespace

storage::Provenance provenance(const Workspace& workspace, const core::GridCell& cell) {
  return provenance_with(core::narrowed_to(workspace.config(), cell));
}

storage::Provenance provenance(const Workspace& workspace, const std::string& model) {
  return provenance_with(core::narrowed_to(workspace.config(), model));
}

bool is_own_arithmetic(const storage::Provenance& provenance) {
  const auto found = provenance.find(kArithmetic);
  return found != provenance.end() && found->second == arithmetic();
}

}  // namespace lethe::worker
