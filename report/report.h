#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/config/method_config.h"
#include "core/contract/inspection.h"

namespace lethe::report {

struct ReportOptions {
  bool has_figures = true;
  /// Says which identities are current where files of several lie side by side; without it the newest are taken.
  std::optional<core::Inspection> inspection;
};

struct ReportResult {
  std::filesystem::path folder;  ///< <sweep>/report
  std::string overview;          ///< table for a terminal
  std::vector<std::filesystem::path> figures;
  std::vector<std::string> warnings;  ///< damaged files, figures that could not be drawn
};

/// Reads a sweep's committed files, nothing else and nothing recomputed, and writes <sweep>/report/: curves.csv,
/// curves.h5, summary.md, plot_figures.py, figures/. Unfinished cells are reported as far as they are. Figures are
/// left alone if no curve changed since they were drawn.
/// Throws `core::StorageError` if the folder is no sweep's, or the report cannot be written.
ReportResult write_report(const std::filesystem::path& sweep_folder, const core::MethodCatalogue& methods,
                          const ReportOptions& options = {});

/// `lethe report`: writes the report and prints the overview, the warnings and where everything is.
/// Returns 0 also for unfinished sweeps and with warnings; damaged files are named, the rest is reported.
int run_report_verb(const std::filesystem::path& sweep_folder, const core::MethodCatalogue& methods, bool has_figures);

}  // namespace lethe::report
