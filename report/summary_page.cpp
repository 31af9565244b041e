#include "report/summary_page.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "report/cell_summary.h"
#include "report/findings.h"
#include "report/markdown_table.h"

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

/// Mean over the samples that have the number.
template <typename Field>
double mean_over(const std::vector<CellSummary>& summaries, Field field) {
  double sum = 0.0;
  int count = 0;
  for (const CellSummary& summary : summaries) {
    if (std::isnan(field(summary))) continue;
    sum += field(summary);
    ++count;
  }
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / count;
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
  return {pair.first,
          pair.second,
          fmt::format("{} of {}", num_complete, histories.size()),
          edits_done(done, planned),
          number(mean_over(all, [](const CellSummary& s) { return s.whole.efficacy.value; })),
          number(mean_over(all, [](const CellSummary& s) { return s.whole.paraphrase.value; })),
          number(mean_over(all, [](const CellSummary& s) { return s.whole.neighborhood.value; })),
          number(mean_over(all, [](const CellSummary& s) { return s.score; })),
          known_facts(forgotten),
          number(mean_over(all, [](const CellSummary& s) { return s.forgotten.ever; })),
          number(mean_over(all, [](const CellSummary& s) { return s.baseline_mean_f1; })),
          number(mean_over(all, [](const CellSummary& s) { return s.final_mean_f1; })),
          distance_text(mean_over(all, [](const CellSummary& s) { return s.distance; }))};
}

/// "98.1 / 90.0 / 75.4"; a mean of fewer edits than `num_edits` says of how many.
std::string triple(const ProficiencyMeans& means, std::int64_t num_edits) {
  if (num_edits == 0) return "–";
  const auto text = [&](const Mean& mean) {
    return number(mean.value) + (mean.count == 0 || mean.count == num_edits ? "" : fmt::format(" (of {})", mean.count));
  };
  return fmt::format("{} / {} / {}", text(means.efficacy), text(means.paraphrase), text(means.neighborhood));
}

