#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/cell_history.h"

// Verdicts about a (method, model) pair over its samples, each derived from the committed numbers alone.

namespace lethe::report {

/// Where a curve first reaches a threshold. Curves are known at their points only, so the truth lies in
/// (previous, at].
struct Crossing {
  std::int64_t previous = 0;  ///< last point before; 0: none
  std::int64_t at = 0;
};

/// First point with value >= threshold; nullopt if never reached.
std::optional<Crossing> first_at_least(std::span<const std::int64_t> edits, std::span<const double> values,
                                       double threshold);

/// The mean F1 of the downstream tasks beside the unedited model's. Whether a loss was gradual or a break, phases say.
struct DownstreamLoss {
  std::optional<Crossing> crossing;  ///< first under 75 % of it
  double baseline = 0.0;             ///< mean F1, percent
  double last_fraction = 0.0;        ///< of the baseline, at the last point
};
/// nullopt without a baseline or without any point after it, and where the unedited model has nothing to lose: F1 of 0,
/// or no examples.
std::optional<DownstreamLoss> downstream_loss(const CellHistory& history);

/// One paragraph of Markdown about the cells of one method and model. Cells without edits are counted, not judged.
std::string describe_findings(std::span<const CellHistory* const> samples);

}  // namespace lethe::report
