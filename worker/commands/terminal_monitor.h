#pragma once

#include <chrono>
#include <string>

#include "core/line_pace.h"
#include "worker/task_monitor.h"

namespace lethe::worker::inline commands {

/// The rule of all verbs for the signals of core/stop_signals.h, for `main`: from now on each of them ends the process
/// with `kExitStopped` and says so, at once where nobody asks whether to stop.
void heed_stop_signals();
/// The first that came; 0 if none did.
int first_stop_signal();

/// Progress of one process on standard error: a line at most every two seconds on a terminal, elsewhere in the pace of
/// `core::LinePace`, and one per committed file. While there is one, the first of the stop signals only asks for an
/// orderly stop, of which `should_stop` tells; the second one ends the process at once. One object at a time.
class TerminalMonitor final : public TaskMonitor {
 public:
  TerminalMonitor();
  ~TerminalMonitor() override;
  TerminalMonitor(const TerminalMonitor&) = delete;
  TerminalMonitor& operator=(const TerminalMonitor&) = delete;

  void progress(std::string_view stage, std::int64_t done, std::int64_t total, double seconds) override;
  void committed(const std::filesystem::path& file, std::int64_t edits) override;
  [[nodiscard]] bool should_stop() const override;

 private:
  core::LinePace pace_;
  std::string stage_;  ///< whose rate is measured, since `stage_start_` at `stage_first_`
  std::int64_t stage_first_ = 0;
  std::chrono::steady_clock::time_point stage_start_{};

  /// Whether a line is due, which then counts as written.
  bool takes_turn(std::chrono::steady_clock::time_point now);
  [[nodiscard]] std::string rate_and_rest(std::int64_t done, std::int64_t total) const;
};

}  // namespace lethe::worker::inline commands
