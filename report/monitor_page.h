#pragma once

#include <span>

#include "report/cell_history.h"
#include "report/page.h"

namespace lethe::report {

/// The section "Monitor": norms of each edited weight of each cell after the last edits at which they were measured,
/// and perplexity of the fixed text. Empty where nothing was.
Page monitor_section(std::span<const CellHistory> histories);

}  // namespace lethe::report
