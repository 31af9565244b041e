#pragma once

#include <limits>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "report/cell_history.h"
#include "storage/report_file.h"

namespace lethe::report {

/// Names of curves (docs/formats.md lists all of them with their units).
inline constexpr const char* kForgotten = "forgetting.argmax.ever";
inline constexpr const char* kMeanF1 = "f1.mean";
inline constexpr const char* kTextPerplexity = "perplexity.fixed_text";

/// A number that does not exist: a gap in a curve, "–" in a table.
inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Widths of the published figure: buckets of 5 edits, and the mean of the last 10 buckets.
inline constexpr std::size_t kBucketEdits = 5;
inline constexpr std::size_t kTrailingBuckets = 10;

/// Everything that can be plotted of a cell; curves without a point are left out.
std::vector<storage::Curve> cell_curves(const CellHistory& history, const core::ExperimentConfig& config);

/// Weighted F1 x 100 of a task; NaN without examples.
double f1_percent(const core::TaskRecord& task);
/// Mean over the tasks of a point; NaN if there are none, or one without examples.
double mean_f1_percent(const TaskPoint& point);

}  // namespace lethe::report
