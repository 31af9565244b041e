#pragma once

#include <chrono>
#include <cstdint>

#include "worker/task_monitor.h"

namespace lethe::worker {

/// Unwinds an evaluation between two of its batches; nothing of it is kept. No error: who made the watch catches it.
struct StopAsked {};

/// A `model::BeforeBatch` for evaluations that take minutes: throws `StopAsked` where the monitor says so, and else
/// tells it of "ask", so that a long evaluation is not taken for one that hangs. The monitor outlives it.
class BatchWatch {
 public:
  /// `done` of `total`: what the task's own progress says meanwhile.
  BatchWatch(TaskMonitor& monitor, std::int64_t done, std::int64_t total)
      : monitor_(&monitor), done_(done), total_(total) {}

  void operator()() {
    if (monitor_->should_stop()) throw StopAsked{};
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> seconds = now - last_;
    last_ = now;
    monitor_->progress("ask", done_, total_, seconds.count());
  }

 private:
  TaskMonitor* monitor_;
  std::int64_t done_;
  std::int64_t total_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace lethe::worker
