#include "report/comparison_report.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <system_error>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include "core/error.h"
#include "core/exit_code.h"
#include "ledger/commit.h"
#include "ledger/durable_file.h"
#include "ledger/sweep_folder.h"
#include "ledger/temporary_file.h"
#include "report/comparison_page.h"
#include "report/csv_text.h"
#include "report/edits_csv.h"
#include "report/experiment_differences.h"
#include "report/merged_pages.h"
#include "report/report_files.h"
#include "report/summary_page.h"
#include "report/sweep_labels.h"
#include "report/sweep_single_edits.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

constexpr const char* kComparison = "comparison.csv";
constexpr const char* kCurves = "curves.csv";
constexpr const char* kDifferences = "differences.csv";
constexpr const char* kEdits = "edits.csv";
constexpr Drawing kDrawing{"plot_comparison.py", kCurves, "--differences", kDifferences};

constexpr const char* kFiles =
    "`comparison.csv` and `comparison.md` hold the quantities, `differences.csv` the curves' differences, `curves.csv` "
    "every curve and `edits.csv` every edit of every sweep, which their column `sweep` names; `plot_comparison.py "
    "curves.csv figures --differences "
    "differences.csv` draws the figures again. Each figure's caption stands beside it as text. `index.html` is this "
    "page "
    "with the figures, `summary.tex` its tables. Each sweep's own report (`lethe report DIR`) has its figures, "
    "`phases.csv` and `breaks.csv`.";

/// `inner` is `outer`, or lies in it.
bool is_within(const fs::path& inner, const fs::path& outer) {
  const auto [rest, end] = std::mismatch(inner.begin(), inner.end(), outer.begin(), outer.end());
  return end == outer.end();
}

/// The path without links, as far as it is there, and without a slash at its end.
fs::path real_path(const fs::path& path) {
  const auto real = fs::weakly_canonical(fs::absolute(path));
  return real.has_filename() ? real : real.parent_path();
}

void refuse_folder(const ComparisonOptions& options) {
  const auto out = real_path(options.out);
  const auto begin = "--out " + options.out.string() + ": ";
  for (const auto& sweep : options.sweeps) {
    if (!is_within(out, real_path(sweep))) continue;
    throw core::ConfigError(begin + "lies in the sweep " + sweep.string() +
                            ", into which a report of several sweeps writes nothing; name a folder beside it");
  }
  if (fs::exists(ledger::SweepFolder(out).experiment())) {
    throw core::ConfigError(begin + "is a sweep's folder (it has an experiment.json); name one of its own");
  }
  std::error_code error;
  const bool is_used = fs::is_directory(out, error) && !fs::is_empty(out, error);
  if (is_used && !fs::exists(out / kComparison)) {
    throw core::ConfigError(begin + "holds other files, and no report of several sweeps (no " + kComparison +
                            "); name an empty folder or a new one");
  }
}

/// All of them; those that cannot be read are told together.
std::vector<NamedSweep> read_sweeps(const ComparisonOptions& options, const std::vector<std::string>& labels,
                                    const core::MethodCatalogue& methods) {
  const auto references = reference_files(options.report.references);
  std::vector<NamedSweep> sweeps;
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    try {
      const auto& identities = options.report.identities;
      sweeps.push_back({labels[i], read_sweep(options.sweeps[i], methods, identities, references.get())});
      add_single_edits(sweeps.back().results, methods);
    } catch (const core::StorageError& error) {
      problems.emplace_back(error.what());
    }
  }
  if (!problems.empty()) throw core::StorageError(fmt::format("{}", fmt::join(problems, "\n")));
  for (const auto& identity : options.report.identities) {
    const auto lacks = [&](const NamedSweep& sweep) { return sweep.results.not_found.contains(identity); };
    if (std::ranges::all_of(sweeps, lacks)) {
      throw core::ConfigError("--identity " + identity + ": no cell of any of the sweeps has results of it");
    }
  }
  return sweeps;
}

