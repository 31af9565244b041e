#include "report/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <spdlog/fmt/fmt.h>

#include "core/build_info.h"
#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "core/error.h"
#include "core/exit_code.h"
#include "data/counterfact.h"
#include "ledger/commit.h"
#include "ledger/real_folder.h"
#include "ledger/sweep_folder.h"
#include "ledger/temporary_file.h"
#include "report/cell_curves.h"
#include "report/cell_history.h"
#include "report/html_page.h"
#include "report/identity_choice.h"
#include "report/latex_tables.h"
#include "report/page.h"
#include "report/phases.h"
#include "report/phases_page.h"
#include "report/prerequisite_list.h"
#include "report/properties_page.h"
#include "report/summary_page.h"
#include "report/texts_page.h"
#include "storage/comparison.h"
#include "storage/report_file.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCurves = "curves.h5";

/// What the newest run named; nothing, with a note, where it left nothing that can be read.
std::optional<core::Inspection> read_inspection(const ledger::SweepFolder& folder, Remarks& remarks) {
  try {
    auto inspection = core::read_inspection(folder.inspection());
    if (!inspection) {
      remarks.notes.emplace_back(
          "inspection.json is not there: what lies alone in its folder was taken for this "
          "experiment's; `lethe sweep` writes it");
    }
    return inspection;
  } catch (const core::StorageError& error) {
    remarks.notes.push_back(std::string(error.what()) +
                            ". What lies alone in its folder was taken for this experiment's");
    return std::nullopt;
  }
}

