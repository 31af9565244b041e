#pragma once

#include <cstdint>
#include <vector>

#include "report/cell_history.h"

namespace lethe::report {

/// What counts as knowing an edited fact.
enum class Recall {
  kArgmax,    ///< greedy answer equals target_new: the published curves
  kEfficacy,  ///< nll_new < nll_true: the paper's text
};

/// Forgotten share of the facts that were known right after their edit, percent (algorithms 10).
struct ForgettingCurve {
  std::vector<std::int64_t> edits;
  /// Not known at some history point up to n: the published definition, under which nothing is ever recovered.
  std::vector<double> ever;
  /// Not known at n: recoveries count.
  std::vector<double> now;
};

/// 100 x forgotten / known-after-edit among edits 1..n, at each history point n; 0 if none was known.
ForgettingCurve forgetting_curve(const CellHistory& history, Recall recall);

}  // namespace lethe::report
