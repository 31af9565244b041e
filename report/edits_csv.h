#pragma once

#include <set>
#include <span>
#include <string>

#include "report/cell_history.h"

// edits.csv: what the segments say of each edit right after it, before any mean over edits (docs/formats.md 11).

namespace lethe::report {

/// Names of the diagnostics that an edit of these cells has: the last columns, in this order.
std::set<std::string> diagnostics_of(std::span<const CellHistory> cells);

/// The header's columns, `diagnostics` last.
std::string edit_columns(const std::set<std::string>& diagnostics);

/// A row an edit, each behind `before` ("" or fields with a comma behind them). A value that does not exist or is not
/// finite is an empty field.
std::string edit_rows(std::span<const CellHistory> cells, const std::set<std::string>& diagnostics,
                      const std::string& before = "");

}  // namespace lethe::report
