#pragma once

namespace lethe::core {

/// How often lines say how far something is. By default, for where there is no terminal: every five seconds the first
/// ten, then every five minutes, so that the log of a run of days can be read. Times are seconds of any clock that does
/// not jump.
class LinePace {
 public:
  LinePace() = default;
  /// The same pause between all lines.
  static LinePace every(double seconds);

  /// The first line is due at once.
  [[nodiscard]] bool is_due(double now_seconds) const;
  /// A pause begins. What makes a line of its own at once (a cell that is complete) uses up none of the first ten.
  void begin_pause(double now_seconds) { paused_seconds_ = now_seconds; }
  /// One of the first ten was written.
  void count_line() { ++num_lines_; }

 private:
  double early_seconds_ = 5.0;
  double later_seconds_ = 300.0;
  double paused_seconds_ = -1e9;
  int num_lines_ = 0;
};

}  // namespace lethe::core
