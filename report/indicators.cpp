#include "report/indicators.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/score.h"
#include "report/cell_curves.h"
#include "report/distance.h"
#include "report/forgetting.h"

namespace lethe::report {
namespace {

constexpr double kOneSidedFivePercent = 1.645;
/// Fewer edits than that say too little about ES: at a share of one half, its error would be over 11 points.
constexpr std::int64_t kLeastEfficacyWindow = 20;
constexpr std::int64_t kEfficacyWindow = 50;  ///< where nothing else is measured at checkpoints
/// The distance has no sampling error; its scatter around a smooth curve is small and never nothing.
constexpr double kDistanceError = 0.05;

/// Variance of 100 x a share, with one success and one failure more than were seen: 0 of n is no certainty.
double share_variance(double num_right, double num_all) {
  const double share = (num_right + 1.0) / (num_all + 2.0);
  return 1e4 * share * (1.0 - share) / num_all;
}

/// Tasks that the F1 is the mean of, and why there are none.
struct JudgedTasks {
  std::set<std::string> names;
  std::string problem;
};

JudgedTasks judged_tasks(const CellHistory& history) {
  JudgedTasks judged;
  if (history.tasks.empty()) return {{}, "not measured"};
  const TaskPoint& first = history.tasks.front();
  for (const core::TaskRecord& task : first.tasks) {
    if (first.edits > 0 || is_above_chance(task)) judged.names.insert(task.task);
  }
  if (judged.names.empty()) judged.problem = "no task is above chance in the unedited model";
  return judged;
}

HealthCurve f1_curve(const CellHistory& history, const JudgedTasks& judged) {
  HealthCurve curve;
  for (const TaskPoint& point : history.tasks) {
    double sum = 0.0;
    double variance = 0.0;
    std::size_t count = 0;
    for (const core::TaskRecord& task : point.tasks) {
      if (!judged.names.contains(task.task) || task.labels.empty()) continue;
      const auto answers = core::count_answers(task.labels, task.predictions);
      sum += f1_percent(task);
      variance += share_variance(static_cast<double>(answers.correct), static_cast<double>(task.labels.size()));
      ++count;
    }
    if (count == 0 || count != judged.names.size()) continue;  // a mean of other tasks is another quantity
    const auto number = static_cast<double>(count);
    curve.add(point.edits, sum / number, variance / number / number);
  }
  return curve;
}

HealthCurve known_curve(const CellHistory& history) {
  HealthCurve curve;
  for (const ForgettingPoint& point : history.forgetting) {
    const ForgettingCounts& counts = point.of(Recall::kArgmax);
    if (counts.num_known == 0) continue;
    const auto known = static_cast<double>(counts.num_known);
    const auto still = static_cast<double>(counts.num_known - counts.num_now);
    curve.add(point.edits, 100.0 * still / known, share_variance(still, known));
  }
  return curve;
}

template <typename Point>
std::int64_t spacing_of(const std::vector<Point>& points) {
  std::vector<std::int64_t> edits;
  for (const Point& point : points) edits.push_back(point.edits);
  return median_spacing(edits);
}

/// ES windows end where other quantities are measured, so that "within three checkpoints" means the same to all.
std::int64_t efficacy_window(const CellHistory& history) {
  std::int64_t window = 0;
  for (const std::int64_t spacing : {spacing_of(history.forgetting), spacing_of(history.tasks)}) {
    if (spacing > 0) window = window == 0 ? spacing : std::min(window, spacing);
  }
  return window == 0 ? kEfficacyWindow : std::max(window, kLeastEfficacyWindow);
}

HealthCurve efficacy_curve(const CellHistory& history) {
  HealthCurve curve;
  const std::int64_t window = efficacy_window(history);
  double successes = 0.0;
  double prompts = 0.0;
  std::int64_t edits = 0;
  for (const core::MetricRecord& record : history.records) {
    const double efficacy = core::edit_scores(record.scores).efficacy;
    if (!std::isnan(efficacy)) {
      successes += efficacy;
      prompts += 1.0;
    }
    if (++edits % window != 0) continue;
    if (prompts > 0.0) curve.add(edits, 100.0 * successes / prompts, share_variance(successes, prompts));
    successes = 0.0;
    prompts = 0.0;
  }
  return curve;
}

HealthCurve distance_curve(const CellHistory& history) {
  HealthCurve curve;
  curve.break_fall = 1.0;
  for (const DistancePoint& point : history.distances) {
    const double distance = total_distance(point.distances);
    if (!(distance > 0.0) || point.edits == 0) continue;
    curve.add(point.edits, -std::log2(distance / static_cast<double>(point.edits)), kDistanceError * kDistanceError);
  }
  return curve;
}

Indicator judged(IndicatorKind kind, HealthCurve curve, std::string problem = "") {
  Indicator indicator{kind, std::move(curve), {}, std::move(problem)};
  if (!indicator.not_judged.empty()) return indicator;
  indicator.search = find_breaks(indicator.curve);
  if (indicator.search.is_judged) return indicator;
  indicator.not_judged = indicator.curve.edits.empty() ? "not measured" : "too few checkpoints";
  return indicator;
}

}  // namespace

const char* name_of(IndicatorKind kind) {
  constexpr const char* kNames[] = {"f1", "forgetting", "efficacy", "distance"};
  return kNames[static_cast<std::size_t>(kind)];
}

const char* words_for(IndicatorKind kind) {
  constexpr const char* kWords[] = {"F1 above chance", "forgotten now", "ES", "distance"};
  return kWords[static_cast<std::size_t>(kind)];
}

double plotted_value(IndicatorKind kind, std::int64_t edits, double value) {
  if (kind == IndicatorKind::kForgetting) return 100.0 - value;
  if (kind == IndicatorKind::kDistance) return static_cast<double>(edits) * std::exp2(-value);
  return value;
}

bool is_above_chance(const core::TaskRecord& task) {
  const auto size = static_cast<double>(task.labels.size());
  return size > 0.0 &&
         core::matthews_correlation(task.labels, task.predictions) * std::sqrt(size) > kOneSidedFivePercent;
}

std::vector<Indicator> indicators_of(const CellHistory& history) {
  const JudgedTasks tasks = judged_tasks(history);
  return {judged(IndicatorKind::kF1, f1_curve(history, tasks), tasks.problem),
          judged(IndicatorKind::kForgetting, known_curve(history)),
          judged(IndicatorKind::kEfficacy, efficacy_curve(history)),
          judged(IndicatorKind::kDistance, distance_curve(history))};
}

}  // namespace lethe::report
