#include "report/properties_page.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include "core/score.h"
#include "report/cell_curves.h"
#include "report/disabling_page.h"
#include "report/forgetting.h"
#include "report/present.h"

namespace lethe::report {
namespace {

constexpr const char* kUnknown = "–";
constexpr double kHigh = 90.0;
constexpr double kMedium = 70.0;
constexpr double kKept = 90.0;
constexpr double kDeclined = 50.0;
constexpr double kFew = 25.0;
constexpr double kMany = 75.0;

struct Sample {
  const CellHistory* history;
  const CellPhases* phases;

  /// Edits before the point; all of them where there is none.
  [[nodiscard]] std::int64_t until() const {
    return phases->point ? phases->point->gradual_until : std::numeric_limits<std::int64_t>::max();
  }
};
using Samples = std::vector<Sample>;

std::string level(double percent) { return percent >= kHigh ? "high" : percent >= kMedium ? "medium" : "low"; }

/// Mean of what is there.
double mean_of(const std::vector<double>& values) { return present_of(values, std::identity()).mean(); }

/// Percent.
double share_of(std::int64_t part, std::int64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

/// "76.4 to 99.1; n 20": Wilson's interval of a share, and what it is of.
std::string interval_text(std::int64_t part, std::int64_t whole) {
  const auto interval = wilson_interval(part, whole);
  return fmt::format("{:.1f} to {:.1f}; n {}", 100.0 * interval.low, 100.0 * interval.high, whole);
}

/// Of the edits before the point, by edit.
std::vector<double> scores_before(const Samples& samples, double core::EditScores::*field) {
  std::vector<double> values;
  for (const Sample& sample : samples) {
    std::int64_t edit = 0;
    for (const auto& record : sample.history->records) {
      if (++edit > sample.until()) break;
      const double value = core::edit_scores(record.scores).*field;
      if (!std::isnan(value)) values.push_back(100.0 * value);
    }
  }
  return values;
}

/// A share of edits that are right or wrong.
std::string efficacy(const Samples& samples) {
  const auto values = scores_before(samples, &core::EditScores::efficacy);
  if (values.empty()) return kUnknown;
  const auto right = std::ranges::count_if(values, [](double value) { return value > 50.0; });
  const double share = share_of(right, std::ssize(values));
  return fmt::format("{}: {:.1f} ({})", level(share), share, interval_text(right, std::ssize(values)));
}

/// A mean over edits of shares of prompts.
std::string locality(const Samples& samples) {
  const auto values = scores_before(samples, &core::EditScores::neighborhood);
  if (values.empty()) return kUnknown;
  const auto n = static_cast<double>(values.size());
  const double mean = mean_of(values);
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double reach = n > 1.0 ? kTwoSidedFivePercent * std::sqrt(squares / (n - 1.0) / n) : std::nan("");
  return fmt::format("{}: {:.1f} ({} to {}; n {})", level(mean), mean, number(std::max(0.0, mean - reach)),
                     number(std::min(100.0, mean + reach)), values.size());
}

std::string gradual_forgetting(const Samples& samples) {
  std::vector<Rate> rates;
  for (const Sample& sample : samples) {
    if (sample.phases->forgetting) rates.push_back(*sample.phases->forgetting);
  }
  if (rates.empty()) return kUnknown;
  const auto num_certain = std::ranges::count_if(rates, [](const Rate& rate) { return rate.low > 0.0; });
  const double low = std::ranges::min_element(rates, {}, &Rate::low)->low;
  const double high = std::ranges::max_element(rates, {}, &Rate::high)->high;
  const std::string word = num_certain == std::ssize(rates) ? "yes"
                           : num_certain == 0               ? "not certain"
                                                            : fmt::format("in {} of {}", num_certain, rates.size());
  return fmt::format("{}: {:.1f} ({:.1f} to {:.1f}) points per 100 edits", word, present_of(rates, &Rate::value).mean(),
                     low, high);
}

std::string catastrophic_forgetting(const Samples& samples) {
  std::int64_t num_judged = 0;
  std::int64_t longest = 0;
  std::vector<CatastrophicPoint> points;
  for (const Sample& sample : samples) {
    num_judged += sample.phases->is_judged() ? 1 : 0;
    longest = std::max(longest, sample.phases->num_edits);
    if (sample.phases->point) points.push_back(*sample.phases->point);
  }
  if (num_judged == 0) return kUnknown;
  if (points.empty()) return fmt::format("none in {} edits (n {})", longest, num_judged);
  const auto first = std::ranges::min_element(points, {}, &CatastrophicPoint::after);
  const auto last = std::ranges::max_element(points, {}, &CatastrophicPoint::by);
  return fmt::format("yes: edits {} to {} ({} of {})", first->after, last->by, points.size(), num_judged);
}

/// F1 of the tasks above chance over the unedited model's, at the last check until `until`, percent; NaN where it is
/// not known or there is no such task.
double kept_f1(const Sample& sample, std::int64_t until) {
  const auto indicator = std::ranges::find(sample.phases->indicators, IndicatorKind::kF1, &Indicator::kind);
  if (indicator == sample.phases->indicators.end()) return std::nan("");
  const HealthCurve& f1 = indicator->curve;
  if (f1.edits.empty() || f1.edits.front() != 0) return std::nan("");
  const auto behind = std::ranges::upper_bound(f1.edits, until);
  const auto last = static_cast<std::size_t>(behind - f1.edits.begin()) - 1;
  return last == 0 ? std::nan("") : 100.0 * f1.values[last] / f1.values.front();
}

template <typename Until>
std::string downstream(const Samples& samples, Until until) {
  std::vector<double> kept;
  for (const Sample& sample : samples) {
    const double value = kept_f1(sample, until(sample));
    if (std::isfinite(value)) kept.push_back(value);
  }
  if (kept.empty()) return kUnknown;
  const double mean = mean_of(kept);
  const auto [low, high] = std::ranges::minmax(kept);
  const std::string word = mean >= kKept ? "kept" : mean >= kDeclined ? "declined" : "lost";
  const std::string range = kept.size() > 1 ? fmt::format("{:.0f} to {:.0f}; ", low, high) : "";
  return fmt::format("{}: {:.0f} % of the unedited F1 ({}n {})", word, mean, range, kept.size());
}

std::string facts_forgotten(const Samples& samples) {
  std::int64_t known = 0;
  std::int64_t ever = 0;
  for (const Sample& sample : samples) {
    if (sample.history->forgetting.empty()) continue;
    const auto& last = sample.history->forgetting.back().of(Recall::kArgmax);
    known += last.num_known;
    ever += last.num_ever;
  }
  if (known == 0) return kUnknown;
  const double share = share_of(ever, known);
  const std::string word = share < kFew ? "few" : share < kMany ? "many" : "most";
  return fmt::format("{}: {:.1f} % ({})", word, share, interval_text(ever, known));
}

std::string edit_behind_point(const Samples& samples) {
  std::int64_t num_points = 0;
  std::string cases;
  std::int64_t num_standing_out = 0;
  for (const Sample& sample : samples) {
    num_points += sample.phases->point ? 1 : 0;
    if (!sample.phases->edit || !sample.phases->edit->stands_out) continue;
    ++num_standing_out;
    cases += fmt::format("{}case {}", cases.empty() ? "" : ", ", sample.phases->edit->case_id);
  }
  if (num_points == 0) return "no point, so none";
  if (num_standing_out == 0) return fmt::format("none stands out (n {})", num_points);
  return fmt::format("one stands out in {} of {}: {}", num_standing_out, num_points, cases);
}

struct Property {
  const char* name;
  std::string (*value)(const Samples& samples);
};
constexpr Property kProperties[] = {
    {"edits succeed (ES), before the point", efficacy},
    {"neighbours keep their answers (NS), before the point", locality},
    {"gradual forgetting", gradual_forgetting},
    {"catastrophic forgetting", catastrophic_forgetting},
    {"downstream tasks before the point",
     [](const Samples& samples) { return downstream(samples, [](const Sample& sample) { return sample.until(); }); }},
    {"downstream tasks in the end",
     [](const Samples& samples) {
       return downstream(samples, [](const Sample&) { return std::numeric_limits<std::int64_t>::max(); });
     }},
    {"facts forgotten in the end", facts_forgotten},
    {"a single edit behind the point", edit_behind_point},
};

constexpr const char* kRule =
    "In brackets 95 % intervals (over edits of all samples; of rates and of F1 the range over samples) and how many "
    "there "
    "are: edits, samples, known facts. Without a point the whole run counts as before it. *High*: 90 and above, "
    "*medium*: "
    "70 and above, *low*: less. Gradual forgetting is *yes* where the interval of the facts forgotten up to the point "
    "lies above 0 in every sample. Catastrophic forgetting is a fall estimated at 24 points or more within three "
    "checkpoints. Downstream tasks are those that the unedited model answers above chance: *kept* at 90 % of its mean "
    "F1 of them and above, *declined* at 50 and above, else *lost*. Facts forgotten: *few* under 25 %, *many* under 75 "
    "%, else *most*. An edit stands out if "
    "its "
    "update is four times the median of the 50 before it, or the neighbours' NLL rises by 2 nats at it; that it "
    "disables a fresh "
    "model is not said by this. That is asked of edits made alone, the first of a fresh model (*Single edits*): *yes* "
    "if "
    "one of them left less than 25 % of the mean F1, with the share of the random ones, which alone are a sample.";

constexpr const char* kAlone = "a single edit disables a fresh model";

/// "yes: 1 of 2 chosen, 4.0 % of random ones (1.1 to 13.5; n 50)".
std::string disables_alone(const SingleEdits* group) {
  if (group == nullptr) return kUnknown;
  const DisablingCount count = count_disabling(*group);
  if (count.num_tried() == 0) return kUnknown;
  std::string text = fmt::format("{}: {} of {} chosen", count.num_disabling() > 0 ? "yes" : "none found",
                                 count.chosen_disabling, count.num_chosen);
  if (count.num_random == 0) return text;
  return text + fmt::format(", {:.1f} % of random ones ({})", share_of(count.random_disabling, count.num_random),
                            interval_text(count.random_disabling, count.num_random));
}

const SingleEdits* find(std::span<const SingleEdits> groups, const std::string& method, const std::string& model) {
  const auto found = std::ranges::find_if(
      groups, [&](const SingleEdits& group) { return group.method == method && group.model == model; });
  return found == groups.end() ? nullptr : &*found;
}

/// Methods and models whose last row is a dash, with what hindered it.
class NotAsked {
 public:
  void add(const SingleEdits* group, const std::string& method, const std::string& model) {
    if (disables_alone(group) != kUnknown) return;
    const auto name = method + " on " + as_text(model);
    if (group == nullptr) {
      names_.push_back(name);
    } else {
      reasons_.push_back(name + ": " + disabling_sentence(*group));
    }
  }
  /// Whoever asks for one method more asks for all of them: the new sweep takes the place of the old one.
  void write_to(Page& page, std::vector<std::string> methods, std::span<const SingleEdits> groups) const {
    for (const std::string& reason : reasons_) page.emplace_back(Paragraph{reason});
    if (names_.empty()) return;
    for (const SingleEdits& group : groups) {
      if (std::ranges::find(methods, group.method) == methods.end()) methods.push_back(group.method);
    }
    page.emplace_back(Paragraph{
        fmt::format("No edit was made alone (–) by {}: `lethe diagnose disabling CONFIG --sweep DIR --method {}` makes "
                    "some.",
                    fmt::join(names_, ", "), fmt::join(methods, ","))});
  }

 private:
  std::vector<std::string> names_, reasons_;
};

/// In order of first sight.
template <typename Get>
std::vector<std::string> distinct(std::span<const CellHistory> histories, Get get) {
  std::vector<std::string> names;
  for (const CellHistory& history : histories) {
    if (history.records.empty()) continue;
    const std::string& name = get(history.cell);
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

}  // namespace

Page properties_section(std::span<const CellHistory> histories, std::span<const CellPhases> cells,
                        std::span<const SingleEdits> single_edits) {
  Page page;
  NotAsked not_asked;
  const auto models = distinct(
      histories, [](const core::GridCell& cell) -> const auto& { return cell.model; });
  const auto methods = distinct(
      histories, [](const core::GridCell& cell) -> const auto& { return cell.method; });
  for (const std::string& model : models) {
    Table table{"properties-" + model,
                fmt::format("What the methods do to {}.", as_text(model)),
                {"property"},
                {},
                1 + methods.size()};
    for (const Property& property : kProperties) table.rows.push_back({property.name});
    table.rows.push_back({kAlone});
    for (const std::string& method : methods) {
      Samples samples;
      for (std::size_t i = 0; i < histories.size(); ++i) {
        const auto& cell = histories[i].cell;
        if (cell.model != model || cell.method != method || histories[i].records.empty()) continue;
        samples.push_back({&histories[i], &cells[i]});
      }
      if (samples.empty()) continue;
      table.header.push_back(method);
      for (std::size_t row = 0; row < std::size(kProperties); ++row) {
        table.rows[row].push_back(kProperties[row].value(samples));
      }
      const auto* alone = find(single_edits, method, model);
      table.rows.back().push_back(disables_alone(alone));
      not_asked.add(alone, method, model);
    }
    page.emplace_back(std::move(table));
  }
  if (page.empty()) return page;
  page.insert(page.begin(), Heading{2, "Properties"});
  page.emplace_back(Paragraph{kRule});
  not_asked.write_to(page, methods, single_edits);
  return page;
}

}  // namespace lethe::report
