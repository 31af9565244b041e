#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "report/cell_history.h"

namespace lethe::report {

/// summary.md: overview, findings, one row a cell, phases, downstream tasks, what was left out and what is missing,
/// definitions. `phases` is the section of phases_page.h, `remarks` are those of the whole report, its cells' among
/// them.
std::string summary_page(const core::ExperimentConfig& config, std::span<const CellHistory> histories,
                         const std::string& phases, const Remarks& remarks);

/// The overview table alone, for a terminal: one row a (method, model), means over samples.
std::string overview_table(std::span<const CellHistory> histories);

}  // namespace lethe::report
