#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/contract/executor_messages.h"
#include "orchestrator/scheduling/backlog.h"

namespace lethe::orchestrator::inline scheduling {

/// What one assignment's reports say about how long such work takes. Rates are of facts over time on the wall between
/// two reports, so that commits count and neither a start (loading, rebuilding the model, warming up) nor the number of
/// facts in a step does. Pure: time is an argument.
class TaskTiming {
 public:
  /// `holds_cell`: the executor has this cell's model from the reduction before.
  TaskTiming(double started_seconds, bool holds_cell) : started_seconds_(started_seconds), holds_cell_(holds_cell) {}

  void on_progress(const WorkUnit& unit, const core::ProgressEvent& progress, double now_seconds, Backlog& backlog);
  /// `file` is what was committed, by its path.
  void on_committed(const WorkUnit& unit, const std::string& file, const Backlog& backlog);
  void on_done(const WorkUnit& unit, double now_seconds, Backlog& backlog) const;

 private:
  struct Mark {
    double seconds = 0.0;
    std::int64_t done = 0;
  };
  double started_seconds_;
  bool holds_cell_;
  std::optional<Mark> mark_;  // the report that rates are measured from
  std::optional<core::ReductionPart> committed_part_;
  std::size_t num_parts_ = 0;
  double parts_seconds_ = 0.0;

  void on_edits(const WorkUnit& unit, const core::ProgressEvent& progress, double now_seconds, Backlog& backlog);
  void on_part(const WorkUnit& unit, const core::ProgressEvent& progress, Backlog& backlog);
  void on_prerequisite(const WorkUnit& unit, const core::ProgressEvent& progress, double now_seconds, Backlog& backlog);
};

}  // namespace lethe::orchestrator::inline scheduling
