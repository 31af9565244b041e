#include "report/cell_curves.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "core/score.h"
#include "report/distance.h"
#include "report/forgetting.h"

namespace lethe::report {
namespace {

/// Collects the curves of one cell, points in order of edits.
class CurveTable {
 public:
  explicit CurveTable(core::GridCell cell) : cell_(std::move(cell)) {}

  void add_point(const std::string& metric, const std::string& label, std::int64_t edits, double value) {
    storage::Curve& curve = curves_[metric];
    curve.cell = cell_;
    curve.metric = metric;
    curve.label = label;
    curve.edits.push_back(edits);
    curve.values.push_back(value);
  }
  [[nodiscard]] std::vector<storage::Curve> take() {
    std::vector<storage::Curve> curves;
    for (auto& [metric, curve] : curves_) curves.push_back(std::move(curve));
    return curves;
  }

 private:
  core::GridCell cell_;
  std::map<std::string, storage::Curve> curves_;
};

/// Bucket b = 1, 2, ... is plotted at x = 5 b, the number of edits made by its end.
void add_proficiency(CurveTable& table, const CellHistory& history) {
  std::vector<core::EditScores> scores;
  for (const core::MetricRecord& record : history.records) scores.push_back(core::edit_scores(record.scores));
  for (const ScoreField& metric : kScoreFields) {
    std::vector<double> per_edit;
    for (const core::EditScores& edit : scores) per_edit.push_back(100.0 * edit.*metric.field);
    const auto is_none = [](double value) { return std::isnan(value); };
    if (metric.needs_tokens && std::ranges::all_of(per_edit, is_none)) continue;
    const auto buckets = core::bucket_means(per_edit, kBucketEdits);
    const auto trailing = core::trailing_means(buckets, kTrailingBuckets);
    for (std::size_t b = 0; b < buckets.size(); ++b) {
      const auto edits = static_cast<std::int64_t>((b + 1) * kBucketEdits);
      table.add_point(std::string(metric.name) + ".window_5", metric.label, edits, buckets[b]);
      table.add_point(std::string(metric.name) + ".window_50", metric.label, edits, trailing[b]);
    }
  }
}

void add_forgetting(CurveTable& table, const CellHistory& history) {
  const std::pair<Recall, std::string> recalls[] = {{Recall::kArgmax, "forgetting.argmax"},
                                                    {Recall::kEfficacy, "forgetting.efficacy"}};
  for (const auto& [recall, name] : recalls) {
    const ForgettingCurve curve = forgetting_curve(history.forgetting, recall);
    for (std::size_t i = 0; i < curve.edits.size(); ++i) {
      table.add_point(name + ".known", "Facts known after their edit", curve.edits[i],
                      static_cast<double>(curve.known[i]));
      table.add_point(name + ".ever", "Facts forgotten", curve.edits[i], curve.ever[i]);
      table.add_point(name + ".now", "Facts forgotten, recovered ones not counted", curve.edits[i], curve.now[i]);
    }
  }
}

void add_all_edits(CurveTable& table, const CellHistory& history) {
  for (const AllEditsPoint& point : history.all_edits) {
    for (const ScoreField& metric : kScoreFields) {
      const std::string name = metric.name;
      table.add_point(name + ".all_edits", metric.label, point.edits, 100.0 * point.edited.*metric.field);
      table.add_point(name + ".unedited", metric.label, point.edits, 100.0 * point.unedited.*metric.field);
    }
    table.add_point("locality.all_edits", "Locality", point.edits, 100.0 * point.locality);
  }
}

void add_consistency(CurveTable& table, const TextsPoint& point, const TextMeans& means, const std::string& suffix) {
  table.add_point("consistency.greedy" + suffix, "Consistency, greedy texts", point.edits, means.greedy_consistency);
  table.add_point("consistency.sampled" + suffix, "Consistency, sampled texts", point.edits, means.sampled_consistency);
}

void add_texts(CurveTable& table, const CellHistory& history) {
  for (const TextsPoint& point : history.texts) {
    for (const auto& [means, suffix] :
         {std::pair{&point.edited, std::string()}, std::pair{&point.unedited, std::string(".unedited")}}) {
      table.add_point("fluency.greedy" + suffix, "Fluency, greedy texts", point.edits, means->greedy_fluency);
      table.add_point("fluency.sampled" + suffix, "Fluency, sampled texts", point.edits, means->sampled_fluency);
      table.add_point("perplexity" + suffix, "Perplexity of the unedited model's texts", point.edits,
                      means->perplexity);
      if (point.compared) add_consistency(table, point, *means, suffix);
    }
    if (!point.compared) continue;
    table.add_point("consistency.facts", "Facts with references", point.edits,
                    static_cast<double>(point.compared->case_ids.size()));
  }
}

std::string title_of(const core::ExperimentConfig& config, const std::string& task) {
  for (const core::TaskConfig& known : config.tasks) {
    if (known.name == task && !known.title.empty()) return known.title;
  }
  return task;
}

void add_tasks(CurveTable& table, const CellHistory& history, const core::ExperimentConfig& config) {
  for (const TaskPoint& point : history.tasks) {
    for (const core::TaskRecord& task : point.tasks) {
      const std::string title = title_of(config, task.task);
      const auto counts = core::count_answers(task.labels, task.predictions);
      const auto total = static_cast<double>(task.labels.size());
      const auto share = [&](std::int64_t count) {
        return total == 0.0 ? kNone : 100.0 * static_cast<double>(count) / total;
      };
      table.add_point("examples." + task.task, title, point.edits, total);
      table.add_point("f1." + task.task, title, point.edits, f1_percent(task));
      table.add_point("mcc." + task.task, title, point.edits,
                      total == 0.0 ? kNone : core::matthews_correlation(task.labels, task.predictions));
      table.add_point("accuracy." + task.task, title, point.edits, share(counts.correct));
      table.add_point("invalid." + task.task, title, point.edits, share(counts.invalid));
    }
    if (!point.tasks.empty()) table.add_point(kMeanF1, "Mean of the tasks", point.edits, mean_f1_percent(point));
  }
}

void add_distances(CurveTable& table, const CellHistory& history) {
  if (history.distances.empty()) return;
  for (const core::DistanceRecord& record : history.distances.front().distances) {
    table.add_point("distance." + record.parameter, record.parameter, 0, 0.0);
    table.add_point("distance_per_weight." + record.parameter, record.parameter, 0, 0.0);
  }
  table.add_point("distance.total", "all edited parameters", 0, 0.0);
  for (const DistancePoint& point : history.distances) {
    for (const core::DistanceRecord& record : point.distances) {
      table.add_point("distance." + record.parameter, record.parameter, point.edits, record.frobenius);
      table.add_point("distance_per_weight." + record.parameter, record.parameter, point.edits,
                      record.frobenius / static_cast<double>(record.num_weights));
    }
    table.add_point("distance.total", "all edited parameters", point.edits, total_distance(point.distances));
  }
}

/// Each begins with the unedited model.
void add_monitor(CurveTable& table, const CellHistory& history) {
  std::set<std::string> begun;
  const auto add_norms = [&](const std::string& parameter, std::int64_t edits, double change, double ratio,
                             double norm) {
    table.add_point("spectral_norm." + parameter, parameter, edits, change);
    table.add_point("spectral_ratio." + parameter, parameter, edits, ratio);
    table.add_point("frobenius_norm." + parameter, parameter, edits, norm);
  };
  for (const MonitorPoint& point : history.monitor) {
    for (const core::NormRecord& norms : point.norms) {
      if (begun.insert(norms.parameter).second) add_norms(norms.parameter, 0, 0.0, 0.0, norms.base_frobenius);
      add_norms(norms.parameter, point.edits, norms.update_spectral, spectral_ratio(norms), norms.frobenius);
    }
    if (!point.has_text()) continue;
    const std::string label = "Perplexity of a fixed text";
    if (begun.insert(kTextPerplexity).second) table.add_point(kTextPerplexity, label, 0, point.unedited_perplexity);
    table.add_point(kTextPerplexity, label, point.edits, point.perplexity);
  }
}

}  // namespace

double f1_percent(const core::TaskRecord& task) {
  return task.labels.empty() ? kNone : 100.0 * core::weighted_f1(task.labels, task.predictions);
}

double mean_f1_percent(const TaskPoint& point) {
  if (point.tasks.empty()) return kNone;
  double sum = 0.0;
  for (const core::TaskRecord& task : point.tasks) sum += f1_percent(task);
  return sum / static_cast<double>(point.tasks.size());
}

std::vector<storage::Curve> cell_curves(const CellHistory& history, const core::ExperimentConfig& config) {
  CurveTable table(history.cell);
  add_proficiency(table, history);
  add_forgetting(table, history);
  add_tasks(table, history, config);
  add_distances(table, history);
  add_all_edits(table, history);
  add_texts(table, history);
  add_monitor(table, history);
  return table.take();
}

}  // namespace lethe::report
