#pragma once

#include <cstdint>
#include <optional>

#include "core/collapse_rule.h"
#include "ledger/sweep_folder.h"
#include "storage/segment.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// Where `stop_at_collapse` ends a cell: the fold of the rule over its records in order, first those of its segments,
/// then those of each step. What it says depends on nothing else, so a cell ends at the same edit however often it was
/// interrupted. Without that setting it reads, says and writes nothing.
class CollapseWatch {
 public:
  CollapseWatch(Workspace& workspace, core::GridCell cell, std::int64_t vocabulary);

  /// Takes the cell's committed segments, in the place of all records so far.
  void read(const ledger::CellFiles& files);
  /// Takes the records of a step that was just made.
  void add(const std::vector<storage::StoredEdit>& step);

  /// The cell's last edit, as far as it is known.
  [[nodiscard]] std::int64_t last_edit() const;
  /// Called when all records so far are committed. Writes the file of the collapse, once, and puts files into
  /// quarantine that the records do not bear out.
  void settle(TaskMonitor& monitor);

 private:
  Workspace& workspace_;
  core::GridCell cell_;
  std::int64_t vocabulary_;
  core::CollapseDetector detector_;
  std::int64_t edits_ = 0;
  bool is_settled_ = false;

  [[nodiscard]] bool is_on() const { return workspace_.config().stop_at_collapse.has_value(); }
};

/// The fold over a cell's segments.
core::CollapseDetector detector_after(Workspace& workspace, const core::GridCell& cell, const ledger::CellFiles& files,
                                      std::int64_t vocabulary);

}  // namespace lethe::worker
