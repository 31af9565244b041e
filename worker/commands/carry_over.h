#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/grid_cell.h"
#include "worker/commands/tally.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker::inline commands {

/// A fact whose question is answered with the new object after its edit, and whose completion form is not.
struct LostFact {
  std::int64_t case_id = 0;
  std::string subject;
  std::string prompt;      ///< the completion form, with its subject
  std::string new_object;  ///< what it should be continued with
  std::string answer;      ///< what the edited model continues it with, greedily
};

/// What became of facts that were edited in question form (the paper's appendix A.1).
struct CarryOver {
  Tally known_before;           ///< of all records: the completion form names the new object already before the edit
  Tally question;               ///< of all records: the question is answered with the new object after its edit
  Tally completion;             ///< of the successful ones: so is the completion form, which was not edited
  std::vector<LostFact> lost;   ///< of the successful ones those whose completion form is not, in order of their edits
  std::int64_t num_failed = 0;  ///< edits that gave no finite update: asked, and counted as not answered

  // zsRE's own metrics after each edit (algorithms 7).
  RecordShares rewrite_tokens;
  RecordShares paraphrase_tokens;
  RecordShares neighborhood_tokens;

  /// Percent of successful edits that the completion form does not show; nothing if no edit was successful.
  [[nodiscard]] std::optional<double> lost_percent() const {
    const auto carried = completion.percent();
    if (!carried) return std::nullopt;
    return 100.0 - *carried;
  }
};

/// "12 of 60 successful edits, the first 10:", and a line each of these: case, subject, completion form, greedy answer,
/// new object. With `num_shown` 0 the number alone.
std::string lost_text(const CarryOver& result, std::int64_t num_shown);

/// Edits the first `num_records` records of a cell's order that have both forms, each on the unedited model, in
/// question form, and asks both forms for the new object (teacher-forced argmax on all its tokens). Second moments are
/// computed into the sweep's folder if they are not there. Throws `core::DataError` if no record has both forms.
CarryOver measure_carry_over(Workspace& workspace, const core::GridCell& cell, std::int64_t num_records,
                             TaskMonitor& monitor);

}  // namespace lethe::worker::inline commands
