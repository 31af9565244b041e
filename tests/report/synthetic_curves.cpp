#include "tests/report/synthetic_curves.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "report/phases.h"

namespace lethe::report::synthetic {
namespace {

constexpr int kNumExamples = 200;
constexpr double kFarCheckpoints = 3.0;

void add_binomial(HealthCurve& curve, std::int64_t edits, double percent, Dice& dice) {
  int right = 0;
  for (int i = 0; i < kNumExamples; ++i) right += dice.between(0.0, 100.0) < percent ? 1 : 0;
  const double share = (right + 1.0) / (kNumExamples + 2.0);
  curve.add(edits, 100.0 * right / kNumExamples, 1e4 * share * (1.0 - share) / kNumExamples);
}

/// Percent at a share of the run, 0 at its begin and 1 at its end.
template <typename Shape>
Truth curve_of(std::size_t size, Shape shape) {
  Truth truth;
  for (std::size_t i = 0; i < size; ++i) {
    truth.percents.push_back(shape(static_cast<double>(i) / static_cast<double>(size - 1)));
  }
  return truth;
}

Truth flat(std::size_t size, double percent) {
  return curve_of(size, [=](double) { return percent; });
}

std::size_t run_length(Dice& dice) { return dice.whole(50, 100); }

Truth straight(Dice& dice, std::size_t size, double least, double most) {
  const double begin = dice.between(std::max(70.0, most), 98.0);
  const double loss = dice.between(least, most);
  return curve_of(size, [=](double share) { return begin - loss * share; });
}

/// Logistic: 90 % of `loss` is lost within `width` of the run.
Truth logistic(std::size_t size, double begin, double loss, double middle, double width) {
  return curve_of(size, [=](double share) {
    return begin - loss / (1.0 + std::exp(-2.0 * std::log(19.0) * (share - middle) / width));
  });
}

Truth power(Dice& dice, double exponent) {
  const double begin = dice.between(75.0, 98.0);
  const double loss = dice.between(10.0, 60.0);
  return curve_of(run_length(dice), [=](double share) { return begin - loss * std::pow(share, exponent); });
}

/// Lets a truth fall by `points` in `width` checkpoints, of which `at` is the first; not under 0.
Truth fall(Truth truth, std::size_t at, std::size_t width, double points) {
  for (std::size_t i = at; i < truth.percents.size(); ++i) {
    const double share = std::min(1.0, static_cast<double>(i - at + 1) / static_cast<double>(width));
    truth.percents[i] = std::max(0.0, truth.percents[i] - share * points);
  }
  truth.breaks.push_back(at);
  return truth;
}

Truth broken(Dice& dice, double least_fall, double most_fall) {
  Truth truth = straight(dice, run_length(dice), 0.0, 30.0);
  const std::size_t at = dice.whole(3, truth.percents.size() - 6);
  return fall(truth, at, dice.whole(1, 3), dice.between(least_fall, most_fall));
}

/// A loss of 40 points that is regained after `length` checkpoints.
Truth dip(Dice& dice, std::size_t length) {
  Truth truth = straight(dice, run_length(dice), 0.0, 30.0);
  const std::size_t at = dice.whole(4, truth.percents.size() - length - 5);
  for (std::size_t i = at; i < at + length; ++i) truth.percents[i] -= 40.0;
  if (length > 1) truth.breaks.push_back(at);
  return truth;
}

std::vector<Kind> smooth_kinds() {
  return {
      {"straight, 0 to 60 points", Expected::kNone, [](Dice& d) { return straight(d, run_length(d), 0.0, 60.0); }},
      {"straight, 60 points in 50 checkpoints", Expected::kNone, [](Dice& d) { return straight(d, 50, 60.0, 60.0); }},
      {"logistic, 20 to 60 points over half the run or more", Expected::kNone,
       [](Dice& d) {
         return logistic(run_length(d), d.between(75.0, 98.0), d.between(20.0, 60.0), d.between(0.3, 0.7),
                         d.between(0.5, 1.0));
       }},
      {"logistic, 60 points over half of 50 checkpoints", Expected::kNone,
       [](Dice& d) { return logistic(50, d.between(75.0, 98.0), 60.0, 0.5, 0.5); }},
      {"square root, 10 to 60 points", Expected::kNone, [](Dice& d) { return power(d, 0.5); }},
      {"parabola, 10 to 60 points", Expected::kNone, [](Dice& d) { return power(d, 2.0); }},
      {"flat at chance", Expected::kNone, [](Dice& d) { return flat(run_length(d), 50.0); }},
      {"flat at zero", Expected::kNone, [](Dice& d) { return flat(run_length(d), 0.0); }},
      {"one checkpoint 40 points lower", Expected::kNone, [](Dice& d) { return dip(d, 1); }},
      {"straight, 0 to 60 points, scatter of 9 points more", Expected::kNone,
       [](Dice& d) {
         Truth truth = straight(d, run_length(d), 0.0, 60.0);
         for (double& percent : truth.percents) percent += d.between(-9.0, 9.0);
         return truth;
       }},
  };
}

std::vector<Kind> broken_kinds() {
  return {
      {"fall of 30 to 90 points in 1 to 3 checkpoints", Expected::kBreak,
       [](Dice& d) { return broken(d, 30.0, 90.0); }},
      {"fall of 30 points in 1 to 3 checkpoints", Expected::kBreak, [](Dice& d) { return broken(d, 30.0, 30.0); }},
      {"fall of 30 points in 3 checkpoints", Expected::kBreak,
       [](Dice& d) {
         Truth truth = straight(d, run_length(d), 0.0, 30.0);
         return fall(truth, d.whole(3, truth.percents.size() - 6), 3, 30.0);
       }},
      {"fall to zero", Expected::kBreak, [](Dice& d) { return broken(d, 100.0, 100.0); }},
      {"fall from 35 to 5 points", Expected::kBreak,
       [](Dice& d) { return fall(flat(run_length(d), 35.0), d.whole(4, 40), d.whole(1, 3), 30.0); }},
      {"fall of 30 points at the first checkpoint", Expected::kBreak,
       [](Dice& d) { return fall(straight(d, run_length(d), 0.0, 30.0), 1, 1, 30.0); }},
      {"fall of 30 points at the last checkpoint", Expected::kBreak,
       [](Dice& d) {
         const std::size_t size = run_length(d);
         return fall(straight(d, size, 0.0, 30.0), size - 1, 1, 30.0);
       }},
      {"two falls of 30 points, ten checkpoints apart or more", Expected::kBreak,
       [](Dice& d) {
         Truth truth = straight(d, run_length(d), 0.0, 10.0);
         const std::size_t half = truth.percents.size() / 2;
         truth = fall(truth, d.whole(4, half - 5), d.whole(1, 3), 30.0);
         return fall(truth, d.whole(half + 5, truth.percents.size() - 6), d.whole(1, 3), 30.0);
       }},
      {"fall of 40 points, regained after five checkpoints", Expected::kBreak, [](Dice& d) { return dip(d, 5); }},
  };
}

std::vector<Kind> doubtful_kinds() {
  std::vector<Kind> kinds{
      {"two checkpoints 40 points lower", Expected::kReported, [](Dice& d) { return dip(d, 2); }},
      {"the last checkpoint 40 points lower", Expected::kReported,
       [](Dice& d) {
         const std::size_t size = run_length(d);
         return fall(straight(d, size, 0.0, 30.0), size - 1, 1, 40.0);
       }},
      {"four steps of 15 points", Expected::kReported,
       [](Dice&) {
         Truth truth = flat(60, 95.0);
         for (const std::size_t at : {8, 20, 32, 44}) truth = fall(truth, at, 1, 15.0);
         truth.breaks.clear();
         return truth;
       }},
      {"three steps of 20 points", Expected::kReported,
       [](Dice&) {
         Truth truth = flat(60, 95.0);
         for (const std::size_t at : {8, 20, 32}) truth = fall(truth, at, 1, 20.0);
         truth.breaks.clear();
         return truth;
       }},
      {"logistic, 60 points over 15 of 50 checkpoints", Expected::kReported,
       [](Dice& d) { return logistic(50, d.between(75.0, 98.0), 60.0, 0.5, 0.3); }},
      {"two falls of 30 points, four checkpoints apart", Expected::kReported,
       [](Dice& d) {
         Truth truth = straight(d, run_length(d), 0.0, 5.0);
         const std::size_t at = d.whole(6, truth.percents.size() - 16);
         return fall(fall(truth, at, 1, 30.0), at + 4, 1, 30.0);
       }},
  };
  for (const std::size_t size : {5, 10, 20}) {
    const std::string of = " (" + std::to_string(size) + " checkpoints in all)";
    kinds.push_back(
        {"straight, 60 points" + of, Expected::kReported, [size](Dice& d) { return straight(d, size, 60.0, 60.0); }});
    kinds.push_back({"logistic, 60 points over half" + of, Expected::kReported,
                     [size](Dice& d) { return logistic(size, d.between(75.0, 98.0), 60.0, 0.5, 0.5); }});
    kinds.push_back({"fall of 30 points at once" + of, Expected::kReported,
                     [size](Dice& d) { return fall(flat(size, 90.0), d.whole(1, size - 1), 1, 30.0); }});
    kinds.push_back({"fall of 30 points in 3 checkpoints" + of, Expected::kReported,
                     [size](Dice& d) { return fall(flat(size, 90.0), d.whole(1, size - 3), 3, 30.0); }});
  }
  return kinds;
}

/// Counts one curve: what was found, against the truth, in checkpoints.
void count(Outcome& outcome, const std::vector<Break>& found, const std::vector<std::size_t>& truth) {
  ++outcome.num_curves;
  const auto error_of = [](const Break& one, std::size_t at) {
    return std::abs(static_cast<double>(one.at) / static_cast<double>(kSpacing) - static_cast<double>(at));
  };
  outcome.num_alarmed += std::ranges::any_of(found, [&](const Break& one) {
    return std::ranges::none_of(truth, [&](std::size_t at) { return error_of(one, at) <= kFarCheckpoints; });
  });
  if (truth.empty()) return;
  const Break* nearest = nullptr;
  for (const Break& one : found) {
    if (nearest == nullptr || error_of(one, truth.front()) < error_of(*nearest, truth.front())) nearest = &one;
  }
  if (nearest == nullptr || error_of(*nearest, truth.front()) > kFarCheckpoints) {
    ++outcome.num_missed;
    return;
  }
  outcome.errors.push_back(error_of(*nearest, truth.front()));
  const auto at = static_cast<std::int64_t>(truth.front()) * kSpacing;
  outcome.num_covered += nearest->earliest < at && at <= nearest->latest ? 1 : 0;
}

/// The distance of a random walk of one unit an edit, with a scatter of 2 %; five times as large behind a break.
HealthCurve distance_curve(std::size_t size, std::optional<std::size_t> at, Dice& dice) {
  HealthCurve curve;
  curve.break_fall = 1.0;
  for (std::size_t i = 1; i < size; ++i) {
    const auto edits = static_cast<std::int64_t>(i) * kSpacing;
    const double jump = at && i >= *at ? 5.0 : 1.0;
    const double distance = jump * std::sqrt(static_cast<double>(edits)) * (1.0 + dice.between(-0.02, 0.02));
    curve.add(edits, -std::log2(distance / static_cast<double>(edits)), 0.0025);
  }
  return curve;
}

Indicator make_indicator(IndicatorKind kind, std::size_t size, std::optional<std::size_t> at, Dice& dice) {
  Indicator indicator{kind, {}, {}, {}};
  if (kind == IndicatorKind::kDistance) {
    indicator.curve = distance_curve(size, at, dice);
  } else {
    Truth truth = straight(dice, size, 0.0, at ? 30.0 : 60.0);
    if (at) truth = fall(truth, *at, dice.whole(1, 2), dice.between(30.0, 90.0));
    indicator.curve = observe(truth, dice);
  }
  indicator.search = find_breaks(indicator.curve);
  return indicator;
}

}  // namespace

HealthCurve observe(const Truth& truth, Dice& dice) {
  HealthCurve curve;
  for (std::size_t i = 0; i < truth.percents.size(); ++i) {
    add_binomial(curve, static_cast<std::int64_t>(i) * kSpacing, std::clamp(truth.percents[i], 0.0, 100.0), dice);
  }
  return curve;
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = [] {
    std::vector<Kind> list = smooth_kinds();
    for (auto& kind : broken_kinds()) list.push_back(kind);
    for (auto& kind : doubtful_kinds()) list.push_back(kind);
    return list;
  }();
  return all;
}

double Outcome::median_error() const { return errors.empty() ? 0.0 : errors[errors.size() / 2]; }
double Outcome::error_of_nine_tenths() const { return errors.empty() ? 0.0 : errors[errors.size() * 9 / 10]; }

Outcome try_kind(const Kind& kind, int count_of_curves) {
  Dice dice(kind.name);
  Outcome outcome;
  for (int i = 0; i < count_of_curves; ++i) {
    const Truth truth = kind.make(dice);
    count(outcome, find_breaks(observe(truth, dice)).breaks, truth.breaks);
  }
  std::ranges::sort(outcome.errors);
  return outcome;
}

namespace {

/// Of breaks one after the other any may be the point: the one that was found.
std::vector<std::size_t> nearest_of(const std::vector<std::size_t>& breaks, const std::vector<Break>& found) {
  if (breaks.empty() || found.empty()) return {breaks.begin(), breaks.empty() ? breaks.end() : breaks.begin() + 1};
  const auto distance = [&](std::size_t at) {
    return std::abs(static_cast<std::int64_t>(at) * kSpacing - found.front().at);
  };
  return {*std::ranges::min_element(breaks, {}, distance)};
}

}  // namespace

const std::vector<CellKind>& cell_kinds() {
  static const std::vector<CellKind> all{
      {"none breaks", {}, 0},
      {"all break together", {std::begin(kAllIndicators), std::end(kAllIndicators)}, 0},
      {"F1 alone breaks", {IndicatorKind::kF1}, 0},
      {"forgetting and distance break", {IndicatorKind::kForgetting, IndicatorKind::kDistance}, 0},
      {"ES, forgetting and F1 break five checkpoints apart",
       {IndicatorKind::kEfficacy, IndicatorKind::kForgetting, IndicatorKind::kF1},
       5},
  };
  return all;
}

Outcome try_cell_kind(const CellKind& kind, int count_of_cells) {
  Dice dice(kind.name);
  Outcome outcome;
  for (int i = 0; i < count_of_cells; ++i) {
    const std::size_t size = run_length(dice);
    const std::size_t last = kind.breaking.empty() ? 0 : kind.apart * (kind.breaking.size() - 1);
    const std::size_t first = dice.whole(3, size - 6 - last);
    std::vector<std::size_t> breaks;
    for (std::size_t k = 0; k < kind.breaking.size(); ++k) breaks.push_back(first + k * kind.apart);
    std::vector<Indicator> indicators;
    for (const IndicatorKind one : kAllIndicators) {
      const auto found = std::ranges::find(kind.breaking, one) - kind.breaking.begin();
      const bool does_break = found < std::ssize(breaks);
      const auto at = does_break ? std::optional(breaks[static_cast<std::size_t>(found)]) : std::nullopt;
      indicators.push_back(make_indicator(one, size, at, dice));
    }
    std::vector<Break> found;
    if (const auto point = shared_point(indicators)) {
      Break one;
      one.after = one.earliest = point->after;
      one.by = one.latest = point->by;
      one.at = point->after + kSpacing;
      found.push_back(one);
    }
    count(outcome, found, nearest_of(breaks, found));
  }
  std::ranges::sort(outcome.errors);
  return outcome;
}

}  // namespace lethe::report::synthetic
