#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "core/metric_record.h"
#include "ledger/sweep_folder.h"

namespace lethe::report {

struct ForgettingPoint {
  std::int64_t edits = 0;
  std::vector<core::ForgettingRecord> records;  ///< edits 1..n
};
struct TaskPoint {
  std::int64_t edits = 0;  ///< 0: the unedited model
  std::vector<core::TaskRecord> tasks;
};
struct DistancePoint {
  std::int64_t edits = 0;
  std::vector<core::DistanceRecord> distances;
};

/// What the committed files say about a cell. Points are by edits, increasing, and may have gaps: a sweep can be
/// reported at any moment.
struct CellHistory {
  core::GridCell cell;
  std::int64_t planned_edits = 0;
  std::string edit_identity;                ///< empty: nothing committed yet
  std::vector<core::MetricRecord> records;  ///< edits 1..k
  std::vector<ForgettingPoint> forgetting;
  std::vector<TaskPoint> tasks;  ///< the baseline first, if there is one
  std::vector<DistancePoint> distances;
  std::int64_t num_missing_reductions = 0;  ///< due at the edits done, not there
  std::vector<std::string> warnings;        ///< "<file>: damaged, left out: ..."

  [[nodiscard]] bool is_complete() const {
    return static_cast<std::int64_t>(records.size()) == planned_edits && num_missing_reductions == 0;
  }
};

/// Reads a cell's committed files; a damaged one is left out with a warning, never thrown. Where files of several
/// identities lie side by side, `inspection` says which are current; without it the newest are taken and the
/// others named in a warning.
CellHistory load_cell_history(const ledger::SweepFolder& folder, const core::ExperimentConfig& config,
                              const core::GridCell& cell, const std::optional<core::Inspection>& inspection);

}  // namespace lethe::report
