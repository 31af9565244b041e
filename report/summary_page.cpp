#include "report/summary_page.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "core/build_info.h"
#include "report/all_edits_table.h"
#include "report/cell_summary.h"
#include "report/findings.h"
#include "report/present.h"

namespace lethe::report {
namespace {

std::string distance_text(double value) { return std::isnan(value) ? "–" : fmt::format("{:.4g}", value); }

using Pair = std::pair<std::string, std::string>;  // method, model

std::vector<std::pair<Pair, std::vector<const CellHistory*>>> by_pair(std::span<const CellHistory> histories) {
  std::vector<std::pair<Pair, std::vector<const CellHistory*>>> groups;
  for (const CellHistory& history : histories) {
    const Pair pair{history.cell.method, history.cell.model};
    auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.first == pair; });
    if (found == groups.end()) found = groups.insert(groups.end(), {pair, {}});
    found->second.push_back(&history);
  }
  return groups;
}

/// Mean over the samples that have the number; of fewer than there are edits of, it says of how many.
template <typename Field, typename Write>
std::string mean_over(const std::vector<CellSummary>& summaries, Field field, Write write) {
  const auto present = present_of(summaries, field);
  const auto num_begun = std::ranges::count_if(summaries, [](const CellSummary& s) { return s.num_edits > 0; });
  const bool is_of_all = present.count == 0 || present.count == num_begun;
  return write(present.mean()) + (is_of_all ? "" : fmt::format(" (of {})", present.count));
}

/// "18 of 20"; "–" before anything was measured.
std::string known_facts(const ForgottenShares& shares) {
  return shares.edited == 0 ? "–" : fmt::format("{} of {}", shares.known, shares.edited);
}

std::string edits_done(std::int64_t done, std::int64_t planned) {
  return done == planned ? std::to_string(done) : fmt::format("{} of {}", done, planned);
}

Row overview_row(const Pair& pair, const std::vector<const CellHistory*>& histories) {
  std::vector<CellSummary> all;
  std::int64_t done = 0;
  std::int64_t planned = 0;
  std::size_t num_complete = 0;
  ForgottenShares forgotten;
  for (const CellHistory* history : histories) {
    all.push_back(summarize_cell(*history));
    done += all.back().num_edits;
    planned += all.back().planned_edits;
    forgotten.known += all.back().forgotten.known;
    forgotten.edited += all.back().forgotten.edited;
    num_complete += all.back().is_complete ? 1 : 0;
  }
  const auto written = [](double value) { return number(value); };
  return {pair.first,
          pair.second,
          fmt::format("{} of {}", num_complete, histories.size()),
          edits_done(done, planned),
          mean_over(
              all, [](const CellSummary& s) { return s.whole.efficacy.value; }, written),
          mean_over(
              all, [](const CellSummary& s) { return s.whole.paraphrase.value; }, written),
          mean_over(
              all, [](const CellSummary& s) { return s.whole.neighborhood.value; }, written),
          mean_over(
              all, [](const CellSummary& s) { return s.score; }, written),
          known_facts(forgotten),
          mean_over(
              all, [](const CellSummary& s) { return s.forgotten.ever; }, written),
          mean_over(
              all, [](const CellSummary& s) { return s.baseline_mean_f1; }, written),
          mean_over(
              all, [](const CellSummary& s) { return s.final_mean_f1; }, written),
          mean_over(
              all, [](const CellSummary& s) { return s.distance; }, distance_text)};
}

/// "98.1 / 90.0 / 75.4"; a mean of fewer edits than `num_edits` says of how many.
std::string triple(const ProficiencyMeans& means, std::int64_t num_edits) {
  if (num_edits == 0) return "–";
  const auto text = [&](const Mean& mean) {
    return number(mean.value) + (mean.count == 0 || mean.count == num_edits ? "" : fmt::format(" (of {})", mean.count));
  };
  return fmt::format("{} / {} / {}", text(means.efficacy), text(means.paraphrase), text(means.neighborhood));
}

