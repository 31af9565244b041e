#include "report/cell_summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "core/score.h"
#include "report/cell_curves.h"
#include "report/distance.h"
#include "report/forgetting.h"
#include "report/present.h"

namespace lethe::report {
namespace {

Mean mean_percent(std::span<const core::EditScores> scores, double core::EditScores::*field) {
  const auto [sum, count] = present_of(scores, field);
  return {count == 0 ? kNone : 100.0 * sum / static_cast<double>(count), count};
}

ProficiencyMeans means(std::span<const core::EditScores> scores) {
  return {mean_percent(scores, &core::EditScores::efficacy), mean_percent(scores, &core::EditScores::paraphrase),
          mean_percent(scores, &core::EditScores::neighborhood)};
}

double rounded(double percent) { return std::round(percent * 100.0) / 100.0; }

double score_of(const ProficiencyMeans& whole) {
  const std::array<double, 3> values{rounded(whole.efficacy.value), rounded(whole.paraphrase.value),
                                     rounded(whole.neighborhood.value)};
  if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) return kNone;
  return core::harmonic_mean(values);
}

double f1_of(const TaskPoint* point, const std::string& task) {
  if (point == nullptr) return kNone;
  for (const core::TaskRecord& record : point->tasks) {
    if (record.task == task) return f1_percent(record);
  }
  return kNone;
}

void summarize_tasks(const CellHistory& history, CellSummary& summary) {
  const bool has_baseline = !history.tasks.empty() && history.tasks.front().edits == 0;
  const bool has_final = !history.tasks.empty() && history.tasks.back().edits > 0;
  const TaskPoint* baseline = has_baseline ? &history.tasks.front() : nullptr;
  const TaskPoint* last = has_final ? &history.tasks.back() : nullptr;
  summary.baseline_mean_f1 = baseline == nullptr ? kNone : mean_f1_percent(*baseline);
  summary.final_mean_f1 = last == nullptr ? kNone : mean_f1_percent(*last);
  summary.last_task_edits = last == nullptr ? 0 : last->edits;
  if (baseline == nullptr && last == nullptr) return;
  for (const core::TaskRecord& record : (last == nullptr ? baseline : last)->tasks) {
    summary.tasks.push_back(
        {record.task, record.labels.size(), f1_of(baseline, record.task), f1_of(last, record.task)});
  }
}

ForgottenShares last_shares(const CellHistory& history, Recall recall) {
  const ForgettingCurve curve = forgetting_curve(history.forgetting, recall);
  if (curve.edits.empty()) return {0, 0, kNone, kNone};
  return {curve.known.back(), curve.edits.back(), curve.ever.back(), curve.now.back()};
}

}  // namespace

CellSummary summarize_cell(const CellHistory& history) {
  CellSummary summary;
  summary.cell = history.cell;
  summary.num_edits = static_cast<std::int64_t>(history.records.size());
  summary.planned_edits = history.progress.edits;
  summary.is_complete = history.is_complete();
  std::vector<core::EditScores> scores;
  for (const core::MetricRecord& record : history.records) {
    scores.push_back(core::edit_scores(record.scores));
    summary.num_failed_edits += record.status == core::EditStatus::kApplied ? 0 : 1;
  }
  const std::size_t window = std::min(kSummaryWindow, scores.size());
  summary.first = means(std::span(scores).first(window));
  summary.last = means(std::span(scores).last(window));
  summary.whole = means(scores);
  summary.score = score_of(summary.whole);
  summary.forgotten = last_shares(history, Recall::kArgmax);
  summary.forgotten_efficacy = last_shares(history, Recall::kEfficacy);
  summarize_tasks(history, summary);
  const bool has_distance = !history.distances.empty();
  summary.distance = has_distance ? total_distance(history.distances.back().distances) : kNone;
  return summary;
}

}  // namespace lethe::report
