#pragma once

#include <string>
#include <vector>

#include "report/cell_history.h"
#include "report/change_point.h"

// What a cell's health is told by. Each indicator is a curve whose falls are losses.

namespace lethe::report {

enum class IndicatorKind {
  kF1,          ///< mean F1 x 100 over the tasks that are above chance unedited
  kForgetting,  ///< percent of the facts known after their edit that are known now
  kEfficacy,    ///< ES in disjoint windows of edits
  kDistance,    ///< -log2(distance / edits): a fall by 1 is a distance per edit that has doubled
};
inline constexpr IndicatorKind kAllIndicators[] = {IndicatorKind::kF1, IndicatorKind::kForgetting,
                                                   IndicatorKind::kEfficacy, IndicatorKind::kDistance};
/// "f1", "forgetting", "efficacy", "distance": names in files.
const char* name_of(IndicatorKind kind);
/// "F1 above chance", ...: names in sentences.
const char* words_for(IndicatorKind kind);

struct Indicator {
  IndicatorKind kind = IndicatorKind::kF1;
  HealthCurve curve;
  BreakSearch search;
  std::string not_judged;  ///< why not; empty if `search.is_judged`
};

/// A health value in the unit of the curve that is plotted: forgotten facts in percent, distance.
double plotted_value(IndicatorKind kind, std::int64_t edits, double value);

/// Is the answer to the task better than chance? Matthews correlation at the 5 % level (n mcc² is chi squared).
bool is_above_chance(const core::TaskRecord& task);

/// One of each kind, searched for breaks.
std::vector<Indicator> indicators_of(const CellHistory& history);

}  // namespace lethe::report