Table overview(std::span<const CellHistory> histories) {
  Table table{"overview",
              "Means over samples and, for ES, PS, NS, over all edits; percent.",
              {"method", "model", "complete", "edits", "ES", "PS", "NS", "score", "known", "forgotten %", "F1 unedited",
               "F1 edited", "distance"},
              {},
              2,
              2};
  for (const auto& [pair, group] : by_pair(histories)) table.rows.push_back(overview_row(pair, group));
  return table;
}

Table cell_table(std::span<const CellHistory> histories) {
  std::vector<Row> rows;
  for (const CellHistory& history : histories) {
    const CellSummary s = summarize_cell(history);
    const auto window = std::min(s.num_edits, static_cast<std::int64_t>(kSummaryWindow));
    rows.push_back({s.cell.name(), edits_done(s.num_edits, s.planned_edits), std::to_string(s.num_failed_edits),
                    triple(s.first, window), triple(s.last, window), triple(s.whole, s.num_edits), number(s.score, 2),
                    known_facts(s.forgotten), number(s.forgotten.ever), number(s.forgotten.now),
                    known_facts(s.forgotten_efficacy), number(s.forgotten_efficacy.ever), distance_text(s.distance)});
  }
  return {"cells",
          "ES / PS / NS in percent, right after each edit; facts forgotten of those known, percent.",
          {"cell", "edits", "failed", fmt::format("first {}", kSummaryWindow), fmt::format("last {}", kSummaryWindow),
           "whole run", "score", "known", "forgotten", "forgotten now", "known (ES)", "forgotten (ES)", "distance"},
          std::move(rows),
          1};
}

/// Numbers of examples that the cells were asked of each task, by task; columns in order of first sight.
struct TaskColumn {
  std::string task;
  std::set<std::size_t> num_examples;
};

std::vector<TaskColumn> task_columns(const std::vector<CellSummary>& summaries) {
  std::vector<TaskColumn> columns;
  for (const CellSummary& summary : summaries) {
    for (const TaskChange& task : summary.tasks) {
      auto found = std::ranges::find(columns, task.task, &TaskColumn::task);
      if (found == columns.end()) found = columns.insert(columns.end(), {task.task, {}});
      found->num_examples.insert(task.num_examples);
    }
  }
  return columns;
}

/// "sst2 (200)".
std::string heading(const TaskColumn& column) {
  const auto low = *column.num_examples.begin();
  const auto high = *column.num_examples.rbegin();
  return low == high ? fmt::format("{} ({})", column.task, low) : fmt::format("{} ({} to {})", column.task, low, high);
}

/// Without rows where no task was asked.
Table task_table(std::span<const CellHistory> histories) {
  Table table{"tasks",
              "Weighted F1 in percent, of the unedited model and at the last reduction; in brackets the number of "
              "examples.",
              {"cell", "edits"},
              {},
              1};
  std::vector<CellSummary> summaries;
  for (const CellHistory& history : histories) summaries.push_back(summarize_cell(history));
  const auto columns = task_columns(summaries);
  if (columns.empty()) return table;
  const auto change = [](double baseline, double last) { return number(baseline) + " → " + number(last); };
  for (const CellSummary& summary : summaries) {
    Row row{summary.cell.name(), std::to_string(summary.last_task_edits)};
    for (const TaskColumn& column : columns) {
      const auto found = std::ranges::find(summary.tasks, column.task, &TaskChange::task);
      row.push_back(found == summary.tasks.end() ? "–" : change(found->baseline_f1, found->final_f1));
    }
    row.push_back(change(summary.baseline_mean_f1, summary.final_mean_f1));
    table.rows.push_back(std::move(row));
  }
  for (const TaskColumn& column : columns) table.header.push_back(heading(column));
  table.header.emplace_back("mean");
  return table;
}

/// What made the results, cell by cell.
Table provenance_table(std::span<const CellHistory> histories) {
  Table table{"provenance", "The identity under which each cell's edits lie.", {"cell", "edits of"}, {}, 2};
  for (const CellHistory& history : histories) {
    table.rows.push_back({history.cell.name(), history.edit_identity.empty() ? "–" : history.edit_identity});
  }
  return table;
}

