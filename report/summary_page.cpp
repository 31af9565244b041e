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

namespace lethe::report {
namespace {

using Row = std::vector<std::string>;

/// "–" where there is no number yet.
std::string number(double value, int decimals = 1) {
  return std::isnan(value) ? "–" : fmt::format("{:.{}f}", value, decimals);
}

std::string distance_text(double value) { return std::isnan(value) ? "–" : fmt::format("{:.4g}", value); }

/// Columns on a terminal and in an editor line up: widths count code points, not bytes.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// A Markdown table; the first `num_text_columns` are aligned left, the rest right.
std::string table(const Row& header, const std::vector<Row>& rows, std::size_t num_text_columns) {
  std::vector<std::size_t> widths(header.size(), 3);
  const auto widen = [&](const Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  };
  widen(header);
  std::for_each(rows.begin(), rows.end(), widen);
  const auto line = [&](const Row& row) {
    std::string text = "|";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width_of(row[i]), ' ');
      text += i < num_text_columns ? " " + row[i] + padding + " |" : " " + padding + row[i] + " |";
    }
    return text + "\n";
  };
  std::string text = line(header) + "|";
  for (std::size_t i = 0; i < header.size(); ++i) {
    text +=
        (i < num_text_columns ? " :" : " -") + std::string(widths[i] - 2, '-') + (i < num_text_columns ? "- |" : ": |");
  }
  text += "\n";
  for (const Row& row : rows) text += line(row);
  return text;
}

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

std::string edits_done(std::int64_t done, std::int64_t planned) {
  return done == planned ? std::to_string(done) : fmt::format("{} of {}", done, planned);
}

Row overview_row(const Pair& pair, const std::vector<const CellHistory*>& histories) {
  std::vector<CellSummary> all;
  std::int64_t done = 0;
  std::int64_t planned = 0;
  std::size_t num_complete = 0;
  for (const CellHistory* history : histories) {
    all.push_back(summarize_cell(*history));
    done += all.back().num_edits;
    planned += all.back().planned_edits;
    num_complete += all.back().is_complete ? 1 : 0;
  }
  return {pair.first,
          pair.second,
          fmt::format("{} of {}", num_complete, histories.size()),
          edits_done(done, planned),
          number(mean_over(all, [](const CellSummary& s) { return s.whole.efficacy; })),
          number(mean_over(all, [](const CellSummary& s) { return s.whole.paraphrase; })),
          number(mean_over(all, [](const CellSummary& s) { return s.whole.neighborhood; })),
          number(mean_over(all, [](const CellSummary& s) { return s.score; })),
          number(mean_over(all, [](const CellSummary& s) { return s.forgotten_ever; })),
          number(mean_over(all, [](const CellSummary& s) { return s.baseline_mean_f1; })),
          number(mean_over(all, [](const CellSummary& s) { return s.final_mean_f1; })),
          distance_text(mean_over(all, [](const CellSummary& s) { return s.distance; }))};
}

std::string triple(const ProficiencyMeans& means) {
  if (std::isnan(means.efficacy)) return "–";
  return fmt::format("{} / {} / {}", number(means.efficacy), number(means.paraphrase), number(means.neighborhood));
}

std::string cell_table(std::span<const CellHistory> histories) {
  std::vector<Row> rows;
  for (const CellHistory& history : histories) {
    const CellSummary s = summarize_cell(history);
    rows.push_back({s.cell.name(), edits_done(s.num_edits, s.planned_edits), std::to_string(s.num_failed_edits),
                    triple(s.first), triple(s.last), triple(s.whole), number(s.score, 2), number(s.forgotten_ever),
                    number(s.forgotten_now), number(s.forgotten_ever_efficacy), distance_text(s.distance)});
  }
  return table(
      {"cell", "edits", "failed", fmt::format("first {}", kSummaryWindow), fmt::format("last {}", kSummaryWindow),
       "whole run", "score", "forgotten", "forgotten now", "forgotten (ES)", "distance"},
      rows, 1);
}

