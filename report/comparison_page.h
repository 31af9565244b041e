#pragma once

#include <span>
#include <string>

#include "report/comparison.h"
#include "report/page.h"

// What a report of several sweeps says of their differences: comparison.md, comparison.csv, differences.csv.

namespace lethe::report {

/// comparison.csv: a row a pair of sweeps, method, model and quantity.
std::string comparison_csv(std::span<const SweepComparison> comparisons);
/// differences.csv: a row a pair of sweeps, method, model, curve and number of edits that both have.
std::string differences_csv(std::span<const SweepComparison> comparisons);

/// Of each pair what is paired and what is not, and a table of quantities; behind them how to read it.
Page comparison_section(std::span<const SweepComparison> comparisons);

/// A table for a terminal: the quantities of a pair.
std::string comparison_table(const SweepComparison& comparison);

}  // namespace lethe::report
