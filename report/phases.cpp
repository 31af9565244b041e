#include "report/phases.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "report/cell_curves.h"

namespace lethe::report {
namespace {

/// No indicator alone is more certain: its model of the noise is not.
constexpr double kMostConfidence = 0.999;
constexpr std::size_t kEditsBefore = 50;
constexpr const char* kUpdateNorm = "delta_norm";

/// Edits between two intervals; 0 if they meet.
std::int64_t gap_between(const Break& a, const Break& b) {
  return std::max<std::int64_t>({0, a.earliest - b.latest, b.earliest - a.latest});
}

/// A break with its indicator.
struct Candidate {
  const Indicator* indicator = nullptr;
  const Break* found = nullptr;

  [[nodiscard]] bool is_near(const Candidate& other) const {
    const auto spacing = std::max(median_spacing(indicator->curve.edits), median_spacing(other.indicator->curve.edits));
    return gap_between(*found, *other.found) <= static_cast<std::int64_t>(kBreakCheckpoints) * spacing;
  }
};

/// Of each other indicator the break that is nearest to `pivot`, the nearest first.
std::vector<Candidate> neighbours_of(std::span<const Indicator> indicators, const Candidate& pivot) {
  std::vector<Candidate> neighbours;
  for (const Indicator& indicator : indicators) {
    const auto& breaks = indicator.search.breaks;
    if (indicator.kind == pivot.indicator->kind || breaks.empty()) continue;
    const auto gap = [&](const Break& found) { return gap_between(found, *pivot.found); };
    neighbours.push_back({&indicator, &*std::ranges::min_element(breaks, {}, gap)});
  }
  std::ranges::stable_sort(neighbours, {}, [&](const Candidate& one) { return gap_between(*one.found, *pivot.found); });
  return neighbours;
}

/// Breaks any two of which are near each other, beginning with `pivot`.
std::vector<Witness> witnesses_of(std::span<const Indicator> indicators, const Candidate& pivot) {
  std::vector<Candidate> group{pivot};
  for (const Candidate& one : neighbours_of(indicators, pivot)) {
    if (std::ranges::all_of(group, [&](const Candidate& other) { return one.is_near(other); })) group.push_back(one);
  }
  std::vector<Witness> witnesses;
  for (const Candidate& one : group) witnesses.push_back({one.indicator->kind, *one.found});
  return witnesses;
}

double log_odds_of(const Break& found) {
  const double confidence = std::min(found.confidence, kMostConfidence);
  return std::log(confidence / (1.0 - confidence));
}

/// The first loss, narrowed by all that meet it. Those that do not are no evidence for this interval.
CatastrophicPoint point_of(std::vector<Witness> witnesses) {
  std::ranges::stable_sort(witnesses, {}, [](const Witness& witness) {
    return std::pair(witness.kind == IndicatorKind::kDistance, witness.found.by);
  });
  const Break& first = witnesses.front().found;
  CatastrophicPoint point{first.after, first.by, first.after, 0.0, {}};
  double log_odds = 0.0;
  for (const Witness& witness : witnesses) {
    point.gradual_until = std::min(point.gradual_until, witness.found.after);
    const std::int64_t after = std::max(point.after, witness.found.after);
    const std::int64_t by = std::min(point.by, witness.found.by);
    if (after >= by) continue;
    point.after = after;
    point.by = by;
    log_odds += log_odds_of(witness.found);
  }
  std::ranges::sort(witnesses, {}, &Witness::kind);
  point.witnesses = std::move(witnesses);
  point.confidence = 1.0 / (1.0 + std::exp(-log_odds));
  return point;
}

const Indicator& indicator_of(const CellPhases& phases, IndicatorKind kind) {
  return *std::ranges::find(phases.indicators, kind, &Indicator::kind);
}

void find_crossings(const HealthCurve& f1, CellPhases& phases) {
  const bool has_baseline = !f1.edits.empty() && f1.edits.front() == 0 && f1.values.front() > 0.0;
  for (std::size_t i = 1; i < f1.edits.size(); ++i) {
    if (has_baseline && !phases.half_at && f1.values[i] < 0.5 * f1.values.front()) phases.half_at = f1.edits[i];
    if (has_baseline && !phases.zero_at && f1.values[i] <= 0.0) phases.zero_at = f1.edits[i];
  }
}

/// Facts are the sample: a rate from one checkpoint's share, because the shares of several count the same facts.
std::optional<Rate> forgetting_rate(const CellHistory& history, std::int64_t until) {
  const ForgettingPoint* last = nullptr;
  for (const ForgettingPoint& point : history.forgetting) {
    if (point.edits <= until && point.argmax.num_known > 0) last = &point;
  }
  if (last == nullptr) return std::nullopt;
  const auto interval = wilson_interval(last->argmax.num_ever, last->argmax.num_known);
  const double scale = 1e4 / static_cast<double>(last->edits);
  const auto share = static_cast<double>(last->argmax.num_ever) / static_cast<double>(last->argmax.num_known);
  return Rate{scale * share, scale * interval.low, scale * interval.high, last->edits};
}

std::optional<Rate> f1_loss_rate(const HealthCurve& f1, std::int64_t until) {
  if (f1.edits.empty() || f1.edits.front() != 0) return std::nullopt;
  std::size_t last = 0;
  for (std::size_t i = 0; i < f1.edits.size() && f1.edits[i] <= until; ++i) last = i;
  if (last == 0) return std::nullopt;
  const double scale = 100.0 / static_cast<double>(f1.edits[last]);
  const double loss = f1.values.front() - f1.values[last];
  const double error = kTwoSidedFivePercent * std::sqrt(f1.variances.front() + f1.variances[last]);
  return Rate{scale * loss, scale * (loss - error), scale * (loss + error), f1.edits[last]};
}

double neighborhood_nll(const core::MetricRecord& record) {
  double sum = 0.0;
  int count = 0;
  for (const core::PromptScore& score : record.scores) {
    if (score.kind != core::PromptKind::kNeighborhood) continue;
    sum += static_cast<double>(score.nll_true);
    ++count;
  }
  return count == 0 ? kNone : sum / count;
}

/// What an edit is judged by, and how far it lies beyond the median of those before it.
struct EditRule {
  double (*value)(const core::MetricRecord&);
  double (*excess)(double value, double median);
  double outstanding;
  bool is_by_norm;
};
constexpr EditRule kEditRules[] = {
    {update_norm, [](double value, double median) { return value / median; }, 4.0, true},
    {neighborhood_nll, [](double value, double median) { return value - median; }, 2.0, false},  // nats
};

/// Median over up to 50 values that are finite, of the edits before index `end`; NaN of none.
double median_before(std::span<const core::MetricRecord> records, std::size_t end, const EditRule& rule) {
  std::vector<double> values;
  for (std::size_t i = end; i > 0 && values.size() < kEditsBefore; --i) {
    if (const double one = rule.value(records[i - 1]); std::isfinite(one)) values.push_back(one);
  }
  if (values.empty()) return kNone;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Of the edits (after, by], the one that lies furthest beyond those right before it.
std::optional<EditBehindPoint> furthest_beyond(std::span<const core::MetricRecord> records, std::int64_t after,
                                               std::int64_t by, const EditRule& rule) {
  std::optional<EditBehindPoint> found;
  for (auto i = static_cast<std::size_t>(after); i < static_cast<std::size_t>(by); ++i) {
    const double value = rule.value(records[i]);
    if (!std::isfinite(value)) continue;
    const double excess = rule.excess(value, median_before(records, i, rule));
    // The first edit of all has none before it, and stands behind a point that is its own.
    const bool is_further = !found || std::isnan(found->excess) || excess > found->excess;
    if (!is_further) continue;
    found = EditBehindPoint{records[i].edit, records[i].case_id, rule.is_by_norm, excess, excess >= rule.outstanding};
  }
  return found;
}

std::optional<EditBehindPoint> edit_behind_point(const CellHistory& history, const CatastrophicPoint& point) {
  const auto num_edits = static_cast<std::int64_t>(history.records.size());
  for (const EditRule& rule : kEditRules) {
    const auto found =
        furthest_beyond(history.records, std::min(point.after, num_edits), std::min(point.by, num_edits), rule);
    if (found) return found;
  }
  return std::nullopt;
}

storage::Curve break_curve(const core::GridCell& cell, const std::string& name, std::int64_t after, std::int64_t by,
                           double before, double behind) {
  return {cell, "break." + name, "break", {after, by}, {before, behind}};
}

}  // namespace

double update_norm(const core::MetricRecord& record) {
  const auto found = record.diagnostics.find(kUpdateNorm);
  return record.status != core::EditStatus::kApplied || found == record.diagnostics.end() ? kNone : found->second;
}

bool CellPhases::is_judged() const {
  return std::ranges::any_of(indicators, [](const Indicator& indicator) {
    return indicator.kind != IndicatorKind::kDistance && indicator.search.is_judged;
  });
}

ShareInterval wilson_interval(std::int64_t part, std::int64_t whole) {
  const auto n = static_cast<double>(whole);
  const double share = static_cast<double>(part) / n;
  const double z2 = kTwoSidedFivePercent * kTwoSidedFivePercent;
  const double centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
  const double reach =
      kTwoSidedFivePercent / (1.0 + z2 / n) * std::sqrt(share * (1.0 - share) / n + z2 / (4.0 * n * n));
  return {std::max(0.0, centre - reach), std::min(1.0, centre + reach)};
}

std::optional<CatastrophicPoint> shared_point(std::span<const Indicator> indicators) {
  std::vector<std::vector<Witness>> groups;
  for (const Indicator& indicator : indicators) {
    if (indicator.kind == IndicatorKind::kDistance) continue;
    for (const Break& found : indicator.search.breaks) groups.push_back(witnesses_of(indicators, {&indicator, &found}));
  }
  std::optional<CatastrophicPoint> best;
  for (auto& group : groups) {
    auto point = point_of(std::move(group));
    const bool is_better = !best || point.witnesses.size() > best->witnesses.size() ||
                           (point.witnesses.size() == best->witnesses.size() && point.by < best->by);
    if (is_better) best = std::move(point);
  }
  return best;
}

CellPhases phases_of(const CellHistory& history) {
  CellPhases phases;
  phases.cell = history.cell;
  phases.num_edits = static_cast<std::int64_t>(history.records.size());
  phases.indicators = indicators_of(history);
  phases.point = shared_point(phases.indicators);
  const HealthCurve& f1 = indicator_of(phases, IndicatorKind::kF1).curve;
  find_crossings(f1, phases);
  const std::int64_t until = phases.point ? phases.point->gradual_until : std::numeric_limits<std::int64_t>::max();
  phases.forgetting = forgetting_rate(history, until);
  phases.f1_loss = f1_loss_rate(f1, until);
  if (phases.point) phases.edit = edit_behind_point(history, *phases.point);
  return phases;
}

std::vector<storage::Curve> phase_curves(const CellPhases& phases) {
  std::vector<storage::Curve> curves;
  if (phases.point) {
    const auto& point = *phases.point;
    curves.push_back(break_curve(phases.cell, "all", point.after, point.by, point.confidence, point.confidence));
  }
  for (const Indicator& indicator : phases.indicators) {
    if (indicator.search.breaks.empty()) continue;
    storage::Curve curve{phases.cell, std::string("break.") + name_of(indicator.kind), "break", {}, {}};
    for (const Break& found : indicator.search.breaks) {
      for (const auto& [edits, level] : {std::pair(found.after, found.before), std::pair(found.by, found.behind)}) {
        curve.edits.push_back(edits);
        curve.values.push_back(plotted_value(indicator.kind, edits, level));
      }
    }
    curves.push_back(std::move(curve));
  }
  const HealthCurve& f1 = indicator_of(phases, IndicatorKind::kF1).curve;
  if (!f1.edits.empty()) {
    curves.push_back({phases.cell, "f1_above_chance.mean", "Mean of the tasks above chance", f1.edits, f1.values});
  }
  return curves;
}

}  // namespace lethe::report
