#include "worker/commands/terminal_monitor.h"

#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "core/exit_code.h"
#include "core/log.h"
#include "core/stop_signals.h"

namespace lethe::worker::inline commands {
namespace {

// Written by the handler and read by the program, in whichever thread.
std::atomic<int> first_signal{0};
std::atomic<bool> is_asked_for{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void leave(int signal) {
  const char* text = core::stop_text(signal);
  static_cast<void>(!::write(STDERR_FILENO, text, std::strlen(text)));
  static_cast<void>(!::write(STDERR_FILENO, "\n", 1));
  std::_Exit(core::kExitStopped);
}

void on_signal(int signal) {
  int none = 0;
  if (!first_signal.compare_exchange_strong(none, signal) || !is_asked_for) leave(signal);
}

}  // namespace

void heed_stop_signals() {
  for (const int signal : core::kStopSignals) std::signal(signal, on_signal);
  core::release_stop_signals();
}

int first_stop_signal() { return first_signal; }

TerminalMonitor::TerminalMonitor()
    : pace_(::isatty(STDERR_FILENO) != 0 ? core::LinePace::every(2.0) : core::LinePace()) {
  is_asked_for = true;
}
TerminalMonitor::~TerminalMonitor() { is_asked_for = false; }

void TerminalMonitor::progress(std::string_view stage, std::int64_t done, std::int64_t total, double seconds) {
  const auto now = std::chrono::steady_clock::now();
  if (stage != stage_ || done < stage_first_) {
    stage_ = stage;
    stage_first_ = done;
    stage_start_ = now;
  }
  if (!takes_turn(now)) return;
  core::log_info("stage=" + std::string(stage) + " done=" + std::to_string(done) + "/" + std::to_string(total) +
                 " last_seconds=" + std::to_string(seconds) + rate_and_rest(done, total));
}

bool TerminalMonitor::takes_turn(std::chrono::steady_clock::time_point now) {
  const double now_seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
  if (!pace_.is_due(now_seconds)) return false;
  pace_.begin_pause(now_seconds);
  pace_.count_line();
  return true;
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

bool TerminalMonitor::should_stop() const { return first_signal != 0; }

}  // namespace lethe::worker::inline commands
