#include "core/stop_signals.h"

namespace lethe::core {
namespace {

sigset_t stop_signals() noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : kStopSignals) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

const char* stop_text(int signal) noexcept {
  switch (signal) {
    case SIGINT:
      return "lethe: stopped by SIGINT before the end; run again";
    case SIGTERM:
      return "lethe: stopped by SIGTERM before the end; run again";
    case SIGUSR1:
      return "lethe: stopped by SIGUSR1 before the end; run again";
    default:
      return "lethe: stopped by SIGUSR2 before the end; run again";
  }
}

void hold_stop_signals() noexcept {
  const auto set = stop_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

void release_stop_signals() noexcept {
  const auto set = stop_signals();
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace lethe::core