std::string cell_table(std::span<const CellHistory> histories) {
  std::vector<Row> rows;
  for (const CellHistory& history : histories) {
    const CellSummary s = summarize_cell(history);
    const auto window = std::min(s.num_edits, static_cast<std::int64_t>(kSummaryWindow));
    rows.push_back({s.cell.name(), edits_done(s.num_edits, s.planned_edits), std::to_string(s.num_failed_edits),
                    triple(s.first, window), triple(s.last, window), triple(s.whole, s.num_edits), number(s.score, 2),
                    known_facts(s.forgotten), number(s.forgotten.ever), number(s.forgotten.now),
                    known_facts(s.forgotten_efficacy), number(s.forgotten_efficacy.ever), distance_text(s.distance)});
  }
  return markdown_table(
      {"cell", "edits", "failed", fmt::format("first {}", kSummaryWindow), fmt::format("last {}", kSummaryWindow),
       "whole run", "score", "known", "forgotten", "forgotten now", "known (ES)", "forgotten (ES)", "distance"},
      rows, 1);
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

std::string task_table(std::span<const CellHistory> histories) {
  std::vector<CellSummary> summaries;
  for (const CellHistory& history : histories) summaries.push_back(summarize_cell(history));
  const auto columns = task_columns(summaries);
  if (columns.empty()) return "";
  const auto change = [](double baseline, double last) { return number(baseline) + " → " + number(last); };
  std::vector<Row> rows;
  for (const CellSummary& summary : summaries) {
    Row row{summary.cell.name(), std::to_string(summary.last_task_edits)};
    for (const TaskColumn& column : columns) {
      const auto found = std::ranges::find(summary.tasks, column.task, &TaskChange::task);
      row.push_back(found == summary.tasks.end() ? "–" : change(found->baseline_f1, found->final_f1));
    }
    row.push_back(change(summary.baseline_mean_f1, summary.final_mean_f1));
    rows.push_back(std::move(row));
  }
  Row header{"cell", "edits"};
  for (const TaskColumn& column : columns) header.push_back(heading(column));
  header.emplace_back("mean");
  return "\n## Downstream tasks\n\nWeighted F1 in percent, of the unedited model and at the last reduction; in "
         "brackets "
         "the number of examples.\n\n" +
         markdown_table(header, rows, 1);
}

std::string listed(const std::set<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "* " + line + "\n";
  return text;
}

/// What is not done yet: the sweep goes on with it.
std::set<std::string> missing_work(std::span<const CellHistory> histories) {
  std::set<std::string> lines;
  for (const CellHistory& history : histories) {
    const auto& progress = history.progress;
    const auto done = static_cast<std::int64_t>(history.records.size());
    if (done < progress.edits) {
      lines.insert(fmt::format("{}: {} of {} edits done", history.cell.name(), done, progress.edits));
    }
    std::size_t num_missing = 0;
    for (const auto& [edits, parts] : progress.missing) num_missing += edits <= progress.edits_done ? parts.size() : 0;
    if (num_missing == 0) continue;
    lines.insert(fmt::format("{}: {} reductions of the edits done are missing", history.cell.name(), num_missing));
  }
  return lines;
}

std::string remarks_section(std::span<const CellHistory> histories, const Remarks& remarks) {
  std::string text;
  const std::set<std::string> left_out(remarks.left_out.begin(), remarks.left_out.end());
  const std::set<std::string> notes(remarks.notes.begin(), remarks.notes.end());
  if (!left_out.empty()) text += "\n## Left out\n\nCommitted, but not in this report.\n\n" + listed(left_out);
  if (const auto missing = missing_work(histories); !missing.empty()) {
    text += "\n## Missing\n\nRunning the sweep again continues it.\n\n" + listed(missing);
  }
  if (!notes.empty()) text += "\n## Notes\n\n" + listed(notes);
  return text;
}

constexpr const char* kDefinitions = R"(
## How to read this

* **ES, PS, NS** (efficacy, paraphrase, neighborhood score): share of prompts, in percent, on which the wanted target
  is more likely than the other, asked right after each edit; a tie counts as failure. In the cell table they are given
  as ES / PS / NS. **Score** is their harmonic mean over the whole run.
* **Known**: facts answered correctly (greedily) right after their edit, of those edited up to the last check.
  **Forgotten**: the share of the known ones, in percent, that was answered wrongly at any later check. *Forgotten now*
  counts only those that are wrong at the last check. *(ES)* uses "more likely than the old fact" instead of the greedy
  answer. A share of nothing is "–".
* **F1** is weighted by class, answers outside the task's words counting as wrong. A loss is called *catastrophic* if
  the mean F1 drops from at least 90 % of the unedited model's to under 75 % between two neighbouring reductions, and
  *gradual* otherwise; "after edit a and by edit b" are the reductions around it.
* **Distance** is the Frobenius norm of the change of all edited parameters.
* The results are those that `experiment.json` and `inspection.json` of the sweep's folder name. Others that lie beside
  them are shown on request: `lethe report DIR --identity ID`.
* `curves.csv` and `curves.h5` hold every curve; `plot_figures.py curves.h5 figures` draws the figures again.
)";

}  // namespace

std::string overview_table(std::span<const CellHistory> histories) {
  std::vector<Row> rows;
  for (const auto& [pair, group] : by_pair(histories)) rows.push_back(overview_row(pair, group));
  return markdown_table({"method", "model", "complete", "edits", "ES", "PS", "NS", "score", "known", "forgotten %",
                         "F1 unedited", "F1 edited", "distance"},
                        rows, 2);
}

std::string summary_page(const core::ExperimentConfig& config, std::span<const CellHistory> histories,
                         const std::string& phases, const Remarks& remarks) {
  const auto num_complete =
      std::count_if(histories.begin(), histories.end(), [](const CellHistory& h) { return h.is_complete(); });
  std::string text =
      fmt::format("# {}\n\n{} of {} cells are complete. Fidelity: {}. Seed: {}.\n\n", config.name, num_complete,
                  histories.size(), config.fidelity == core::Fidelity::kCode ? "code" : "paper", config.seed);
  if (!remarks.left_out.empty()) text += "**Some results are not in this report:** see *Left out*.\n\n";
  text += "## Overview\n\nMeans over samples and, for ES, PS, NS, over all edits; percent.\n\n";
  text += overview_table(histories);
  text += "\n## Findings\n\n";
  for (const auto& [pair, group] : by_pair(histories)) text += "* " + describe_findings(group) + "\n";
  text += "\n## Cells\n\n" + cell_table(histories);
  text += phases + task_table(histories);
  text += remarks_section(histories, remarks);
  return text + kDefinitions;
}

}  // namespace lethe::report
