#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/grid_cell.h"
#include "worker/task_monitor.h"
#include "worker/workspace.h"

namespace lethe::worker::inline commands {

/// Share of a whole; counts are kept so that shares can be added.
struct Tally {
  std::int64_t correct = 0;
  std::int64_t asked = 0;

  void add(bool is_correct) {
    ++asked;
    correct += is_correct ? 1 : 0;
  }
  /// Percent; 0 if nothing was asked.
  [[nodiscard]] double percent() const {
    return asked == 0 ? 0.0 : 100.0 * static_cast<double>(correct) / static_cast<double>(asked);
  }
};

/// Shares of right tokens, record by record: what the published summary takes the mean of, so that a record counts as
/// much as another whatever the length of its answer.
struct RecordShares {
  Tally tokens;  ///< of all records together
  std::int64_t num_records = 0;
  double sum_of_percents = 0.0;

  void add(const std::vector<bool>& answers) {
    Tally record;
    for (const bool is_correct : answers) record.add(is_correct);
    if (record.asked == 0) return;
    tokens.correct += record.correct;
    tokens.asked += record.asked;
    ++num_records;
    sum_of_percents += record.percent();
  }
  /// Mean over records; 0 if nothing was asked.
  [[nodiscard]] double percent() const {
    return num_records == 0 ? 0.0 : sum_of_percents / static_cast<double>(num_records);
  }
};

/// What became of facts that were edited in question form (the paper's appendix A.1).
struct CarryOver {
  Tally known_before;           ///< of all records: the completion form names the new object already before the edit
  Tally question;               ///< of all records: the question is answered with the new object after its edit
  Tally completion;             ///< of the successful ones: so is the completion form, which was not edited
  std::int64_t num_failed = 0;  ///< edits that gave no finite update: asked, and counted as not answered

  // zsRE's own metrics after each edit (algorithms 7).
  RecordShares rewrite_tokens;
  RecordShares paraphrase_tokens;
  RecordShares neighborhood_tokens;

  /// Percent of successful edits that the completion form does not show; nothing if no edit was successful.
  [[nodiscard]] std::optional<double> lost_percent() const {
    if (question.correct == 0) return std::nullopt;
    return 100.0 - completion.percent();
  }
};

/// Edits the first `num_records` records of a cell's order that have both forms, each on the unedited model, in
/// question form, and asks both forms for the new object (teacher-forced argmax on all its tokens). Second moments are
/// computed into the sweep's folder if they are not there. Throws `core::DataError` if no record has both forms.
CarryOver measure_carry_over(Workspace& workspace, const core::GridCell& cell, std::int64_t num_records,
                             TaskMonitor& monitor);

}  // namespace lethe::worker::inline commands
