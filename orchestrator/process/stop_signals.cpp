#include "orchestrator/process/stop_signals.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "core/stop_signals.h"

namespace lethe::orchestrator::inline process {
namespace {

constexpr int kImpatient = 3;

// Written by the handler: the one place where a signal and the program meet.
std::atomic<int> first_signal{0};
std::atomic<int> num_interrupts{0};
static_assert(std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
  if (signal == SIGINT && ++num_interrupts >= kImpatient) ::_exit(128 + SIGINT);
}

}  // namespace

StopSignals::StopSignals() {
  first_signal = 0;
  num_interrupts = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigemptyset(&action.sa_mask);
  for (const int signal : core::kStopSignals) ::sigaction(signal, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

StopSignals::~StopSignals() {
  for (const int signal : core::kStopSignals) ::signal(signal, SIG_DFL);
}

int StopSignals::first() const { return first_signal; }

}  // namespace lethe::orchestrator::inline process