std::string curves_of(const std::vector<NamedSweep>& sweeps) {
  std::string text = std::string("sweep,") + kCurveColumns + "\n";
  for (const NamedSweep& sweep : sweeps) text += curve_rows(sweep.results.curves, csv_quoted(sweep.label) + ",");
  return text;
}

std::string edits_of(const std::vector<NamedSweep>& sweeps) {
  std::set<std::string> diagnostics;
  for (const NamedSweep& sweep : sweeps) diagnostics.merge(diagnostics_of(sweep.results.histories));
  std::string text = "sweep," + edit_columns(diagnostics) + "\n";
  for (const NamedSweep& sweep : sweeps) {
    text += edit_rows(sweep.results.histories, diagnostics, csv_quoted(sweep.label) + ",");
  }
  return text;
}

Table sweeps_table(const std::vector<NamedSweep>& sweeps) {
  Table table{"sweeps",
              "The sweeps; each but the first is compared with the first.",
              {"sweep", "experiment", "folder", "complete", "edits", "fidelity", "seed"},
              {},
              3};
  for (const NamedSweep& sweep : sweeps) {
    const auto& config = sweep.results.config;
    const auto& histories = sweep.results.histories;
    std::int64_t done = 0;
    std::int64_t asked = 0;
    for (const CellHistory& history : histories) {
      done += static_cast<std::int64_t>(history.records.size());
      asked += history.progress.edits;
    }
    table.rows.push_back(
        {sweep.label, config.name, sweep.results.root.string(),
         fmt::format("{} of {}", std::ranges::count_if(histories, &CellHistory::is_complete), histories.size()),
         fmt::format("{} of {}", done, asked), config.fidelity == core::Fidelity::kCode ? "code" : "paper",
         std::to_string(config.seed)});
  }
  return table;
}

/// Title, sweeps, what differs, and the comparison: comparison.md, and the head of summary.md.
Page head_of(const std::vector<NamedSweep>& sweeps, const std::vector<SweepComparison>& comparisons,
             const Remarks& remarks) {
  std::string names;
  for (std::size_t i = 0; i < sweeps.size(); ++i) {
    names += (i == 0 ? "" : i + 1 == sweeps.size() ? " and " : ", ") + as_text(sweeps[i].label);
  }
  Page page{Heading{1, names}, sweeps_table(sweeps)};
  if (!remarks.left_out.empty()) {
    page.emplace_back(Paragraph{"**Some results are not in this report:**"});
    List list;
    for (const auto& text : remarks.left_out) list.items.push_back(as_message(text));
    page.emplace_back(std::move(list));
  }
  page.emplace_back(Heading{2, "What differs"});
  for (std::size_t i = 1; i < sweeps.size(); ++i) {
    page.emplace_back(Paragraph{fmt::format("**{}** beside **{}**, by their experiments:", as_text(sweeps[i].label),
                                            as_text(sweeps[0].label))});
    page.emplace_back(experiment_differences(sweeps[0], sweeps[i]));
  }
  append(page, comparison_section(comparisons));
  return page;
}

/// What each sweep's own report says, in one.
Page tail_of(const std::vector<NamedSweep>& sweeps) {
  std::vector<LabelledPage> pages;
  for (const NamedSweep& sweep : sweeps) pages.push_back({sweep.label, page_of(sweep.results)});
  Page tail = merged_sections(pages, kExplanationsHeading, kFilesHeading);
  tail.insert(tail.end(), {Heading{2, kFilesHeading}, Paragraph{kFiles}});
  return tail;
}

/// Says what speaks of the report itself, under the heading of its sweeps' notes.
void add_notes(const std::vector<std::string>& notes, Page& page) {
  if (notes.empty()) return;
  const auto find_heading = [&](const std::string& text) {
    return std::ranges::find_if(page, [&](const Block& block) {
      const auto* heading = std::get_if<Heading>(&block);
      return heading != nullptr && heading->text == text;
    });
  };
  auto place = find_heading(kNotesHeading);
  if (place == page.end()) place = page.insert(find_heading(kExplanationsHeading), Heading{2, kNotesHeading});
  List list;
  for (const auto& note : notes) list.items.push_back(as_message(note));
  page.insert(place + 1, std::move(list));
}

