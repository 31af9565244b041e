#include "report/findings.h"

#include <algorithm>
#include <cmath>

#include <spdlog/fmt/fmt.h>

#include "report/cell_curves.h"
#include "report/cell_summary.h"
#include "report/forgetting.h"
#include "report/page.h"
#include "report/present.h"

namespace lethe::report {
namespace {

constexpr double kForgettingThresholds[] = {10.0, 25.0, 50.0};
constexpr double kLostFraction = 0.75;

/// "30", or "30 to 60" over samples.
std::string range_of(std::vector<std::int64_t> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *low == *high ? std::to_string(*low) : fmt::format("{} to {}", *low, *high);
}

std::string range_of_percent(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const auto text = fmt::format("{:.1f}", *low);
  const auto other = fmt::format("{:.1f}", *high);
  return text == other ? text : text + " to " + other;
}

std::string of_samples(std::size_t count, std::size_t total) {
  if (total == 1) return "";
  return count == total ? " in every sample" : fmt::format(" in {} of {} samples", count, total);
}

struct Sample {
  const CellHistory* history;
  CellSummary summary;
  ForgettingCurve forgetting;
};

std::vector<Sample> samples_with_edits(std::span<const CellHistory* const> histories) {
  std::vector<Sample> samples;
  for (const CellHistory* history : histories) {
    if (history->records.empty()) continue;
    samples.push_back({history, summarize_cell(*history), forgetting_curve(history->forgetting, Recall::kArgmax)});
  }
  return samples;
}

/// Mean over the samples that have the number, or "–".
template <typename Field>
std::string mean_text(const std::vector<Sample>& samples, Field field) {
  return number(present_of(samples, [&](const Sample& sample) { return field(sample.summary); }).mean());
}

std::string describe_proficiency(const std::vector<Sample>& samples) {
  const auto is_long = [](const Sample& s) { return s.history->records.size() >= 2 * kSummaryWindow; };
  const auto of = [&](ProficiencyMeans CellSummary::*window, Mean ProficiencyMeans::*score) {
    return mean_text(samples, [=](const CellSummary& summary) { return (summary.*window.*score).value; });
  };
  if (!std::all_of(samples.begin(), samples.end(), is_long)) {
    return fmt::format("Over the whole run ES is {}, PS {}, NS {}.",
                       of(&CellSummary::whole, &ProficiencyMeans::efficacy),
                       of(&CellSummary::whole, &ProficiencyMeans::paraphrase),
                       of(&CellSummary::whole, &ProficiencyMeans::neighborhood));
  }
  return fmt::format(
      "From the first {} edits to the last, ES goes from {} to {}, PS from {} to {}, NS from {} to {}.", kSummaryWindow,
      of(&CellSummary::first, &ProficiencyMeans::efficacy), of(&CellSummary::last, &ProficiencyMeans::efficacy),
      of(&CellSummary::first, &ProficiencyMeans::paraphrase), of(&CellSummary::last, &ProficiencyMeans::paraphrase),
      of(&CellSummary::first, &ProficiencyMeans::neighborhood),
      of(&CellSummary::last, &ProficiencyMeans::neighborhood));
}

/// "Reached: 10 % by edit 20 in every sample. Never reached: 25 %, 50 %."
std::string describe_thresholds(const std::vector<const Sample*>& samples) {
  std::string reached;
  std::string never;
  for (const double threshold : kForgettingThresholds) {
    std::vector<std::int64_t> at;
    for (const Sample* sample : samples) {
      const auto crossing = first_at_least(sample->forgetting.edits, sample->forgetting.ever, threshold);
      if (crossing) at.push_back(crossing->at);
    }
    const std::string level = fmt::format("{:.0f} %", threshold);
    if (at.empty()) {
      never += (never.empty() ? "" : ", ") + level;
    } else {
      reached +=
          (reached.empty() ? "" : ", ") + level + " by edit " + range_of(at) + of_samples(at.size(), samples.size());
    }
  }
  return (reached.empty() ? "" : " Reached: " + reached + ".") +
         (never.empty() ? "" : " Never reached: " + never + ".");
}

/// "18 to 20 of 20 facts were known": what shares of forgetting are of.
std::string describe_known(const std::vector<const Sample*>& samples) {
  std::vector<std::int64_t> known;
  std::vector<std::int64_t> edited;
  for (const Sample* sample : samples) {
    known.push_back(sample->summary.forgotten.known);
    edited.push_back(sample->summary.forgotten.edited);
  }
  return fmt::format("Right after their edit {} of {} facts were known", range_of(known), range_of(edited));
}

std::string describe_forgetting(const std::vector<Sample>& samples) {
  std::vector<const Sample*> measured;
  std::vector<const Sample*> with_known;
  for (const Sample& sample : samples) {
    if (sample.summary.forgotten.edited == 0) continue;
    measured.push_back(&sample);
    if (sample.summary.forgotten.known > 0) with_known.push_back(&sample);
  }
  if (measured.empty()) return "Forgetting has not been measured yet.";
  if (with_known.empty()) return describe_known(measured) + ", so there was nothing to forget.";
  std::vector<double> ever;
  std::vector<double> now;
  std::vector<std::int64_t> edits;
  for (const Sample* sample : with_known) {
    ever.push_back(sample->summary.forgotten.ever);
    now.push_back(sample->summary.forgotten.now);
    edits.push_back(sample->summary.forgotten.edited);
  }
  std::string text = fmt::format("{}; of the known ones {} % have been forgotten by edit {}", describe_known(measured),
                                 range_of_percent(ever), range_of(edits));
  if (ever != now) text += fmt::format(" ({} % are unknown then, the rest came back)", range_of_percent(now));
  return text + "." + describe_thresholds(with_known);
}

/// "after edit 30 and by edit 60", each a range over the crossings.
std::string describe_crossings(const std::vector<DownstreamLoss>& losses) {
  std::vector<std::int64_t> previous;
  std::vector<std::int64_t> at;
  for (const DownstreamLoss& loss : losses) {
    previous.push_back(loss.crossing->previous);
    at.push_back(loss.crossing->at);
  }
  return fmt::format("after edit {} and by edit {}", range_of(previous), range_of(at));
}

/// What is to be said where no sample's loss can be judged.
std::string describe_without_loss(const std::vector<Sample>& samples) {
  for (const Sample& sample : samples) {
    const auto& tasks = sample.history->tasks;
    if (tasks.empty() || tasks.front().edits != 0 || tasks.size() < 2) continue;
    const double unedited = mean_f1_percent(tasks.front());
    if (std::isnan(unedited)) return "A downstream task has no examples: there is no mean F1.";
    return fmt::format(
        "The unedited model's mean F1 of the downstream tasks is {:.1f}: there is nothing to lose; it "
        "ends at {}.",
        unedited, mean_text(samples, [](const CellSummary& s) { return s.final_mean_f1; }));
  }
  const auto has_edited = [](const Sample& s) { return s.summary.last_task_edits > 0; };
  if (std::any_of(samples.begin(), samples.end(), has_edited)) {
    return fmt::format("The mean F1 of the downstream tasks ends at {}; the unedited model's is not there to compare.",
                       mean_text(samples, [](const CellSummary& s) { return s.final_mean_f1; }));
  }
  return "Downstream performance has not been measured yet.";
}

std::string describe_downstream(const std::vector<Sample>& samples) {
  std::vector<DownstreamLoss> lost;
  std::vector<double> last_percents;  // of the baseline, a sample each
  double baseline = 0.0;
  for (const Sample& sample : samples) {
    const auto loss = downstream_loss(*sample.history);
    if (!loss) continue;
    baseline = loss->baseline;
    last_percents.push_back(100.0 * loss->last_fraction);
    if (loss->crossing) lost.push_back(*loss);
  }
  if (last_percents.empty()) return describe_without_loss(samples);
  const std::string end = fmt::format("The mean F1 of the downstream tasks ends at {} % of the unedited model's {:.1f}",
                                      range_of_percent(last_percents), baseline);
  if (lost.empty()) return end + ": it never falls under 75 %.";
  return fmt::format("{}: it falls under 75 % {}{}.", end, describe_crossings(lost),
                     of_samples(lost.size(), last_percents.size()));
}

std::string describe_failures(const std::vector<Sample>& samples) {
  std::int64_t failed = 0;
  std::int64_t total = 0;
  for (const Sample& sample : samples) {
    failed += sample.summary.num_failed_edits;
    total += sample.summary.num_edits;
  }
  if (failed == 0) return "";
  return fmt::format(" {} of {} edits failed numerically and left the weights as they were.", failed, total);
}

}  // namespace

std::optional<Crossing> first_at_least(std::span<const std::int64_t> edits, std::span<const double> values,
                                       double threshold) {
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (values[i] >= threshold) return Crossing{i == 0 ? 0 : edits[i - 1], edits[i]};
  }
  return std::nullopt;
}

