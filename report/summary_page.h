#pragma once

#include <span>
#include <string>

#include "core/config/experiment_config.h"
#include "report/cell_history.h"
#include "report/page.h"

namespace lethe::report {

/// Over the section that says what the numbers mean, alike of every sweep.
inline constexpr const char* kExplanationsHeading = "How to read this";
/// Over the section of notes, the last of the remarks.
inline constexpr const char* kNotesHeading = "Notes";
/// Over the section that says which files are beside the page.
inline constexpr const char* kFilesHeading = "Files";

/// summary.md and index.html: overview, findings, one row a cell, phases, downstream tasks, what was left out and what
/// is missing, definitions, provenance. `phases` are the sections of phases_page.h and
/// properties_page.h, `prerequisites` the list of
/// prerequisite_list.h, `remarks` are those of the whole report, its cells' among them.
Page summary_page(const core::ExperimentConfig& config, std::span<const CellHistory> histories, const Page& phases,
                  const List& prerequisites, const Remarks& remarks);

/// The overview table alone, for a terminal: one row a (method, model), means over samples.
std::string overview_table(std::span<const CellHistory> histories);

}  // namespace lethe::report
