#include "report/report.h"

#include <cstdio>

#include "core/build_info.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "ledger/commit.h"
#include "ledger/temporary_file.h"
#include "report/edits_csv.h"
#include "report/phases_page.h"
#include "report/report_files.h"
#include "report/summary_page.h"
#include "report/sweep_results.h"
#include "report/sweep_single_edits.h"
#include "storage/comparison.h"
#include "storage/report_file.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCurves = "curves.h5";
constexpr const char* kEdits = "edits.csv";

storage::Provenance provenance_of(const SweepResults& sweep, const ReferenceFiles* references) {
  storage::Provenance provenance{{"config", core::to_json(sweep.config)},
                                 {"version", std::string(core::version())},
                                 {"git_sha", std::string(core::git_sha())},
                                 {"is_dirty", core::is_dirty() ? "true" : "false"}};
  if (references == nullptr) return provenance;
  for (const auto& [name, digest] : references->digests) provenance["references." + name] = digest;
  return provenance;
}

/// Replaces curves.h5 unless the file there holds the same curves. Returns whether it changed.
bool update_curves(const ledger::RealFolder& report, const storage::ReportContents& contents) {
  const fs::path path = report.path() / kCurves;
  const ledger::TemporaryFile candidate(report.path(), kCurves);
  storage::write_report_file(candidate.path(), contents);
  try {
    if (report.has_file(kCurves) && storage::compare_files(path, candidate.path()).is_same) return false;
  } catch (const core::StorageError&) {
    // A report is derived: one that cannot be read is simply replaced.
  }
  fs::rename(candidate.path(), path);
  return true;
}

}  // namespace

ReportResult write_report(const fs::path& sweep_folder, const core::MethodCatalogue& methods,
                          const ReportOptions& options) {
  const auto references = reference_files(options.references);
  SweepResults sweep = read_sweep(sweep_folder, methods, options.identities, references.get());
  for (const auto& identity : sweep.not_found) {
    throw core::ConfigError("--identity " + identity + ": no cell of " + sweep.root.string() +
                            " has results of it; `lethe report` without it names those that there are");
  }
  add_single_edits(sweep, methods, options.disabling);
  ReportResult result;
  result.folder = ledger::SweepFolder(sweep.root).report();
  result.overview = overview_table(sweep.histories);

  const auto report = ledger::RealFolder::make(result.folder);
  ledger::remove_stale_temporaries(result.folder);
  ledger::replace_text(result.folder / "curves.csv", std::string(kCurveColumns) + "\n" + curve_rows(sweep.curves));
  const auto diagnostics = diagnostics_of(sweep.histories);
  ledger::replace_text(result.folder / kEdits,
                       edit_columns(diagnostics) + "\n" + edit_rows(sweep.histories, diagnostics));
  ledger::replace_text(result.folder / "phases.csv", phases_csv(sweep.phases, sweep.subjects));
  ledger::replace_text(result.folder / "breaks.csv", breaks_csv(sweep.phases));
  const bool has_changed =
      update_curves(report, {sweep.config.name, sweep.curves, provenance_of(sweep, references.get())});
  if (options.has_figures) {
    auto figures = add_figures(report, options.figures, kDrawingOfASweep, has_changed, sweep.remarks);
    result.figures = std::move(figures.files);
    result.is_stopped = figures.is_stopped;
  }
  write_page(report, page_of(sweep), core::to_json(sweep.config), options.has_figures);
  result.remarks = std::move(sweep.remarks);
  return result;
}

int run_report_verb(const fs::path& sweep_folder, const core::MethodCatalogue& methods, const ReportOptions& options) {
  const ReportResult result = write_report(sweep_folder, methods, options);
  std::string text = result.overview + "\n" + remark_lines(result.remarks) + page_lines(result.folder);
  text += "phases   " + (result.folder / "phases.csv").string() + "\n";
  text += "curves   " + (result.folder / "curves.csv").string() + "\n";
  text += "edits    " + (result.folder / kEdits).string() + "\n";
  text += figure_line(result.folder, result.figures.size(), options.figures);
  std::fputs(text.c_str(), stdout);
  if (result.is_stopped) return core::kExitStopped;
  return result.remarks.left_out.empty() ? core::kExitDone : core::kExitFailed;
}

}  // namespace lethe::report
