#include "report/cell_quantities.h"

#include "core/score.h"
#include "report/cell_curves.h"
#include "report/cell_summary.h"
#include "report/distance.h"

namespace lethe::report {
namespace {

using core::EditScores;

std::vector<double> percents(const std::vector<EditScores>& scores, double EditScores::*field) {
  std::vector<double> values;
  for (const EditScores& one : scores) values.push_back(100.0 * one.*field);
  return values;
}

void add_after_each_edit(const CellHistory& history, const CellSummary& summary, std::vector<CellQuantity>& all) {
  std::vector<EditScores> scores;
  for (const core::MetricRecord& record : history.records) scores.push_back(core::edit_scores(record.scores));
  const auto add = [&](const char* name, const char* title, double value, double EditScores::*field) {
    all.push_back({name, title, value, summary.num_edits, false, 0, percents(scores, field)});
  };
  add("es", "ES after each edit", summary.whole.efficacy.value, &EditScores::efficacy);
  add("ps", "PS after each edit", summary.whole.paraphrase.value, &EditScores::paraphrase);
  add("ns", "NS after each edit", summary.whole.neighborhood.value, &EditScores::neighborhood);
  all.push_back({"score", "score after each edit", summary.score, summary.num_edits});
}

void add_after_all_edits(const CellHistory& history, std::vector<CellQuantity>& all) {
  const bool is_there = !history.all_edits.empty();
  const AllEditsPoint last = is_there ? history.all_edits.back() : AllEditsPoint{};
  const auto add = [&](const char* name, const char* title, double EditScores::*field) {
    all.push_back({name, title, is_there ? 100.0 * last.edited.*field : kNone, last.edits, false, 0,
                   percents(history.last_all_edits, field)});
  };
  add("es_all_edits", "ES after all edits", &EditScores::efficacy);
  add("ps_all_edits", "PS after all edits", &EditScores::paraphrase);
  add("ns_all_edits", "NS after all edits", &EditScores::neighborhood);
}

void add_monitor(const CellHistory& history, std::vector<CellQuantity>& all) {
  if (history.monitor.empty()) return;
  const MonitorPoint& last = history.monitor.back();
  all.push_back({"spectral_ratio", "largest spectral ratio", largest_spectral_ratio(last), last.edits, true});
  if (!last.has_text()) return;
  all.push_back({kTextPerplexity, "perplexity of the fixed text", last.perplexity, last.edits});
}

void add_tasks(const CellSummary& summary, std::vector<CellQuantity>& all) {
  all.push_back({"f1.mean", "mean F1", summary.final_mean_f1, summary.last_task_edits});
  for (const TaskChange& task : summary.tasks) {
    all.push_back({"f1." + task.task, "F1 of " + task.task, task.final_f1, summary.last_task_edits});
  }
}

}  // namespace

std::vector<CellQuantity> quantities_of(const CellHistory& history, const CellPhases& phases) {
  const CellSummary summary = summarize_cell(history);
  std::vector<CellQuantity> all;
  add_after_each_edit(history, summary, all);
  add_after_all_edits(history, all);
  const auto add_forgotten = [&](const std::string& name, const std::string& by, const ForgottenShares& shares) {
    all.push_back({name + ".ever", "facts forgotten" + by, shares.ever, shares.edited, false, shares.known});
    all.push_back({name + ".now", "forgotten now" + by, shares.now, shares.edited, false, shares.known});
  };
  add_forgotten("forgetting.argmax", "", summary.forgotten);
  add_forgotten("forgetting.efficacy", " (ES)", summary.forgotten_efficacy);
  add_tasks(summary, all);
  const bool has_distance = !history.distances.empty();
  all.push_back({"normalized_distance", "normalised distance",
                 has_distance ? normalized_distance(history.distances.back().distances) : kNone,
                 has_distance ? history.distances.back().edits : 0, true});
  if (!history.texts.empty()) {
    const TextsPoint& texts = history.texts.back();
    all.push_back({"fluency.sampled", "fluency, sampled texts", texts.edited.sampled_fluency, texts.edits});
    if (texts.compared) {
      all.push_back(
          {"consistency.sampled", "consistency, sampled texts", texts.edited.sampled_consistency, texts.edits});
    }
    all.push_back({"perplexity", "perplexity of the unedited texts", texts.edited.perplexity, texts.edits});
  }
  add_monitor(history, all);
  all.push_back({"break_by", "edit by which it breaks", phases.point ? static_cast<double>(phases.point->by) : kNone,
                 phases.num_edits});
  return all;
}

}  // namespace lethe::report
