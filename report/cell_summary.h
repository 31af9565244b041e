#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "report/cell_history.h"

namespace lethe::report {

/// Edits at either end of a run that the tables average over.
inline constexpr std::size_t kSummaryWindow = 50;

/// Means over edits, percent; NaN where there is nothing to average.
struct ProficiencyMeans {
  double efficacy = 0.0;
  double paraphrase = 0.0;
  double neighborhood = 0.0;
};

struct TaskChange {
  std::string task;
  double baseline_f1 = 0.0;  ///< percent; NaN without baseline
  double final_f1 = 0.0;     ///< percent; NaN without reduction
};

/// One cell in numbers.
struct CellSummary {
  core::GridCell cell;
  std::int64_t num_edits = 0;
  std::int64_t planned_edits = 0;
  std::int64_t num_failed_edits = 0;  ///< left the weights as they were
  bool is_complete = false;
  ProficiencyMeans first;  ///< over the first 50 edits
  ProficiencyMeans last;   ///< over the last 50
  ProficiencyMeans whole;
  double score = 0.0;  ///< harmonic mean of the whole run's ES, PS, NS, each rounded to two decimals (published)
  double forgotten_ever = 0.0;  ///< percent, published definition, at the last history point; NaN without one
  double forgotten_now = 0.0;
  double forgotten_ever_efficacy = 0.0;
  std::int64_t last_task_edits = 0;  ///< edit count of the final F1
  std::vector<TaskChange> tasks;
  double baseline_mean_f1 = 0.0;
  double final_mean_f1 = 0.0;
  double distance = 0.0;  ///< Frobenius norm over all edited parameters; NaN without reduction
};

CellSummary summarize_cell(const CellHistory& history);

}  // namespace lethe::report
