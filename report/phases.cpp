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
constexpr double kOutstandingNorm = 4.0;
constexpr double kOutstandingRise = 2.0;  // nats
constexpr const char* kUpdateNorm = "delta_norm";

struct Witness {
  IndicatorKind kind = IndicatorKind::kF1;
  Break found;
  double log_odds = 0.0;
};

Witness witness_of(IndicatorKind kind, const Break& found) {
  const double confidence = std::min(found.confidence, kMostConfidence);
  return {kind, found, std::log(confidence / (1.0 - confidence))};
}

/// Edits between two intervals; 0 if they meet.
std::int64_t gap_between(const Break& a, const Break& b) {
  return std::max<std::int64_t>({0, a.earliest - b.latest, b.earliest - a.latest});
}

/// The break of `indicator` that is nearest to `pivot`, if near enough.
std::optional<Witness> witness_near(const Indicator& indicator, const Break& pivot, std::int64_t pivot_spacing) {
  const std::int64_t spacing = std::max(pivot_spacing, median_spacing(indicator.curve.edits));
  const Break* nearest = nullptr;
  for (const Break& found : indicator.search.breaks) {
    if (nearest == nullptr || gap_between(found, pivot) < gap_between(*nearest, pivot)) nearest = &found;
  }
  if (nearest == nullptr) return std::nullopt;
  if (gap_between(*nearest, pivot) > static_cast<std::int64_t>(kBreakCheckpoints) * spacing) return std::nullopt;
  return witness_of(indicator.kind, *nearest);
}

std::vector<Witness> witnesses_of(std::span<const Indicator> indicators, const Indicator& own, const Break& pivot) {
  std::vector<Witness> witnesses;
  for (const Indicator& indicator : indicators) {
    if (indicator.kind == own.kind) {
      witnesses.push_back(witness_of(own.kind, pivot));
    } else if (auto witness = witness_near(indicator, pivot, median_spacing(own.curve.edits))) {
      witnesses.push_back(*witness);
    }
  }
  return witnesses;
}

/// The first loss, narrowed by all that meet it.
CatastrophicPoint point_of(std::vector<Witness> witnesses) {
  std::ranges::stable_sort(witnesses, {}, [](const Witness& witness) {
    return std::pair(witness.kind == IndicatorKind::kDistance, witness.found.by);
  });
  const Break& first = witnesses.front().found;
  CatastrophicPoint point{first.after, first.by, first.after, 0.0, {}};
  double log_odds = 0.0;
  for (const Witness& witness : witnesses) {
    point.witnesses.push_back(witness.kind);
    point.gradual_until = std::min(point.gradual_until, witness.found.after);
    log_odds += witness.log_odds;
    const std::int64_t after = std::max(point.after, witness.found.after);
    const std::int64_t by = std::min(point.by, witness.found.by);
    if (after >= by) continue;
    point.after = after;
    point.by = by;
  }
  std::ranges::sort(point.witnesses);
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

using EditValue = double (*)(const core::MetricRecord&);

/// Median over up to 50 edits up to edit `last`; NaN of none.
double median_before(std::span<const core::MetricRecord> records, std::int64_t last, EditValue value) {
  std::vector<double> values;
  for (auto i = static_cast<std::size_t>(last); i > 0 && values.size() < kEditsBefore; --i) {
    if (const double one = value(records[i - 1]); std::isfinite(one)) values.push_back(one);
  }
  if (values.empty()) return kNone;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Where `value` is largest in the interval; null if it has none there.
const core::MetricRecord* largest(std::span<const core::MetricRecord> interval, EditValue value) {
  const core::MetricRecord* found = nullptr;
  for (const core::MetricRecord& record : interval) {
    if (!std::isfinite(value(record))) continue;
    if (found == nullptr || value(record) > value(*found)) found = &record;
  }
  return found;
}

/// Where neighbourhood prompts become less likely by most nats from one edit to the next.
std::optional<EditBehindPoint> steepest_rise(std::span<const core::MetricRecord> records, std::int64_t after,
                                             std::int64_t by) {
  std::optional<EditBehindPoint> found;
  for (auto i = static_cast<std::size_t>(after); i < static_cast<std::size_t>(by); ++i) {
    const double rise =
        neighborhood_nll(records[i]) - median_before(records, static_cast<std::int64_t>(i), neighborhood_nll);
    if (std::isnan(rise) || (found && rise <= found->excess)) continue;
    found = EditBehindPoint{records[i].edit, records[i].case_id, false, rise, rise >= kOutstandingRise};
  }
  return found;
}

std::optional<EditBehindPoint> edit_behind_point(const CellHistory& history, const CatastrophicPoint& point) {
  const auto num_edits = static_cast<std::int64_t>(history.records.size());
  const std::int64_t after = std::min(point.after, num_edits);
  const std::int64_t by = std::min(point.by, num_edits);
  const std::span records(history.records);
  const auto interval = records.subspan(static_cast<std::size_t>(after), static_cast<std::size_t>(by - after));
  const core::MetricRecord* record = largest(interval, update_norm);
  if (record == nullptr) return steepest_rise(records, after, by);
  const double ratio = update_norm(*record) / median_before(records, after, update_norm);
  return EditBehindPoint{record->edit, record->case_id, true, ratio, ratio >= kOutstandingNorm};
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
    for (const Break& found : indicator.search.breaks) groups.push_back(witnesses_of(indicators, indicator, found));
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