std::string task_table(std::span<const CellHistory> histories) {
  std::vector<Row> rows;
  const auto change = [](double baseline, double last) { return number(baseline) + " → " + number(last); };
  std::set<std::string> seen;
  Row header{"cell", "edits"};
  std::vector<CellSummary> summaries;
  for (const CellHistory& history : histories) {
    summaries.push_back(summarize_cell(history));
    for (const TaskChange& task : summaries.back().tasks) {
      if (seen.insert(task.task).second) header.push_back(task.task);
    }
  }
  if (seen.empty()) return "";
  for (const CellSummary& summary : summaries) {
    Row row{summary.cell.name(), std::to_string(summary.last_task_edits)};
    for (std::size_t i = 2; i < header.size(); ++i) {
      const auto found = std::find_if(summary.tasks.begin(), summary.tasks.end(),
                                      [&](const TaskChange& task) { return task.task == header[i]; });
      row.push_back(found == summary.tasks.end() ? "–" : change(found->baseline_f1, found->final_f1));
    }
    row.push_back(change(summary.baseline_mean_f1, summary.final_mean_f1));
    rows.push_back(std::move(row));
  }
  header.emplace_back("mean");
  return "\n## Downstream tasks\n\nWeighted F1 in percent, of the unedited model and at the last reduction.\n\n" +
         table(header, rows, 1);
}

std::string gaps(std::span<const CellHistory> histories) {
  std::set<std::string> lines;  // a damaged baseline is found by each of its cells
  for (const CellHistory& history : histories) {
    const auto done = static_cast<std::int64_t>(history.records.size());
    if (done < history.planned_edits) {
      lines.insert(fmt::format("{}: {} of {} edits done", history.cell.name(), done, history.planned_edits));
    }
    if (history.num_missing_reductions > 0) {
      lines.insert(fmt::format("{}: {} reductions of the edits done are missing", history.cell.name(),
                               history.num_missing_reductions));
    }
    lines.insert(history.warnings.begin(), history.warnings.end());
  }
  if (lines.empty()) return "";
  std::string text = "\n## Missing or damaged\n\nRunning the sweep again continues it.\n\n";
  for (const std::string& line : lines) text += "* " + line + "\n";
  return text;
}

constexpr const char* kDefinitions = R"(
## How to read this

* **ES, PS, NS** (efficacy, paraphrase, neighborhood score): share of prompts, in percent, on which the wanted target
  is more likely than the other, asked right after each edit; a tie counts as failure. In the cell table they are given
  as ES / PS / NS. **Score** is their harmonic mean over the whole run.
* **Forgotten**: of the facts answered correctly (greedily) right after their edit, the share that was answered wrongly
  at any later check. *Forgotten now* counts only those that are wrong at the last check. *(ES)* uses "more likely than
  the old fact" instead of the greedy answer.
* **F1** is weighted by class, answers outside the task's words counting as wrong. A loss is called *catastrophic* if
  the mean F1 drops from at least 90 % of the unedited model's to under 75 % between two neighbouring reductions, and
  *gradual* otherwise; "after edit a and by edit b" are the reductions around it.
* **Distance** is the Frobenius norm of the change of all edited parameters.
* `curves.csv` and `curves.h5` hold every curve; `plot_figures.py curves.h5 figures` draws the figures again.
)";

}  // namespace

std::string overview_table(std::span<const CellHistory> histories) {
  std::vector<Row> rows;
  for (const auto& [pair, group] : by_pair(histories)) rows.push_back(overview_row(pair, group));
  return table({"method", "model", "complete", "edits", "ES", "PS", "NS", "score", "forgotten %", "F1 unedited",
                "F1 edited", "distance"},
               rows, 2);
}

std::string summary_page(const core::ExperimentConfig& config, std::span<const CellHistory> histories) {
  const auto num_complete =
      std::count_if(histories.begin(), histories.end(), [](const CellHistory& h) { return h.is_complete(); });
  std::string text =
      fmt::format("# {}\n\n{} of {} cells are complete. Fidelity: {}. Seed: {}.\n\n", config.name, num_complete,
                  histories.size(), config.fidelity == core::Fidelity::kCode ? "code" : "paper", config.seed);
  text += "## Overview\n\nMeans over samples and, for ES, PS, NS, over all edits; percent.\n\n";
  text += overview_table(histories);
  text += "\n## Findings\n\n";
  for (const auto& [pair, group] : by_pair(histories)) text += "* " + describe_findings(group) + "\n";
  text += "\n## Cells\n\n" + cell_table(histories);
  text += task_table(histories);
  text += gaps(histories);
  return text + kDefinitions;
}

}  // namespace lethe::report
