#pragma once

namespace lethe::orchestrator::inline display {

/// Edits per second of a whole sweep over a sliding window, which is long enough to hold some edits where they are
/// slow.
class EditRate {
 public:
  /// `edits` are made by now, committed or not.
  void measure(double edits, double now_seconds);
  [[nodiscard]] double per_second() const { return per_second_; }

 private:
  double start_seconds_ = 0.0;
  double start_edits_ = -1.0;  // nothing was measured
  double per_second_ = 0.0;
};

}  // namespace lethe::orchestrator::inline display