std::string configs_of(const std::vector<NamedSweep>& sweeps) {
  std::string text;
  for (const NamedSweep& sweep : sweeps) text += sweep.label + ":\n" + core::to_json(sweep.results.config) + "\n";
  return text;
}

Remarks remarks_of(const std::vector<NamedSweep>& sweeps) {
  Remarks remarks;
  for (const NamedSweep& sweep : sweeps) {
    for (const auto& text : sweep.results.remarks.left_out) remarks.left_out.push_back(sweep.label + ": " + text);
    for (const auto& text : sweep.results.remarks.notes) remarks.notes.push_back(sweep.label + ": " + text);
  }
  return remarks;
}

/// Replaces a text. Returns whether it changed.
bool update_text(const ledger::RealFolder& folder, const char* name, const std::string& text) {
  if (folder.read(name) == text) return false;
  ledger::replace_text(folder.path() / name, text);
  return true;
}

}  // namespace

ComparisonResult write_comparison(const ComparisonOptions& options, const core::MethodCatalogue& methods) {
  const auto labels = sweep_labels(options.sweeps, options.labels);
  refuse_folder(options);
  const auto sweeps = read_sweeps(options, labels, methods);
  std::vector<SweepComparison> comparisons;
  for (std::size_t i = 1; i < sweeps.size(); ++i) comparisons.push_back(compare(sweeps[0], sweeps[i]));

  ComparisonResult result;
  result.folder = fs::absolute(options.out).lexically_normal();
  if (!result.folder.has_filename()) result.folder = result.folder.parent_path();
  result.remarks = remarks_of(sweeps);
  ledger::make_folder(result.folder.parent_path());
  const auto folder = ledger::RealFolder::make(result.folder);
  ledger::remove_stale_temporaries(result.folder);
  ledger::replace_text(result.folder / kComparison, comparison_csv(comparisons));
  ledger::replace_text(result.folder / kDifferences, differences_csv(comparisons));
  ledger::replace_text(result.folder / kEdits, edits_of(sweeps));
  const bool has_changed = update_text(folder, kCurves, curves_of(sweeps));
  Remarks of_figures;
  if (options.report.has_figures) {
    auto figures = add_figures(folder, options.report.figures, kDrawing, has_changed, of_figures);
    RemarkList(result.remarks).add(of_figures);
    result.figures = std::move(figures.files);
    result.is_stopped = figures.is_stopped;
  }
  Page page = head_of(sweeps, comparisons, result.remarks);
  ledger::replace_text(result.folder / "comparison.md", markdown_of(page));
  page.emplace_back(FiguresHere{});
  append(page, tail_of(sweeps));
  add_notes(of_figures.notes, page);
  write_page(folder, page, configs_of(sweeps), options.report.has_figures);
  for (const SweepComparison& comparison : comparisons) {
    result.tables += comparison.second + " beside " + comparison.first + "\n" + comparison_table(comparison) + "\n";
  }
  return result;
}

int run_comparison_verb(const ComparisonOptions& options, const core::MethodCatalogue& methods) {
  const ComparisonResult result = write_comparison(options, methods);
  std::string text = result.tables + remark_lines(result.remarks) + page_lines(result.folder);
  text += "compared " + (result.folder / kComparison).string() + "\n";
  text += "curves   " + (result.folder / kCurves).string() + "\n";
  text += "edits    " + (result.folder / kEdits).string() + "\n";
  text += figure_line(result.folder, result.figures.size(), options.report.figures);
  std::fputs(text.c_str(), stdout);
  if (result.is_stopped) return core::kExitStopped;
  return result.remarks.left_out.empty() ? core::kExitDone : core::kExitFailed;
}

}  // namespace lethe::report
