#include "worker/commands/terminal_monitor.h"

#include <cmath>
#include <csignal>
#include <cstdlib>

#include "core/exit_code.h"
#include "core/log.h"

namespace lethe::worker::inline commands {
namespace {

volatile std::sig_atomic_t stop_signals = 0;

void on_signal(int) {
  stop_signals = stop_signals + 1;
  if (stop_signals > 1) std::_Exit(core::kExitStopped);
}

}  // namespace

TerminalMonitor::TerminalMonitor() {
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) std::signal(signal, on_signal);
}

void TerminalMonitor::progress(std::string_view stage, std::int64_t done, std::int64_t total, double seconds) {
  const auto now = std::chrono::steady_clock::now();
  if (stage != stage_ || done < stage_first_) {
    stage_ = stage;
    stage_first_ = done;
    stage_start_ = now;
  }
  if (now - last_line_ < std::chrono::seconds(2)) return;
  last_line_ = now;
  core::log_info("stage=" + std::string(stage) + " done=" + std::to_string(done) + "/" + std::to_string(total) +
                 " last_seconds=" + std::to_string(seconds) + rate_and_rest(done, total));
}

std::string TerminalMonitor::rate_and_rest(std::int64_t done, std::int64_t total) const {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - stage_start_;
  if (done <= stage_first_ || elapsed.count() <= 0.0) return "";
  const double rate = static_cast<double>(done - stage_first_) / elapsed.count();
  return " per_second=" + std::to_string(rate) +
         " eta_seconds=" + std::to_string(std::llround(static_cast<double>(total - done) / rate));
}

void TerminalMonitor::committed(const std::filesystem::path& file, std::int64_t edits) {
  core::log_info("committed file=" + file.filename().string() + " edits=" + std::to_string(edits));
}

bool TerminalMonitor::should_stop() const { return stop_signals != 0; }

}  // namespace lethe::worker::inline commands
