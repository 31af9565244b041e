#include "report/change_point.h"

#include <algorithm>
#include <cmath>

namespace lethe::report {
namespace {

/// Weight, in checkpoints, of the belief that variances are as given when scatter is compared with them.
constexpr double kDispersionPrior = 6.0;
/// A fit is followed by a value that differs by no more than this many units of chi squared (one parameter, 95 %).
constexpr double kLikelihoodRange = 3.84;
constexpr double kLeastFallShare = 0.8;
constexpr double kGradualShare = 0.5;
/// Midway between what is gradual and what is a break.
constexpr double kDividingShare = 0.75;
/// Least probability that a fall is beyond what is gradual.
constexpr double kLeastCertainty = 0.95;
constexpr std::ptrdiff_t kLastingCheckpoints = 3;

/// A line fitted by weighted least squares.
struct Line {
  double level = 0.0;     ///< at the side's end
  double slope = 0.0;     ///< per edit
  double variance = 0.0;  ///< of `level`
  double misfit = 0.0;    ///< weighted sum of squares around the line
  double freedom = 0.0;
};

struct Sums {
  double weight = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
};

/// The line through checkpoints [first, last], valued at `end`. One or two checkpoints tell no line from noise: the one
/// at the end stands for itself.
Line fit_line(const HealthCurve& curve, std::size_t first, std::size_t last, std::size_t end) {
  if (last - first < 2) return {curve.values[end], 0.0, curve.variances[end], 0.0, 0.0};
  const auto x_of = [&](std::size_t i) { return static_cast<double>(curve.edits[i] - curve.edits[end]); };
  Sums sums;
  for (std::size_t i = first; i <= last; ++i) {
    const double weight = 1.0 / curve.variances[i];
    sums.weight += weight;
    sums.x += weight * x_of(i);
    sums.y += weight * curve.values[i];
    sums.xx += weight * x_of(i) * x_of(i);
    sums.xy += weight * x_of(i) * curve.values[i];
  }
  const double determinant = sums.weight * sums.xx - sums.x * sums.x;
  Line line;
  line.level = (sums.xx * sums.y - sums.x * sums.xy) / determinant;
  line.slope = (sums.weight * sums.xy - sums.x * sums.y) / determinant;
  line.variance = sums.xx / determinant;
  for (std::size_t i = first; i <= last; ++i) {
    const double rest = curve.values[i] - line.level - line.slope * x_of(i);
    line.misfit += rest * rest / curve.variances[i];
  }
  line.freedom = static_cast<double>(last - first) - 1.0;
  return line;
}

/// A fall from checkpoint `from` to checkpoint `to`.
struct Candidate {
  std::size_t from = 0;
  std::size_t to = 0;
  bool is_abrupt = false;  ///< no wider than a break of this curve may be
  double before = 0.0;
  double behind = 0.0;
  double error = 0.0;
  double certainty = 0.0;   ///< that the fall is more than gradual
  double confidence = 0.0;  ///< that it is nearer to a break than to what is gradual
  double misfit = 0.0;      ///< around both lines and the ramp between them
  double dispersion = 1.0;  ///< factor by which variances were raised
};

Candidate judge(const HealthCurve& curve, std::size_t from, std::size_t to) {
  const std::size_t first = from + 1 < kSideCheckpoints ? 0 : from + 1 - kSideCheckpoints;
  const std::size_t last = std::min(curve.edits.size(), to + kSideCheckpoints) - 1;
  const Line left = fit_line(curve, first, from, from);
  const Line right = fit_line(curve, to, last, to);
  Candidate found;
  found.from = from;
  found.to = to;
  found.before = left.level;
  found.behind = right.level;
  found.misfit = left.misfit + right.misfit;
  found.dispersion =
      std::max(1.0, (found.misfit + kDispersionPrior) / (left.freedom + right.freedom + kDispersionPrior));
  found.error = std::sqrt((left.variance + right.variance) * found.dispersion);
  const auto probability_beyond = [&](double share) {
    const double excess = found.before - found.behind - share * curve.break_fall;
    return 0.5 * std::erfc(-excess / found.error / std::sqrt(2.0));
  };
  found.certainty = probability_beyond(kGradualShare);
  found.confidence = probability_beyond(kDividingShare);
  return found;
}

/// Most of the next three values are nearer to the level behind the fall: one low value alone is a dip.
bool lasts(const Candidate& candidate, const HealthCurve& curve) {
  const double half = 0.5 * (candidate.before + candidate.behind);
  const auto begin = curve.values.begin() + static_cast<std::ptrdiff_t>(candidate.to);
  const auto count = std::min<std::ptrdiff_t>(kLastingCheckpoints, curve.values.end() - begin);
  return 2 * std::count_if(begin, begin + count, [&](double value) { return value <= half; }) > count;
}

bool is_break(const Candidate& candidate, const HealthCurve& curve) {
  return candidate.certainty >= kLeastCertainty &&
         candidate.before - candidate.behind >= kLeastFallShare * curve.break_fall && lasts(candidate, curve);
}

/// Checkpoints that a break may take in a curve of `size` values. The steepest part of a logistic decline of 60 points
/// over half of the curve falls by 16 points in one eleventh of it: so much is gradual.
std::size_t widest_break(std::size_t size) { return std::clamp<std::size_t>((size - 1) / 11, 1, kBreakCheckpoints); }

/// Misfit of line, ramp and line to the checkpoints [first, last], whatever the candidate's own sides.
double misfit_within(const HealthCurve& curve, const Candidate& candidate, std::size_t first, std::size_t last) {
  const Line left = fit_line(curve, first, candidate.from, candidate.from);
  const Line right = fit_line(curve, candidate.to, last, candidate.to);
  double misfit = left.misfit + right.misfit;
  const auto width = static_cast<double>(curve.edits[candidate.to] - curve.edits[candidate.from]);
  for (std::size_t i = candidate.from + 1; i < candidate.to; ++i) {
    const double share = static_cast<double>(curve.edits[i] - curve.edits[candidate.from]) / width;
    const double rest = curve.values[i] - left.level - share * (right.level - left.level);
    misfit += rest * rest / curve.variances[i];
  }
  return misfit;
}

std::optional<std::int64_t> recovery(const HealthCurve& curve, const Candidate& fall) {
  const double half = 0.5 * (fall.before + fall.behind);
  for (auto value = curve.values.begin() + static_cast<std::ptrdiff_t>(fall.to) + 1;
       value + kLastingCheckpoints <= curve.values.end(); ++value) {
    const auto num_above = std::count_if(value, value + kLastingCheckpoints, [&](double one) { return one >= half; });
    if (*value >= half && 2 * num_above > kLastingCheckpoints) {
      return curve.edits[static_cast<std::size_t>(value - curve.values.begin())];
    }
  }
  return std::nullopt;
}

/// Dates one fall among its candidates. One that took longer than a break may is among them: between the checkpoints of
/// a narrower one, levels would be told that were never measured.
Break date(const HealthCurve& curve, std::span<const Candidate> candidates) {
  const auto reach = [&](std::size_t at) { return std::min(curve.edits.size(), at + kSideCheckpoints) - 1; };
  const std::size_t begin = candidates.front().from;
  const std::size_t first = begin + 1 < kSideCheckpoints ? 0 : begin + 1 - kSideCheckpoints;
  std::size_t last = 0;
  for (const Candidate& candidate : candidates) last = std::max(last, reach(candidate.to));
  std::vector<double> misfits;
  for (const Candidate& candidate : candidates) misfits.push_back(misfit_within(curve, candidate, first, last));
  const auto best = static_cast<std::size_t>(std::min_element(misfits.begin(), misfits.end()) - misfits.begin());
  const Candidate& fall = candidates[best];
  Break found{curve.edits[fall.from],
              curve.edits[fall.from + 1],
              curve.edits[fall.to],
              curve.edits[fall.from],
              curve.edits[fall.to],
              fall.before,
              fall.behind,
              fall.error,
              fall.confidence,
              0,
              {}};
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (misfits[i] > misfits[best] + kLikelihoodRange * fall.dispersion) continue;
    found.earliest = std::min(found.earliest, curve.edits[candidates[i].from]);
    found.latest = std::max(found.latest, curve.edits[candidates[i].to]);
  }
  found.num_behind = static_cast<std::int64_t>(curve.edits.size() - fall.to);
  found.recovered_at = recovery(curve, fall);
  return found;
}

HealthCurve without_gaps(const HealthCurve& curve) {
  HealthCurve known;
  known.break_fall = curve.break_fall;
  for (std::size_t i = 0; i < curve.edits.size(); ++i) {
    if (std::isfinite(curve.values[i])) known.add(curve.edits[i], curve.values[i], curve.variances[i]);
  }
  return known;
}

}  // namespace

