#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "report/cell_history.h"
#include "report/disabling_results.h"
#include "report/page.h"
#include "report/phases.h"
#include "report/phases_page.h"
#include "report/references.h"
#include "report/remarks.h"
#include "storage/report_file.h"

namespace lethe::report {

/// All that a report says of one sweep, read from its folder and derived before anything is written.
struct SweepResults {
  std::filesystem::path root;
  core::ExperimentConfig config;
  std::optional<core::Inspection> inspection;  ///< what the newest run named
  std::vector<CellHistory> histories;          ///< of the grid's cells, in its order
  std::vector<CellPhases> phases;              ///< of each history
  std::vector<storage::Curve> curves;
  Subjects subjects;                                ///< of edits that phases name
  std::optional<SingleEditResults> single_edits{};  ///< of its models: report/sweep_single_edits.h
  Remarks remarks;                                  ///< of the folder and of all cells
  std::set<std::string> not_found;                  ///< of the identities asked for
};

/// Reads a sweep's committed files, and the data set for subjects, if what was edited is still where the experiment has
/// it. `identities`: edits, reductions or baselines to take instead of those that the experiment names. `references`:
/// by which texts get their consistency; null: they get none. Writes nothing. Throws `core::StorageError` if the folder
/// is no sweep's, `core::DataError` for flawed reference snippets.
SweepResults read_sweep(const std::filesystem::path& root, const core::MethodCatalogue& methods,
                        const std::set<std::string>& identities = {}, const ReferenceFiles* references = nullptr);

/// The page of its report (report/summary_page.h).
Page page_of(const SweepResults& sweep);

}  // namespace lethe::report
