#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/line_pace.h"
#include "orchestrator/display/duration.h"
#include "orchestrator/display/edit_rate.h"
#include "orchestrator/display/terminal_size.h"
#include "orchestrator/process/clock.h"
#include "orchestrator/scheduling/coordinator.h"

namespace lethe::orchestrator::inline display {

/// Shows how far a sweep is: on a terminal one table that is drawn over itself and fits it, elsewhere plain lines
/// in the pace of `core::LinePace`. What fails, is tried again, is complete, is
/// cancelled, collapses or stops the sweep has a line of its own at once in either.
class ProgressDisplay {
 public:
  enum class Mode { kTable, kLines };
  /// `size` is asked before each drawing of the table, since windows change.
  ProgressDisplay(
      std::ostream& out, Mode mode, const Clock& clock,
      std::function<TerminalSize()> size = [] { return TerminalSize{}; });

  /// Draws if it is time to. Cheap otherwise.
  void update(const Coordinator& coordinator);
  /// The last words, whatever the time.
  void finish(const Coordinator& coordinator);
  /// A line of text of its own, above the table.
  void note(const std::string& text);
  /// Of the whole sweep, over the last while.
  [[nodiscard]] double edits_per_second() const { return rate_.per_second(); }

 private:
  std::ostream& out_;
  Mode mode_;
  const Clock& clock_;
  std::function<TerminalSize()> size_;
  double started_seconds_;
  double looked_seconds_ = -1e9;
  core::LinePace pace_;
  std::vector<int> drawn_columns_;  // of the table's lines on the screen
  std::size_t num_failures_told_ = 0;
  std::size_t num_setbacks_told_ = 0;
  std::map<core::FailureClass, double> setback_told_seconds_;
  bool knows_cells_ = false;
  std::set<std::size_t> cells_told_;      // complete
  std::set<std::size_t> cancelled_told_;  // cells
  std::set<std::size_t> collapses_told_;  // cells
  std::string last_line_;
  EditRate rate_;

  void tell_milestones(const Coordinator& coordinator);
  void tell_setbacks(const Coordinator& coordinator);
  /// Those whose last edit is committed, and those that go on after all.
  void tell_cancellations(const Coordinator& coordinator);
  /// Those that their collapse ends, once it is certain.
  void tell_collapses(const Coordinator& coordinator);
  /// Names of cells that came to their end since the last call.
  std::vector<std::string> newly_complete(const Coordinator& coordinator);
  void tell_line(const Coordinator& coordinator, const std::vector<std::string>& complete);
  void draw_table(const Coordinator& coordinator);
  [[nodiscard]] std::string move_to_table(TerminalSize size);
  [[nodiscard]] std::string elapsed() const;
};

/// Table if the launcher's terminal shows this process's output. Under mpirun the output is a pseudo-terminal even
/// when mpirun's own goes to a file, so the launcher is asked. LETHE_PROGRESS=table|lines overrides.
ProgressDisplay::Mode choose_progress_mode(bool is_under_mpi);

}  // namespace lethe::orchestrator::inline display
