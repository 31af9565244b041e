#pragma once

#include <chrono>

namespace lethe::orchestrator::inline process {

/// Seconds since some fixed moment, never going back. Injected, so that a simulation can own time.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual double now_seconds() const = 0;
};

class SteadyClock final : public Clock {
 public:
  [[nodiscard]] double now_seconds() const override {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
};

}  // namespace lethe::orchestrator::inline process
