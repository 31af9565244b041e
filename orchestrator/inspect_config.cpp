#include "orchestrator/inspect_config.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <system_error>

#include "core/error.h"
#include "core/exit_code.h"
#include "core/patience.h"
#include "orchestrator/process/captured_run.h"

namespace lethe::orchestrator {
std::filesystem::path executor_path() {
  if (const char* path = std::getenv("LETHE_EXECUTOR")) return std::filesystem::absolute(path);
  auto path = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "lethe-executor";
  if (::access(path.c_str(), X_OK) != 0) {
    throw core::ConfigError(path.string() + ": is not there; lethe needs it beside itself: build or install both");
  }
  return path;
}

std::optional<core::Inspection> inspect_config(Zygote& zygote, const std::filesystem::path& executor,
                                               const std::filesystem::path& config, const InspectionTarget& target,
                                               const std::function<bool()>& should_stop) {
  std::vector<std::string> arguments{executor.string(), "inspect", "--config",
                                     config.string(),   "--out",   target.out.string()};
  if (target.is_dry_run) arguments.emplace_back("--dry-run");
  if (target.is_elsewhere) arguments.emplace_back("--elsewhere");
  const auto run = run_captured(zygote, arguments, should_stop);
  if (run.was_stopped) return std::nullopt;
  if (WIFEXITED(run.wait_status) && WEXITSTATUS(run.wait_status) == core::kExitConfigError) {
    throw core::ConfigError(run.errors);
  }
  // What it was refused, as a rank may be: told by its status, since an exception does not leave its process.
  if (WIFEXITED(run.wait_status) && WEXITSTATUS(run.wait_status) == core::kExitStopped) {
    throw core::RefusedError(executor.string() + " inspect: " + run.errors,
                             std::make_error_code(std::errc::resource_unavailable_try_again));
  }
  if (run.wait_status != 0) {
    throw core::CommError(executor.string() + " inspect ended with " + describe_exit(run.wait_status) + ": " +
                          run.errors);
  }
  try {
    return core::inspection_from_json(run.output);
  } catch (const core::CommError& error) {
    throw core::CommError(executor.string() + " inspect --config " + config.string() + " ended well, but said " +
                          std::to_string(run.output.size()) + " bytes that are no inspection (" + error.what() +
                          "); are open files limited (`ulimit -n`), or is this the executor of another version? " +
                          run.errors);
  }
}

}  // namespace lethe::orchestrator
