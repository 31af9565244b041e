#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/cell_history.h"
#include "report/phases.h"

namespace lethe::report {

/// A number that stands for a cell when sweeps are compared.
struct CellQuantity {
  std::string name;     ///< in files
  std::string title;    ///< in tables
  double value = 0.0;   ///< NaN: not there
  std::int64_t at = 0;  ///< number of edits that it is of
  bool is_small = false;
  std::int64_t num_known = 0;      ///< of a share of facts known right after their edit: how many those are
  std::vector<double> per_edit{};  ///< what it is the mean of, edit by edit; NaN where an edit has none
};

/// Those of a history, all derived by report/cell_summary.h: scores right after each edit and after all edits, facts
/// forgotten, F1 of the last point, normalised distance; what texts and monitor say last, where they were asked for;
/// and the edit by which the cell breaks. `phases` may know more edits than the history: a break is a fact of the whole
/// run.
std::vector<CellQuantity> quantities_of(const CellHistory& history, const CellPhases& phases);

}  // namespace lethe::report
