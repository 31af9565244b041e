#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/config/method_config.h"
#include "report/figures.h"
#include "report/remarks.h"

namespace lethe::report {

struct ReportOptions {
  bool has_figures = true;
  /// Edits, reductions or baselines to report instead of those that the experiment names.
  std::set<std::string> identities{};
  FigureOptions figures{};
  std::filesystem::path references{};  ///< folder of reference texts (report/references.h); empty: no consistency
  std::filesystem::path disabling{};   ///< folder of single edits; empty: that beside the sweep, where there is one
};

struct ReportResult {
  std::filesystem::path folder;  ///< <sweep>/report
  std::string overview;          ///< table for a terminal
  std::vector<std::filesystem::path> figures;
  Remarks remarks;          ///< also in summary.md
  bool is_stopped = false;  ///< before its figures were drawn
};

/// Reads a sweep's committed files, nothing recomputed, and nothing else but the data set's records for the subjects of
/// edits that it names, if they are still there. Writes <sweep>/report/: curves.csv, curves.h5, edits.csv, phases.csv,
/// breaks.csv, summary.md, summary.tex, index.html, plot_*.py, figures/. The results are those that experiment.json and
/// inspection.json name (report/identity_choice.h). Unfinished cells are reported as far as they are. Figures are left
/// alone if neither curves nor phases changed since they were drawn. No link inside report/ is followed. Throws
/// `core::StorageError` if the folder is no sweep's, or the report cannot be written, and `core::ConfigError` for an
/// identity that is not there, and for single edits that are not this sweep's (report/sweep_single_edits.h).
/// With `references` their files are read too; what is wrong with them throws `core::DataError`.
ReportResult write_report(const std::filesystem::path& sweep_folder, const core::MethodCatalogue& methods,
                          const ReportOptions& options = {});

/// `lethe report`: writes the report and prints the overview, the remarks and where everything is.
/// Returns 0 if all that is committed of the experiment is in the report, also of an unfinished sweep; 1 if something
/// was left out, which the summary names; 75 if it was told to stop before its figures were drawn.
int run_report_verb(const std::filesystem::path& sweep_folder, const core::MethodCatalogue& methods,
                    const ReportOptions& options);

}  // namespace lethe::report