List escaped(const std::set<std::string>& lines) {
  List list;
  for (const std::string& line : lines) list.items.push_back(as_message(line));
  return list;
}

std::set<std::string> cancelled_cells(std::span<const CellHistory> histories) {
  std::set<std::string> lines;
  for (const auto& history : histories) {
    const auto& progress = history.progress;
    if (!progress.is_cancelled) continue;
    const auto reason = history.cancel_reason.empty() ? "" : ": " + history.cancel_reason;
    lines.insert(
        fmt::format("{}: after edit {} of {}{}", history.cell.name(), progress.edits_done, progress.edits, reason));
  }
  return lines;
}

std::set<std::string> ended_cells(std::span<const CellHistory> histories) {
  std::set<std::string> lines;
  for (const auto& history : histories) {
    const auto& progress = history.progress;
    if (!progress.collapsed_at) continue;
    lines.insert(fmt::format("{}: ended at edit {} of {}: collapsed at {}", history.cell.name(), progress.edits,
                             progress.edits_asked, *progress.collapsed_at));
  }
  return lines;
}

/// What is not done yet: the sweep goes on with it.
std::set<std::string> missing_work(std::span<const CellHistory> histories) {
  std::set<std::string> lines;
  for (const CellHistory& history : histories) {
    const auto& progress = history.progress;
    const auto done = static_cast<std::int64_t>(history.records.size());
    if (done < progress.edits_wanted()) {
      lines.insert(fmt::format("{}: {} of {} edits done", history.cell.name(), done, progress.edits));
    }
    std::size_t num_missing = 0;
    for (const auto& [edits, parts] : progress.missing) num_missing += edits <= progress.edits_done ? parts.size() : 0;
    if (num_missing == 0) continue;
    lines.insert(fmt::format("{}: {} reductions of the edits done are missing", history.cell.name(), num_missing));
  }
  return lines;
}

void add_remarks(std::span<const CellHistory> histories, const Remarks& remarks, Page& page) {
  const auto add = [&](const char* heading, const char* text, const std::set<std::string>& lines) {
    if (lines.empty()) return;
    page.emplace_back(Heading{2, heading});
    if (*text != '\0') page.emplace_back(Paragraph{text});
    page.emplace_back(escaped(lines));
  };
  add("Left out", "Committed, but not in this report.", {remarks.left_out.begin(), remarks.left_out.end()});
  add("Cancelled",
      "Their user wanted no further edits of them; curves go up to there. `lethe cancel --undo` takes it back.",
      cancelled_cells(histories));
  add("Ended at their collapse",
      "`stop_at_collapse` ended them: they are complete, and curves go up to there. The rule looks at neighbourhood "
      "prompts alone, while the edits run; *Phases* are found in all of the curves, afterwards.",
      ended_cells(histories));
  add("Missing", "Running the sweep again continues it.", missing_work(histories));
  add(kNotesHeading, "", {remarks.notes.begin(), remarks.notes.end()});
}

