#pragma once

#include <functional>
#include <string>
#include <vector>

#include "orchestrator/process/zygote.h"

namespace lethe::orchestrator::inline process {

struct CapturedRun {
  int wait_status = 0;
  bool was_stopped = false;  ///< killed because `should_stop` said so
  std::string output;
  std::string errors;
};

/// Runs a program to its end and keeps what it wrote. Throws `core::CommError` if it cannot be executed.
CapturedRun run_captured(Zygote& zygote, const std::vector<std::string>& arguments,
                         const std::function<bool()>& should_stop);

}  // namespace lethe::orchestrator::inline process
