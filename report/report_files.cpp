#include "report/report_files.h"

#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "ledger/commit.h"
#include "report/csv_text.h"
#include "report/html_page.h"
#include "report/latex_tables.h"

namespace lethe::report {
namespace {

/// In a browser, as a picture.
bool can_be_shown(const FigureOptions& options) {
  return std::ranges::any_of(options.formats, [](const std::string& format) { return format != "pdf"; });
}

}  // namespace

std::string curve_rows(std::span<const storage::Curve> curves, const std::string& before) {
  std::string text;
  for (const storage::Curve& curve : curves) {
    const std::string begin = fmt::format("{}{},{},", before, cell_fields(curve.cell), curve.metric);
    for (std::size_t i = 0; i < curve.edits.size(); ++i) {
      text += fmt::format("{}{},{}\n", begin, curve.edits[i], csv_exact(curve.values[i]));
    }
  }
  return text;
}

ReportFigures add_figures(const ledger::RealFolder& report, const FigureOptions& options, const Drawing& drawing,
                          bool has_changed, Remarks& remarks) {
  if (!can_be_shown(options)) {
    remarks.notes.emplace_back("index.html shows no figures: they were drawn as PDF alone; ask for `--format png,pdf`");
  }
  if (!has_changed) {
    auto files = drawn_figures(report, options, drawing);
    if (!files.empty()) return {std::move(files), false};
  }
  FigureResult drawn = draw_figures(report, options, drawing);
  if (!drawn.problem.empty()) remarks.left_out.push_back("figures: " + drawn.problem);
  return {std::move(drawn.files), drawn.is_stopped};
}

void write_page(const ledger::RealFolder& report, const Page& page, const std::string& config_json, bool has_figures) {
  ledger::replace_text(report.path() / "summary.md", markdown_of(page));
  ledger::replace_text(report.path() / "summary.tex", latex_tables(page, "summary"));
  const auto shown = has_figures ? shown_figures(report) : std::vector<ShownFigure>();
  ledger::replace_text(report.path() / "index.html", html_page(page, shown, config_json));
}

std::string remark_lines(const Remarks& remarks) {
  std::string text;
  for (const std::string& one : remarks.left_out) text += "left out: " + one + "\n";
  for (const std::string& one : remarks.notes) text += "note: " + one + "\n";
  return text;
}

std::string page_lines(const std::filesystem::path& folder) {
  return "summary  " + (folder / "summary.md").string() + "\npage     " + (folder / "index.html").string() +
         "\ntables   " + (folder / "summary.tex").string() + "\n";
}

std::string figure_line(const std::filesystem::path& folder, std::size_t num_files, const FigureOptions& options) {
  if (num_files == 0) return "";
  return fmt::format("figures  {} ({} files, captions among them; begin with overview.{})\n",
                     (folder / "figures").string(), num_files, options.formats.front());
}

}  // namespace lethe::report
