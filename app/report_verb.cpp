#include "app/report_verb.h"

#include <memory>
#include <string>
#include <vector>

#include "app/shared_verbs.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "report/comparison_report.h"
#include "report/report.h"
#include "report/sweep_labels.h"
#include "worker/commands/terminal_monitor.h"

namespace lethe::app {
namespace {

namespace fs = std::filesystem;

struct ReportArguments {
  std::vector<std::string> sweeps, labels, identities;
  std::string out, references, disabling;
  bool no_figures = false;
  report::FigureOptions figures;
};

void add_figure_options(CLI::App& verb, ReportArguments& options) {
  verb.add_flag("--no-figures", options.no_figures, "tables and curves only");
  verb.add_option("--format", options.figures.formats, "of the figures, separated by commas: png, pdf, svg")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>(report::kFigureFormats.begin(), report::kFigureFormats.end())))
      ->capture_default_str();
  verb.add_option("--width", options.figures.width,
                  "of the figures: column (77 mm), page (160 mm), or millimetres from 40 to 500")
      ->check([](const std::string& width) {
        return report::is_figure_width(width) ? "" : "expected column, page, or millimetres from 40 to 500";
      })
      ->capture_default_str();
}

/// Throws `ConfigError` for options that do not go together.
void require_one_form(const ReportArguments& options) {
  const bool is_one = options.sweeps.size() == 1;
  if (!is_one && options.out.empty()) {
    throw core::ConfigError("report of " + std::to_string(options.sweeps.size()) +
                            " sweeps: name the folder that it goes into, --out DIR; nothing is written into theirs");
  }
  if (is_one && (!options.out.empty() || !options.labels.empty())) {
    throw core::ConfigError(
        "report of one sweep: it goes into the sweep's folder, report/, and needs no label; --out and "
        "--label go with two sweeps or more");
  }
  if (!is_one && !options.disabling.empty()) {
    throw core::ConfigError(
        "--disabling: goes with one sweep; a report of several takes the single edits in the folder beside each, "
        "<sweep>-disabling");
  }
}

int run_report(const ReportArguments& options) {
  require_one_form(options);
  report::ReportOptions report;
  report.has_figures = !options.no_figures;
  report.identities = {options.identities.begin(), options.identities.end()};
  report.figures = options.figures;
  report.references = options.references.empty() ? fs::path() : fs::absolute(options.references);
  report.disabling = options.disabling.empty() ? fs::path() : fs::absolute(options.disabling);
  const worker::TerminalMonitor monitor;
  report.figures.should_stop = [&monitor] { return monitor.should_stop(); };
  if (options.sweeps.size() == 1) {
    return report::run_report_verb(fs::absolute(options.sweeps.front()), editing::catalogue(), report);
  }
  const std::vector<fs::path> sweeps(options.sweeps.begin(), options.sweeps.end());
  return report::run_comparison_verb({sweeps, options.out, options.labels, report}, editing::catalogue());
}

}  // namespace

void add_report_verb(CLI::App& app, int& status) {
  const auto options = std::make_shared<ReportArguments>();
  auto* verb = app.add_subcommand("report", description_of("report"));
  verb->add_option("sweeps", options->sweeps,
                   "sweep folder; two to six of them, the first of which the others are compared "
                   "with")
      ->required()
      ->expected(1, static_cast<int>(report::kMostSweeps));
  verb->add_option("--out", options->out, "of several sweeps: the folder that their report goes into");
  verb->add_option("--label", options->labels,
                   "of several sweeps: what one is called, once for each in the order of the folders (default: the "
                   "folders' names)")
      ->allow_extra_args(false);
  add_figure_options(*verb, *options);
  verb->add_option("--identity", options->identities,
                   "edits, reductions or baselines of other settings to show instead of the experiment's")
      ->allow_extra_args(false);
  verb->add_option("--references", options->references,
                   "folder with attribute_snippets.json, tfidf_vocab.json and idf.npy (scripts/fetch-real "
                   "counterfact-references): the consistency of committed texts with them")
      ->check(CLI::ExistingDirectory);
  verb->add_option("--disabling", options->disabling,
                   "of one sweep: the folder of single edits (lethe diagnose disabling) that belong to it (default: "
                   "<sweep>-disabling, where it is there)");
  verb->footer(
      "Exit status: 0 all that is committed of the experiment is in the report, 1 something was left out (a damaged\n"
      "file, results of several settings, figures that cannot be drawn) or there is no report, 2 wrong arguments.\n"
      "summary.md names what was left out. An unfinished sweep is reported as far as it is, with 0.");
  verb->callback([options, &status] { status = run_report(*options); });
}

}  // namespace lethe::app
