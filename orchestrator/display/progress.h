#pragma once

#include <iosfwd>
#include <map>
#include <string>

#include "orchestrator/process/clock.h"
#include "orchestrator/scheduling/coordinator.h"

namespace lethe::orchestrator::inline display {

/// Shows how far a sweep is: on a terminal one table that is drawn over itself, elsewhere a plain line at most every
/// few seconds, and one for each cell that ends or fails.
class ProgressDisplay {
 public:
  enum class Mode { kTable, kLines };
  ProgressDisplay(std::ostream& out, Mode mode, const Clock& clock);

  /// Draws if it is time to. Cheap otherwise.
  void update(const Coordinator& coordinator);
  /// The last words, whatever the time.
  void finish(const Coordinator& coordinator);
  /// A line of text of its own, above the table.
  void note(const std::string& text);

 private:
  std::ostream& out_;
  Mode mode_;
  const Clock& clock_;
  double started_seconds_;
  double drawn_seconds_ = -1e9;
  int num_drawn_lines_ = 0;
  std::size_t num_failures_told_ = 0;
  std::size_t num_setbacks_told_ = 0;
  std::map<core::FailureClass, double> setback_told_seconds_;
  std::int64_t num_cells_told_ = 0;
  std::string last_line_;
  // Edits per second over a sliding window.
  double window_start_seconds_ = 0.0;
  double window_start_edits_ = -1.0;
  double edits_per_second_ = 0.0;

  void measure_rate(double edits, double now_seconds);
  void tell_milestones(const Coordinator& coordinator);
  void tell_setbacks(const Coordinator& coordinator);
  void draw_table(const Coordinator& coordinator);
  void erase_table();
  [[nodiscard]] std::string summary(const Coordinator& coordinator) const;
};

/// Table if the launcher's terminal shows this process's output. Under mpirun the output is a pseudo-terminal even
/// when mpirun's own goes to a file, so the launcher is asked. LETHE_PROGRESS=table|lines overrides.
ProgressDisplay::Mode choose_progress_mode(bool is_under_mpi);

/// "45 s", "3 min 20 s", "2 h 05 min", "3 d 4 h".
std::string format_duration(double seconds);

}  // namespace lethe::orchestrator::inline display
