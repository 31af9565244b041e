#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/config/cell_progress.h"
#include "core/config/experiment_config.h"
#include "core/metric_record.h"
#include "ledger/sweep_folder.h"
#include "report/all_edits.h"
#include "report/forgetting.h"
#include "report/identity_choice.h"
#include "report/monitor.h"
#include "report/remarks.h"
#include "report/texts.h"

namespace lethe::report {

struct TaskPoint {
  std::int64_t edits = 0;  ///< 0: the unedited model
  std::vector<core::TaskRecord> tasks;
};
struct DistancePoint {
  std::int64_t edits = 0;
  std::vector<core::DistanceRecord> distances;
};

/// What the committed files say about a cell, as far as its config asks for it. Points are by edits, increasing, and
/// may have gaps: a sweep can be reported at any moment.
struct CellHistory {
  core::GridCell cell;
  core::CellProgress progress;  ///< from file names, as the sweep counts it
  std::string cancel_reason;    ///< its user's, where it is cancelled and one was given
  std::string edit_identity;    ///< empty: nothing to report
  std::string requests;  ///< digest of its sample's facts, by the edit identity; empty where no inspection tells it
  std::vector<core::MetricRecord> records;  ///< edits 1..k
  std::vector<ForgettingPoint> forgetting;
  std::vector<TaskPoint> tasks;  ///< the unedited model first, if it was asked
  /// `core::task_identity` of each task that an edited model was asked; not of files that do not say it.
  std::map<std::string, std::string> task_identities;
  std::vector<DistancePoint> distances;
  std::vector<AllEditsPoint> all_edits;
  std::vector<TextsPoint> texts;
  std::vector<MonitorPoint> monitor;
  std::string monitor_text;                      ///< the name of the file that its fixed text was read from
  std::string monitor_identity;                  ///< of these points: of one text and number of tokens
  std::vector<core::EditScores> last_all_edits;  ///< of the last of these points, edit by edit
  Remarks remarks;

  /// All that the experiment asks for is there and read; a cancelled cell has less.
  [[nodiscard]] bool is_complete() const {
    return progress.is_complete() && !progress.is_cancelled && remarks.left_out.empty();
  }
};

/// Reads a cell's committed files of the identities that `choice` takes. What cannot be trusted (damaged, of another
/// cell, a baseline of other prompts) is left out with a remark, never thrown.
CellHistory load_cell_history(const ledger::SweepFolder& folder, const core::ExperimentConfig& config,
                              const core::GridCell& cell, IdentityChoice& choice);

}  // namespace lethe::report
