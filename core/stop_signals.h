#pragma once

#include <array>
#include <csignal>

// What asks a verb to stop before its end: it then says so, and its exit status is `kExitStopped`.

namespace lethe::core {

inline constexpr std::array kStopSignals{SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

/// "lethe: stopped by SIGTERM before the end; run again", a text that a handler may write. `signal`: one of
/// `kStopSignals`.
const char* stop_text(int signal) noexcept;

/// They wait from here on, also beyond an `exec`, until the program that takes over is ready for them.
void hold_stop_signals() noexcept;
void release_stop_signals() noexcept;

}  // namespace lethe::core