std::optional<DownstreamLoss> downstream_loss(const CellHistory& history) {
  const auto& points = history.tasks;
  if (points.size() < 2 || points.front().edits != 0) return std::nullopt;
  DownstreamLoss loss;
  loss.baseline = mean_f1_percent(points.front());
  if (!(loss.baseline > 0.0)) return std::nullopt;
  loss.last_fraction = mean_f1_percent(points.back()) / loss.baseline;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const bool is_lost = mean_f1_percent(points[i]) / loss.baseline < kLostFraction;  // not, where there is no F1
    if (!is_lost) continue;
    loss.crossing = Crossing{points[i - 1].edits, points[i].edits};
    break;
  }
  return loss;
}

std::string describe_findings(std::span<const CellHistory* const> histories) {
  if (histories.empty()) return "";
  const core::GridCell& cell = histories.front()->cell;
  const std::vector<Sample> samples = samples_with_edits(histories);
  if (samples.empty()) return fmt::format("**{} on {}**: no edits yet.", cell.method, cell.model);
  std::vector<std::int64_t> edits;
  for (const Sample& sample : samples) edits.push_back(sample.summary.num_edits);
  return fmt::format("**{} on {}** ({} of {} samples, {} edits each). {} {} {}{}", cell.method, cell.model,
                     samples.size(), histories.size(), range_of(edits), describe_proficiency(samples),
                     describe_forgetting(samples), describe_downstream(samples), describe_failures(samples));
}

}  // namespace lethe::report
