#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/real_folder.h"
#include "report/figures.h"
#include "report/page.h"
#include "report/remarks.h"
#include "storage/report_file.h"

// The files that every report's folder has.

namespace lethe::report {

/// `cell,method,model,sample,metric,edits,value`: the header of curves.csv.
inline constexpr const char* kCurveColumns = "cell,method,model,sample,metric,edits,value";
/// Tidy: one value a row, each behind `before` ("" or fields with a comma behind them); a missing value is an empty
/// field.
std::string curve_rows(std::span<const storage::Curve> curves, const std::string& before = "");

/// Figures with captions, and whether they were not all drawn because of a stop.
struct ReportFigures {
  std::vector<std::filesystem::path> files;
  bool is_stopped = false;
};
/// Draws what `drawing` says unless the figures there show it already: `has_changed` says whether what they are drawn
/// from is new. What hinders them goes into `remarks`, and so does what a browser cannot show.
ReportFigures add_figures(const ledger::RealFolder& report, const FigureOptions& options, const Drawing& drawing,
                          bool has_changed, Remarks& remarks);

/// Writes summary.md, summary.tex and index.html. `config_json` is shown on the page, which has the figures of
/// figures.txt if `has_figures`.
void write_page(const ledger::RealFolder& report, const Page& page, const std::string& config_json, bool has_figures);

/// What is printed of remarks, a line each.
std::string remark_lines(const Remarks& remarks);
/// Where page, summary and tables are, a line each.
std::string page_lines(const std::filesystem::path& folder);
/// Where the figures are; empty if there are none.
std::string figure_line(const std::filesystem::path& folder, std::size_t num_files, const FigureOptions& options);

}  // namespace lethe::report
