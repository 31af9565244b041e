#include "report/disabling_edits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "core/random_stream.h"
#include "core/score.h"
#include "report/bootstrap.h"
#include "report/cell_curves.h"
#include "report/distance.h"
#include "report/indicators.h"
#include "report/phases.h"
#include "report/present.h"

namespace lethe::report {
namespace {

/// Tasks that say something of a model: those that it answers better than by chance.
std::set<std::string> tasks_above_chance(const TaskPoint& unedited) {
  std::set<std::string> names;
  for (const core::TaskRecord& task : unedited.tasks) {
    if (is_above_chance(task)) names.insert(task.task);
  }
  return names;
}

TaskScores task_scores(const TaskPoint* point, const std::set<std::string>& judged) {
  TaskScores scores{{}, kNone, kNone};
  if (point == nullptr) return scores;
  scores.entropy_bits = present_of(point->tasks, answer_entropy_bits).mean();
  std::vector<double> values;
  for (const core::TaskRecord& task : point->tasks) {
    const double value = f1_percent(task);
    scores.f1[task.task] = value;
    if (judged.contains(task.task)) values.push_back(value);
  }
  // A mean of other tasks is another quantity.
  if (values.size() == judged.size()) scores.mean_f1 = present_of(values, std::identity()).mean();
  return scores;
}

const TaskPoint* point_at(const CellHistory& history, std::int64_t edits) {
  const auto found = std::ranges::find(history.tasks, edits, &TaskPoint::edits);
  return found == history.tasks.end() ? nullptr : &*found;
}

void measure_distances(const CellHistory& history, SingleEdit& edit) {
  edit.distance = kNone;
  edit.mean_normalized = kNone;
  const auto point = std::ranges::find(history.distances, 1, &DistancePoint::edits);
  if (point == history.distances.end()) return;
  for (const core::DistanceRecord& record : point->distances) {
    edit.normalized[record.parameter] = record.frobenius / static_cast<double>(record.num_weights);
  }
  edit.distance = total_distance(point->distances);
  edit.mean_normalized = normalized_distance(point->distances);
}

SingleEdit single_edit(const CellHistory& history, const SelectedCase& selected, const SingleEdits& group,
                       const std::set<std::string>& judged) {
  SingleEdit edit;
  edit.cell = history.cell;
  edit.selected = selected;
  edit.is_measured = !history.records.empty();
  const auto scores =
      core::edit_scores(edit.is_measured ? history.records.front().scores : std::vector<core::PromptScore>());
  edit.update_norm = edit.is_measured ? update_norm(history.records.front()) : kNone;
  if (edit.is_measured) edit.status = history.records.front().status;
  edit.efficacy = 100.0 * scores.efficacy;
  edit.paraphrase = 100.0 * scores.paraphrase;
  edit.neighborhood = 100.0 * scores.neighborhood;
  measure_distances(history, edit);
  edit.tasks = task_scores(point_at(history, 1), judged);
  edit.kept_f1 = 100.0 * edit.tasks.mean_f1 / group.unedited.mean_f1;
  if (group.not_judged.empty() && std::isfinite(edit.kept_f1)) edit.is_disabling = edit.kept_f1 < kDisablingPercent;
  return edit;
}

std::string why_not_judged(const CellHistory& history, const std::set<std::string>& judged) {
  const bool is_asked = std::ranges::any_of(history.tasks, [](const TaskPoint& point) { return point.edits > 0; });
  if (point_at(history, 0) == nullptr) {
    return is_asked ? "the unedited model's answers to the tasks are not there"
                    : "the unedited model was asked no downstream task";
  }
  return judged.empty() ? "no task is above chance in the unedited model" : "";
}

std::vector<double> finite(const std::vector<double>& values) {
  std::vector<double> kept;
  std::ranges::copy_if(values, std::back_inserter(kept), [](double value) { return std::isfinite(value); });
  return kept;
}

constexpr std::array kQuantities{
    Quantity{"normalized_distance", "normalised distance", [](const SingleEdit& edit) { return edit.mean_normalized; },
             true},
    Quantity{"distance", "distance", [](const SingleEdit& edit) { return edit.distance; }},
    Quantity{"es", "ES", [](const SingleEdit& edit) { return edit.efficacy; }},
    Quantity{"ps", "PS", [](const SingleEdit& edit) { return edit.paraphrase; }},
    Quantity{"ns", "NS", [](const SingleEdit& edit) { return edit.neighborhood; }},
    Quantity{"kept_f1", "F1 kept, %", [](const SingleEdit& edit) { return edit.kept_f1; }},
    Quantity{"answer_entropy", "entropy of answers, bits",
             [](const SingleEdit& edit) { return edit.tasks.entropy_bits; }},
};

}  // namespace

double answer_entropy_bits(const core::TaskRecord& task) {
  if (task.predictions.empty()) return kNone;
  std::map<std::int32_t, double> counts;
  for (const std::int32_t answer : task.predictions) counts[answer] += 1.0;
  double bits = 0.0;
  for (const auto& [answer, count] : counts) {
    const double share = count / static_cast<double>(task.predictions.size());
    bits += share * std::log2(1.0 / share);
  }
  return bits;
}

DisablingCount count_disabling(const SingleEdits& group) {
  DisablingCount count;
  for (const SingleEdit& edit : group.edits) {
    if (!edit.is_disabling) {
      ++count.num_left;
      continue;
    }
    const bool is_chosen = edit.selected.is_chosen();
    ++(is_chosen ? count.num_chosen : count.num_random);
    (is_chosen ? count.chosen_disabling : count.random_disabling) += *edit.is_disabling ? 1 : 0;
  }
  return count;
}

std::vector<SingleEdits> single_edits_of(std::span<const CellHistory> histories, const Selection& selection) {
  std::vector<SingleEdits> groups;
  for (const CellHistory& history : histories) {
    const auto selected = std::ranges::find(selection.cases, history.cell.sample, &SelectedCase::case_id);
    if (selected == selection.cases.end()) continue;
    const auto is_its = [&](const SingleEdits& group) {
      return group.method == history.cell.method && group.model == history.cell.model;
    };
    const auto* unedited = point_at(history, 0);
    const auto judged = unedited == nullptr ? std::set<std::string>() : tasks_above_chance(*unedited);
    auto group = std::ranges::find_if(groups, is_its);
    if (group == groups.end()) {
      groups.push_back({history.cell.method,
                        history.cell.model,
                        task_scores(unedited, judged),
                        why_not_judged(history, judged),
                        {}});
      group = groups.end() - 1;
    }
    group->edits.push_back(single_edit(history, *selected, *group, judged));
  }
  return groups;
}

Ratio ratio_of_means(const std::vector<double>& chosen, const std::vector<double>& normal, std::uint64_t seed,
                     const std::string& purpose) {
  const auto numerators = finite(chosen);
  const auto denominators = finite(normal);
  const auto above = present_of(numerators, std::identity());
  const auto below = present_of(denominators, std::identity());
  Ratio ratio{above.mean(), below.mean(), above.count, below.count, above.mean() / below.mean(), kNone, kNone};
  if (std::isnan(ratio.value)) return ratio;
  core::RandomStream random(seed, purpose);
  const auto above_means = resampled_means(numerators, random);
  const auto below_means = resampled_means(denominators, random);
  std::vector<double> ratios;
  for (std::size_t i = 0; i < above_means.size(); ++i) {
    const double one = above_means[i] / below_means[i];
    if (!std::isnan(one)) ratios.push_back(one);
  }
  const Interval interval = middle_of(std::move(ratios));
  ratio.low = interval.low;
  ratio.high = interval.high;
  return ratio;
}

std::span<const Quantity> single_edit_quantities() { return kQuantities; }

Ratio ratio_of(const SingleEdits& group, const Quantity& quantity, std::uint64_t seed) {
  std::vector<double> chosen, normal;
  for (const SingleEdit& edit : group.edits) {
    if (!edit.is_measured || edit.status != core::EditStatus::kApplied) continue;
    (edit.selected.is_chosen() ? chosen : normal).push_back(quantity.of(edit));
  }
  return ratio_of_means(chosen, normal, seed, group.method + "/" + group.model + "/" + quantity.name);
}

}  // namespace lethe::report
