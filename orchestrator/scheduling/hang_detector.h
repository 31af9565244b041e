#pragma once

#include <deque>
#include <map>
#include <string>

namespace lethe::orchestrator::inline scheduling {

/// Tells a hang from slow work: a task hangs when it makes no progress for max(floor, 8 x the 95th percentile of that
/// kind of step, 8 x what the step was expected to take). Until a task's first step, and in stages that report
/// rarely, the floor is larger. Pure: time is an argument.
class HangDetector {
 public:
  /// `floor_seconds` holds for edits; loading gets 10 times as much, every other stage 5 times.
  explicit HangDetector(double floor_seconds) : floor_seconds_(floor_seconds) {}

  /// A task of this kind ("rome/gpt2-xl") begins.
  void begin(const std::string& kind, double expected_step_seconds, double now_seconds);
  /// A step of `stage` took `seconds`.
  void progress(const std::string& stage, double seconds, double now_seconds);

  [[nodiscard]] double limit_seconds() const;
  [[nodiscard]] bool is_hung(double now_seconds) const { return now_seconds - last_seconds_ > limit_seconds(); }
  [[nodiscard]] double seconds_since_progress(double now_seconds) const { return now_seconds - last_seconds_; }

 private:
  double floor_seconds_;
  std::string kind_;
  std::string stage_;
  double expected_step_seconds_ = 0.0;
  double last_seconds_ = 0.0;
  std::map<std::string, std::deque<double>> steps_;  // newest durations by kind and stage
};

}  // namespace lethe::orchestrator::inline scheduling
