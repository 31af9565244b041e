#include "report/report.h"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <spdlog/fmt/fmt.h>

#include "core/build_info.h"
#include "core/config/experiment_config.h"
#include "core/error.h"
#include "ledger/commit.h"
#include "ledger/sweep_folder.h"
#include "report/cell_curves.h"
#include "report/cell_history.h"
#include "report/figures.h"
#include "report/plot_script.h"
#include "report/summary_page.h"
#include "storage/comparison.h"
#include "storage/report_file.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> text_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

core::ExperimentConfig load_experiment(const ledger::SweepFolder& folder, const core::MethodCatalogue& methods) {
  const auto text = text_of(folder.experiment());
  if (!text) {
    throw core::StorageError(folder.experiment().string() +
                             ": cannot be read; name the folder of a sweep (`lethe sweep CONFIG --out DIR` makes it)");
  }
  try {
    return core::experiment_config_from_json(*text, methods);
  } catch (const core::ConfigError& error) {
    throw core::StorageError(folder.experiment().string() + ": " + error.what());
  }
}

/// Tidy: one value a row; a missing value is an empty field.
std::string curves_csv(const std::vector<storage::Curve>& curves) {
  std::string text = "cell,metric,edits,value\n";
  for (const storage::Curve& curve : curves) {
    const std::string name = curve.cell.name();
    for (std::size_t i = 0; i < curve.edits.size(); ++i) {
      const std::string value = std::isfinite(curve.values[i]) ? fmt::format("{}", curve.values[i]) : "";
      text += fmt::format("{},{},{},{}\n", name, curve.metric, curve.edits[i], value);
    }
  }
  return text;
}

storage::Provenance provenance_of(const core::ExperimentConfig& config) {
  return {{"config", core::to_json(config)},
          {"version", std::string(core::version())},
          {"git_sha", std::string(core::git_sha())},
          {"is_dirty", core::is_dirty() ? "true" : "false"}};
}

/// Replaces curves.h5 unless the file there holds the same curves. Returns whether it changed.
bool update_curves(const fs::path& path, const storage::ReportContents& contents) {
  fs::path candidate = path;
  candidate += ".new";
  storage::write_report_file(candidate, contents);
  bool is_same = false;
  if (fs::exists(path)) {
    try {
      is_same = storage::compare_files(path, candidate).is_same;
    } catch (const core::StorageError&) {
      is_same = false;  // a report is derived: one that cannot be read is simply replaced
    }
  }
  if (is_same) {
    fs::remove(candidate);
  } else {
    fs::rename(candidate, path);
  }
  return !is_same;
}

bool are_figures_current(const fs::path& report_folder) {
  return text_of(report_folder / "plot_figures.py") == std::string(plot_script()) &&
         fs::exists(report_folder / "figures" / "overview.png");
}

std::vector<fs::path> figures_in(const fs::path& folder) {
  std::set<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".png") files.insert(entry.path());
  }
  return {files.begin(), files.end()};
}

}  // namespace

ReportResult write_report(const fs::path& sweep_folder, const core::MethodCatalogue& methods,
                          const ReportOptions& options) {
  const ledger::SweepFolder folder(sweep_folder);
  const core::ExperimentConfig config = load_experiment(folder, methods);
  std::vector<CellHistory> histories;
  storage::ReportContents contents{config.name, {}, provenance_of(config)};
  std::set<std::string> warnings;
  for (const core::GridCell& cell : config.cells) {
    histories.push_back(load_cell_history(folder, config, cell, options.inspection));
    warnings.insert(histories.back().warnings.begin(), histories.back().warnings.end());
    for (auto& curve : cell_curves(histories.back(), config)) contents.curves.push_back(std::move(curve));
  }

  ReportResult result;
  result.folder = folder.report();
  fs::create_directories(result.folder);
  ledger::replace_text(result.folder / "curves.csv", curves_csv(contents.curves));
  ledger::replace_text(result.folder / "summary.md", summary_page(config, histories));
  result.overview = overview_table(histories);
  result.warnings.assign(warnings.begin(), warnings.end());
  const bool has_changed = update_curves(result.folder / "curves.h5", contents);
  if (!options.has_figures) return result;
  if (!has_changed && are_figures_current(result.folder)) {
    result.figures = figures_in(result.folder / "figures");
    return result;
  }
  FigureResult figures = draw_figures(result.folder);
  result.figures = std::move(figures.files);
  if (!figures.problem.empty()) result.warnings.push_back("figures: " + figures.problem);
  return result;
}

int run_report_verb(const fs::path& sweep_folder, const core::MethodCatalogue& methods, bool has_figures) {
  const ReportResult result = write_report(sweep_folder, methods, {has_figures, std::nullopt});
  std::string text = result.overview + "\n";
  for (const std::string& warning : result.warnings) text += "warning: " + warning + "\n";
  text += "summary  " + (result.folder / "summary.md").string() + "\n";
  text += "curves   " + (result.folder / "curves.csv").string() + "\n";
  if (!result.figures.empty()) {
    text += fmt::format("figures  {} ({} files, begin with overview.png)\n", (result.folder / "figures").string(),
                        result.figures.size());
  }
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace lethe::report