void HealthCurve::add(std::int64_t at, double value, double variance) {
  edits.push_back(at);
  values.push_back(value);
  variances.push_back(variance);
}

std::int64_t median_spacing(std::span<const std::int64_t> edits) {
  if (edits.size() < 2) return 0;
  std::vector<std::int64_t> steps;
  for (std::size_t i = 1; i < edits.size(); ++i) steps.push_back(edits[i] - edits[i - 1]);
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

BreakSearch find_breaks(const HealthCurve& raw) {
  const HealthCurve curve = without_gaps(raw);
  BreakSearch search;
  const std::size_t size = curve.edits.size();
  if (size < kLeastCheckpoints) return search;
  search.is_judged = true;
  const std::size_t widest = widest_break(size);
  const std::int64_t spacing = median_spacing(curve.edits);
  std::vector<Candidate> falls;  // of one fall: a candidate that begins before the last one ended is of the same
  std::size_t end = 0;
  const auto close = [&] {
    if (std::ranges::any_of(falls, &Candidate::is_abrupt)) search.breaks.push_back(date(curve, falls));
    falls.clear();
  };
  for (std::size_t from = 0; from + 1 < size; ++from) {
    for (std::size_t to = from + 1; to < size && to - from <= kBreakCheckpoints; ++to) {
      const std::int64_t duration = curve.edits[to] - curve.edits[from];
      if (duration > static_cast<std::int64_t>(kBreakCheckpoints) * spacing) continue;
      Candidate candidate = judge(curve, from, to);
      // Between two neighbours a checkpoint or two may be missing.
      candidate.is_abrupt =
          to == from + 1 || (to - from <= widest && duration <= static_cast<std::int64_t>(widest) * spacing);
      if (candidate.is_abrupt) search.highest_confidence = std::max(search.highest_confidence, candidate.confidence);
      if (!is_break(candidate, curve)) continue;
      if (from > end) close();
      falls.push_back(candidate);
      end = std::max(end, to);
    }
  }
  close();
  return search;
}

}  // namespace lethe::report
