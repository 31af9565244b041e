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

/// A mean and the number of values that it is of; NaN of none.
struct Mean {
  double value = 0.0;
  std::int64_t count = 0;
};

/// Means over edits, percent. An edit counts where its record has prompts of the kind.
struct ProficiencyMeans {
  Mean efficacy;
  Mean paraphrase;
  Mean neighborhood;
};

/// Facts forgotten by the last history point (report/forgetting.h), percent of those known right after their edit.
struct ForgottenShares {
  std::int64_t known = 0;   ///< right after their edit
  std::int64_t edited = 0;  ///< at the last history point; 0: forgetting is not measured yet
  double ever = 0.0;        ///< NaN of none
  double now = 0.0;
};

struct TaskChange {
  std::string task;
  std::size_t num_examples = 0;
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
  double score = 0.0;         ///< harmonic mean of the whole run's ES, PS, NS, each rounded to two decimals (published)
  ForgottenShares forgotten;  ///< by the greedy answer: the published definition
  ForgottenShares forgotten_efficacy;  ///< by likelihood
  std::int64_t last_task_edits = 0;    ///< edit count of the final F1
  std::vector<TaskChange> tasks;
  double baseline_mean_f1 = 0.0;
  double final_mean_f1 = 0.0;
  double distance = 0.0;  ///< Frobenius norm over all edited parameters; NaN without reduction
};

CellSummary summarize_cell(const CellHistory& history);

}  // namespace lethe::report
