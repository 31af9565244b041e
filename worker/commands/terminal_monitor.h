#pragma once

#include <chrono>
#include <string>

#include "worker/task_monitor.h"

namespace lethe::worker::inline commands {

/// Progress of one process on a person's terminal (standard error): a line at most every two seconds, and one per
/// committed file. SIGINT, SIGTERM and SIGUSR1 ask for an orderly stop; a second one ends the process at once.
class TerminalMonitor final : public TaskMonitor {
 public:
  TerminalMonitor();

  void progress(std::string_view stage, std::int64_t done, std::int64_t total, double seconds) override;
  void committed(const std::filesystem::path& file, std::int64_t edits) override;
  [[nodiscard]] bool should_stop() const override;

 private:
  std::chrono::steady_clock::time_point last_line_{};
  std::string stage_;  ///< whose rate is measured, since `stage_start_` at `stage_first_`
  std::int64_t stage_first_ = 0;
  std::chrono::steady_clock::time_point stage_start_{};

  [[nodiscard]] std::string rate_and_rest(std::int64_t done, std::int64_t total) const;
};

}  // namespace lethe::worker::inline commands