/// Tidy: one value a row; a missing value is an empty field.
std::string curves_csv(const std::vector<storage::Curve>& curves) {
  std::string text = "cell,method,model,sample,metric,edits,value\n";
  for (const storage::Curve& curve : curves) {
    const auto& cell = curve.cell;
    const std::string begin =
        fmt::format("{},{},{},{},{},", cell.name(), cell.method, cell.model, cell.sample, curve.metric);
    for (std::size_t i = 0; i < curve.edits.size(); ++i) {
      const std::string value = std::isfinite(curve.values[i]) ? fmt::format("{}", curve.values[i]) : "";
      text += fmt::format("{}{},{}\n", begin, curve.edits[i], value);
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

void add_figures(const ledger::RealFolder& report, const FigureOptions& options, bool has_changed,
                 ReportResult& result) {
  if (!has_changed) result.figures = drawn_figures(report, options);
  if (!result.figures.empty()) return;
  FigureResult drawn = draw_figures(report, options);
  result.figures = std::move(drawn.files);
  result.is_stopped = drawn.is_stopped;
  if (!drawn.problem.empty()) result.remarks.left_out.push_back("figures: " + drawn.problem);
}

/// In a browser, as a picture.
bool can_be_shown(const FigureOptions& options) {
  return std::ranges::any_of(options.formats, [](const std::string& format) { return format != "pdf"; });
}

/// Each remark once: a damaged baseline is found by every cell of its model.
void add(const Remarks& more, Remarks& remarks) {
  const auto append = [](const std::vector<std::string>& from, std::vector<std::string>& to) {
    for (const auto& text : from) {
      if (std::ranges::find(to, text) == to.end()) to.push_back(text);
    }
  };
  append(more.notes, remarks.notes);
  append(more.left_out, remarks.left_out);
}

/// Subjects of the edits that phases name, from the data set's records if they are still where the experiment has them.
Subjects subjects_of(std::span<const CellPhases> cells, const core::DatasetConfig& dataset) {
  Subjects subjects;
  for (const CellPhases& cell : cells) {
    if (cell.edit) subjects[cell.edit->case_id] = "";
  }
  if (subjects.empty()) return subjects;
  try {
    for (const data::EditRequest& request : data::read_records(dataset)) {
      if (const auto found = subjects.find(request.case_id); found != subjects.end()) found->second = request.subject;
    }
  } catch (const core::DataError&) {
    // A report needs the sweep's folder alone: case ids stay without a subject.
  }
  return subjects;
}

}  // namespace

ReportResult write_report(const fs::path& sweep_folder, const core::MethodCatalogue& methods,
                          const ReportOptions& options) {
  const ledger::SweepFolder folder(fs::absolute(sweep_folder));
  const auto config = core::read_experiment_config(folder.experiment(), methods);
  ReportResult result;
  result.folder = folder.report();
  const auto inspection = read_inspection(folder, result.remarks);
  IdentityChoice choice(inspection, options.identities);
  std::vector<CellHistory> histories;
  std::vector<CellPhases> phases;
  storage::ReportContents contents{config.name, {}, provenance_of(config)};
  for (const core::GridCell& cell : config.cells) {
    histories.push_back(load_cell_history(folder, config, cell, choice));
    add(histories.back().remarks, result.remarks);
    phases.push_back(phases_of(histories.back()));
    for (auto& curve : cell_curves(histories.back(), config)) contents.curves.push_back(std::move(curve));
    for (auto& curve : phase_curves(phases.back())) contents.curves.push_back(std::move(curve));
  }
  for (const auto& identity : choice.not_found()) {
    throw core::ConfigError("--identity " + identity + ": no cell of " + folder.root().string() +
                            " has results of it; `lethe report` without it names those that there are");
  }
  result.overview = overview_table(histories);

  const auto report = ledger::RealFolder::make(result.folder);
  ledger::remove_stale_temporaries(result.folder);
  ledger::replace_text(result.folder / "curves.csv", curves_csv(contents.curves));
  const Subjects subjects = subjects_of(phases, config.dataset);
  ledger::replace_text(result.folder / "phases.csv", phases_csv(phases, subjects));
  ledger::replace_text(result.folder / "breaks.csv", breaks_csv(phases));
  const bool has_changed = update_curves(report, contents);
  if (options.has_figures) add_figures(report, options.figures, has_changed, result);
  if (options.has_figures && !can_be_shown(options.figures)) {
    result.remarks.notes.emplace_back(
        "index.html shows no figures: they were drawn as PDF alone; ask for `--format png,pdf`");
  }
  Page sections = phases_section(phases, subjects);
  for (auto& block : properties_section(histories, phases)) sections.push_back(std::move(block));
  for (auto& block : texts_section(histories, phases)) sections.push_back(std::move(block));
  const Page page =
      summary_page(config, histories, sections, prerequisite_list(inspection, folder.root()), result.remarks);
  ledger::replace_text(result.folder / "summary.md", markdown_of(page));
  ledger::replace_text(result.folder / "summary.tex", latex_tables(page));
  const auto shown = options.has_figures ? shown_figures(report) : std::vector<ShownFigure>();
  ledger::replace_text(result.folder / "index.html", html_page(page, shown, core::to_json(config)));
  return result;
}

int run_report_verb(const fs::path& sweep_folder, const core::MethodCatalogue& methods, const ReportOptions& options) {
  const ReportResult result = write_report(sweep_folder, methods, options);
  std::string text = result.overview + "\n";
  for (const std::string& one : result.remarks.left_out) text += "left out: " + one + "\n";
  for (const std::string& one : result.remarks.notes) text += "note: " + one + "\n";
  text += "summary  " + (result.folder / "summary.md").string() + "\n";
  text += "page     " + (result.folder / "index.html").string() + "\n";
  text += "tables   " + (result.folder / "summary.tex").string() + "\n";
  text += "phases   " + (result.folder / "phases.csv").string() + "\n";
  text += "curves   " + (result.folder / "curves.csv").string() + "\n";
  if (!result.figures.empty()) {
    text += fmt::format("figures  {} ({} files, captions among them; begin with overview.{})\n",
                        (result.folder / "figures").string(), result.figures.size(), options.figures.formats.front());
  }
  std::fputs(text.c_str(), stdout);
  if (result.is_stopped) return core::kExitStopped;
  return result.remarks.left_out.empty() ? core::kExitDone : core::kExitFailed;
}

}  // namespace lethe::report