constexpr const char* kDefinitions[] = {
    "**ES, PS, NS** (efficacy, paraphrase, neighborhood score): share of prompts, in percent, on which the wanted "
    "target is more likely than the other, asked right after each edit; a tie counts as failure. In the cell table "
    "they are given as ES / PS / NS. **Score** is their harmonic mean over the whole run.",
    "**Known**: facts answered correctly (greedily) right after their edit, of those edited up to the last check. "
    "**Forgotten**: the share of the known ones, in percent, that was answered wrongly at any later check. "
    "*Forgotten now* counts only those that are wrong at the last check. *(ES)* uses \"more likely than the old "
    "fact\" instead of the greedy answer. A share of nothing is \"–\".",
    "**F1** is weighted by class, answers outside the task's words counting as wrong; \"after edit a and by edit b\" "
    "are "
    "the reductions around a loss.",
    "**Phases** say whether a loss was gradual or a break: F1, forgetting, ES and distance are searched together for a "
    "fall that their noise does not explain; *confidence* is the probability that the fall is nearer "
    "to a break than to a decline. `phases.csv` and `breaks.csv` have all of it.",
    "**Distance** is the Frobenius norm of the change of all edited parameters.",
    "**After all edits**, all prompts are asked once more, of the last model. *Exact match*: rewrite and paraphrase "
    "prompts whose greedy answer is the new target; *token accuracy*: the share of its tokens that are the likeliest, "
    "each behind the right ones before it; *locality*: the share of the neighbours' tokens in whose place the edited "
    "and the unedited model find the same token likeliest. docs/metrics.md says who reports which.",
    "**Samples** are numbered from 0; the paper numbers the same ones from 1.",
    "The results are those that `experiment.json` and `inspection.json` of the sweep's folder name. Others that lie "
    "beside them are shown on request: `lethe report DIR --identity ID`.",
};

constexpr const char* kFiles =
    "`curves.csv` and `curves.h5` hold every curve, `edits.csv` what was measured right after each edit; "
    "`plot_figures.py curves.h5 figures --phases phases.csv` draws "
    "the figures again. Each figure's caption stands beside it as text. `index.html` is this page with the figures, "
    "`summary.tex` its tables.";

std::string written_by() {
  return fmt::format("Written by lethe {} ({}{}).", core::version(), core::git_sha(),
                     core::is_dirty() ? ", with uncommitted changes" : "");
}

}  // namespace

std::string overview_table(std::span<const CellHistory> histories) { return markdown_of(overview(histories)); }

Page summary_page(const core::ExperimentConfig& config, std::span<const CellHistory> histories, const Page& phases,
                  const List& prerequisites, const Remarks& remarks) {
  const auto num_complete =
      std::count_if(histories.begin(), histories.end(), [](const CellHistory& h) { return h.is_complete(); });
  const auto num_cancelled = std::ranges::count_if(histories, [](const auto& h) { return h.progress.is_cancelled; });
  const auto cancelled = num_cancelled == 0 ? "" : fmt::format(", {} cancelled (see *Cancelled*)", num_cancelled);
  Page page{
      Heading{1, as_text(config.name)},
      Paragraph{fmt::format("{} of {} cells are complete{}. Fidelity: {}. Seed: {}.", num_complete, histories.size(),
                            cancelled, config.fidelity == core::Fidelity::kCode ? "code" : "paper", config.seed)}};
  if (!remarks.left_out.empty()) {
    page.emplace_back(Paragraph{"**Some results are not in this report:** see *Left out*."});
  }
  page.insert(page.end(), {Heading{2, "Overview"}, overview(histories), Heading{2, "Findings"}});
  List findings;
  for (const auto& [pair, group] : by_pair(histories)) findings.items.push_back(describe_findings(group));
  page.insert(page.end(), {findings, FiguresHere{}, Heading{2, "Cells"}, cell_table(histories)});
  page.insert(page.end(), phases.begin(), phases.end());
  if (Table tasks = task_table(histories); !tasks.rows.empty()) {
    page.insert(page.end(), {Heading{2, "Downstream tasks"}, std::move(tasks)});
  }
  if (Table after = all_edits_table(histories); !after.rows.empty()) {
    page.insert(page.end(), {Heading{2, "After all edits"}, std::move(after)});
  }
  add_remarks(histories, remarks, page);
  page.insert(page.end(), {Heading{2, kExplanationsHeading}, List{{std::begin(kDefinitions), std::end(kDefinitions)}},
                           Heading{2, kFilesHeading}, Paragraph{kFiles}, Heading{2, "Provenance"},
                           Paragraph{written_by()}, provenance_table(histories)});
  if (!prerequisites.items.empty()) {
    page.insert(page.end(), {Paragraph{"What the files that cells share say of themselves:"}, prerequisites});
  }
  return page;
}

}  // namespace lethe::report
