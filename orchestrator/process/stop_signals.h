#pragma once

namespace lethe::orchestrator::inline process {

/// Catches SIGTERM, SIGUSR1, SIGUSR2 and SIGINT for the life of the object: a handler only counts; stopping happens
/// in the main loop. At the third SIGINT the process leaves at once (the zygote then ends the executors).
/// SIGPIPE is ignored: a closed pipe is an error to be handled, not a death. One object at a time.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Number of the first signal that came, 0 if none did.
  [[nodiscard]] int first() const;
};

}  // namespace lethe::orchestrator::inline process
