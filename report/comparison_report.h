#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/report.h"

namespace lethe::report {

struct ComparisonOptions {
  std::vector<std::filesystem::path> sweeps;  ///< two to `kMostSweeps`; each but the first is compared with the first
  std::filesystem::path out;                  ///< a folder of its own
  std::vector<std::string> labels{};          ///< one a sweep, or none (report/sweep_labels.h)
  ReportOptions report{};                     ///< an identity has to be of one of the sweeps
};

struct ComparisonResult {
  std::filesystem::path folder;
  std::string tables;  ///< for a terminal
  std::vector<std::filesystem::path> figures;
  Remarks remarks;  ///< each behind the label of its sweep
  bool is_stopped = false;
};

/// Reads the sweeps as `write_report` does, each by its own rules, and writes into `out` alone: comparison.csv,
/// comparison.md, differences.csv, curves.csv and edits.csv with a column `sweep`, summary.md, summary.tex,
/// index.html, plot_*.py, figures/. Throws `core::ConfigError` where `out` is one of the sweeps, lies in one, is
/// another sweep's folder or holds anything but a former report of several sweeps, and for labels; `core::StorageError`
/// with all folders that are no sweep's.
ComparisonResult write_comparison(const ComparisonOptions& options, const core::MethodCatalogue& methods);

/// `lethe report A B ... --out DIR`: exit status as of `run_report_verb`.
int run_comparison_verb(const ComparisonOptions& options, const core::MethodCatalogue& methods);

}  // namespace lethe::report
