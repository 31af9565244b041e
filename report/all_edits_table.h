#pragma once

#include <span>

#include "report/cell_history.h"
#include "report/page.h"

namespace lethe::report {

/// A row for each cell whose prompts were all asked again, of the last time that they were.
Table all_edits_table(std::span<const CellHistory> histories);

}  // namespace lethe::report
