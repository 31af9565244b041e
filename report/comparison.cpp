#include "report/comparison.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include "report/cell_curves.h"
#include "report/cell_quantities.h"
#include "report/paired_interval.h"
#include "report/present.h"
#include "report/shared_part.h"

namespace lethe::report {
namespace {

/// Curves whose differences are told: those of the overview, and those that readers of tables ask for.
constexpr const char* kComparedCurves[] = {kForgotten,           "forgetting.efficacy.ever", kMeanF1,
                                           "efficacy.window_50", "paraphrase.window_50",     "neighborhood.window_50",
                                           "distance.total"};

/// A cell of both sweeps.
struct PairedCell {
  core::GridCell cell;
  bool has_same_facts = false;
  std::vector<CellQuantity> first, second;
  std::vector<storage::Curve> first_curves, second_curves;
};
/// Of one method and model.
using Pairs = std::vector<PairedCell>;

bool is_ever(const std::string& name) { return name.ends_with(".ever"); }

/// Shares of what was wrong at any check so far grow with the number of checks.
void leave_out_ever(PairedCell& pair) {
  for (auto* quantities : {&pair.first, &pair.second}) {
    for (CellQuantity& quantity : *quantities) {
      if (is_ever(quantity.name)) quantity.value = kNone;
    }
  }
  for (auto* curves : {&pair.first_curves, &pair.second_curves}) {
    std::erase_if(*curves, [](const storage::Curve& curve) { return is_ever(curve.metric); });
  }
}

struct CellOfSweep {
  const CellHistory* history;
  const CellPhases* phases;
};

std::map<core::GridCell, CellOfSweep> cells_of(const NamedSweep& sweep) {
  std::map<core::GridCell, CellOfSweep> cells;
  for (std::size_t i = 0; i < sweep.results.histories.size(); ++i) {
    cells[sweep.results.histories[i].cell] = {&sweep.results.histories[i], &sweep.results.phases[i]};
  }
  return cells;
}

void note_facts(const SharedPart& shared, SweepComparison& comparison) {
  const auto name = shared.one.cell.name();
  const bool is_same = shared.has_same_facts();
  (is_same ? comparison.same_facts : comparison.other_facts).push_back(name);
  if (is_same && !shared.has_same_records) comparison.unknown_records.push_back(name);
  if (!is_same && shared.has_same_case_ids) comparison.other_records.push_back(name);
}

/// Tells what is not compared of a cell.
void note_gaps(const SharedPart& shared, SweepComparison& comparison) {
  const auto name = shared.one.cell.name();
  const bool were_checked = !shared.one.forgetting.empty();
  if (were_checked && !shared.has_same_checks) {
    comparison.notes.push_back(name +
                               ": forgetting was asked at other edits, so that facts forgotten at any check are not "
                               "compared, only those forgotten now");
  }
  if (!shared.has_same_texts) {
    comparison.notes.push_back(name +
                               ": texts of other lengths or numbers of facts (texts_tokens, texts_facts) are not "
                               "compared");
  }
  if (!shared.has_same_fixed_text) {
    comparison.notes.push_back(name +
                               ": perplexity of the fixed text is not compared, because text, number of tokens "
                               "(monitor_text, monitor_tokens) or numerics version differ");
  }
  if (!shared.has_same_references) {
    comparison.notes.push_back(name + ": consistency is not compared, because the facts that have references differ");
  }
  if (!shared.tasks_of_one_alone.empty()) {
    comparison.notes.push_back(
        fmt::format("{}: not compared, because one sweep alone asked it or asked it otherwise: {}", name,
                    fmt::join(shared.tasks_of_one_alone, ", ")));
  }
}

/// nullopt where there is nothing to pair.
std::optional<PairedCell> paired(const CellOfSweep& first, const CellOfSweep& second, const NamedSweep& sweep,
                                 const NamedSweep& other, SweepComparison& comparison) {
  const auto name = first.history->cell.name();
  if (first.history->records.empty() || second.history->records.empty()) {
    comparison.not_edited.push_back(name);
    return std::nullopt;
  }
  const SharedPart shared = shared_part(*first.history, *second.history);
  note_facts(shared, comparison);
  if (first.history->edit_identity == second.history->edit_identity) comparison.same_edits.push_back(name);
  note_gaps(shared, comparison);
  PairedCell pair{shared.one.cell,
                  shared.has_same_facts(),
                  quantities_of(shared.one, *first.phases),
                  quantities_of(shared.other, *second.phases),
                  cell_curves(shared.one, sweep.results.config),
                  cell_curves(shared.other, other.results.config)};
  if (!shared.has_same_checks) leave_out_ever(pair);
  return pair;
}

const CellQuantity* find(const std::vector<CellQuantity>& quantities, const std::string& name) {
  const auto found = std::ranges::find(quantities, name, &CellQuantity::name);
  return found == quantities.end() ? nullptr : &*found;
}

/// Differences of the edits that have the number in both.
std::vector<double> edit_differences(const CellQuantity& first, const CellQuantity& second) {
  std::vector<double> differences;
  if (first.per_edit.size() != second.per_edit.size()) return differences;
  for (std::size_t i = 0; i < first.per_edit.size(); ++i) {
    const double difference = second.per_edit[i] - first.per_edit[i];
    if (!std::isnan(difference)) differences.push_back(difference);
  }
  return differences;
}

/// What several samples say of a quantity.
class PairedMean {
 public:
  void add(const PairedCell& pair, const CellQuantity& first, const CellQuantity& second) {
    const double difference = second.value - first.value;
    if (!std::isfinite(difference)) return;
    firsts_.push_back(first.value);
    seconds_.push_back(second.value);
    differences_.push_back(difference);
    at_.push_back(std::max(first.at, second.at));
    first_known_ += first.num_known;
    second_known_ += second.num_known;
    per_edit_ = pair.has_same_facts ? edit_differences(first, second) : std::vector<double>();
  }
  void write_to(QuantityComparison& row) const {
    const auto mean = [](const std::vector<double>& values) { return present_of(values, std::identity()).mean(); };
    row.num_samples = static_cast<std::int64_t>(differences_.size());
    row.first = mean(firsts_);
    row.second = mean(seconds_);
    row.difference = mean(differences_);
    row.first_known = first_known_;
    row.second_known = second_known_;
    if (at_.empty()) return;
    row.at_least = std::ranges::min(at_);
    row.at_most = std::ranges::max(at_);
    const auto purpose = row.method + "/" + row.model + "/" + row.quantity;
    const bool is_one = row.num_samples == 1;
    row.interval = is_one ? interval_of_edits(per_edit_, purpose) : interval_of_samples(differences_, purpose);
    if (std::isnan(row.interval.low)) return;
    row.resampled = is_one ? Resampled::kEdits : Resampled::kSamples;
    if (is_one) row.block = block_length(per_edit_.size());
  }

 private:
  std::vector<double> firsts_, seconds_, differences_;
  std::vector<std::int64_t> at_;
  std::int64_t first_known_ = 0, second_known_ = 0;
  std::vector<double> per_edit_;  ///< of the last sample, which matters where it is the only one
};

/// In the order of the first cell, tasks that others alone have behind them.
std::vector<CellQuantity> quantities_in(const Pairs& pairs) {
  std::vector<CellQuantity> all;
  for (const PairedCell& pair : pairs) {
    for (const CellQuantity& quantity : pair.first) {
      if (find(all, quantity.name) == nullptr) all.push_back(quantity);
    }
  }
  return all;
}

void compare_quantities(const Pairs& pairs, SweepComparison& comparison) {
  for (const CellQuantity& quantity : quantities_in(pairs)) {
    QuantityComparison row;
    row.method = pairs.front().cell.method;
    row.model = pairs.front().cell.model;
    row.quantity = quantity.name;
    row.title = quantity.title;
    row.is_small = quantity.is_small;
    row.num_cells = static_cast<std::int64_t>(pairs.size());
    PairedMean mean;
    for (const PairedCell& pair : pairs) {
      const auto* first = find(pair.first, quantity.name);
      const auto* second = find(pair.second, quantity.name);
      if (first != nullptr && second != nullptr) mean.add(pair, *first, *second);
    }
    mean.write_to(row);
    comparison.quantities.push_back(std::move(row));
  }
}

struct PairedPoint {
  std::vector<double> first, second, difference;
};

/// By edits, which the shared parts of both have alike.
void collect(const std::vector<storage::Curve>& first, const std::vector<storage::Curve>& second,
             const std::string& metric, std::map<std::int64_t, PairedPoint>& points) {
  const auto a = std::ranges::find(first, metric, &storage::Curve::metric);
  const auto b = std::ranges::find(second, metric, &storage::Curve::metric);
  if (a == first.end() || b == second.end() || a->edits != b->edits) return;
  for (std::size_t i = 0; i < a->edits.size(); ++i) {
    const double difference = b->values[i] - a->values[i];
    if (!std::isfinite(difference)) continue;
    PairedPoint& point = points[a->edits[i]];
    point.first.push_back(a->values[i]);
    point.second.push_back(b->values[i]);
    point.difference.push_back(difference);
  }
}

void compare_curves(const Pairs& pairs, SweepComparison& comparison) {
  const auto mean = [](const std::vector<double>& values) { return present_of(values, std::identity()).mean(); };
  for (const std::string metric : kComparedCurves) {
    std::map<std::int64_t, PairedPoint> points;
    for (const PairedCell& pair : pairs) collect(pair.first_curves, pair.second_curves, metric, points);
    if (points.empty()) continue;
    DifferenceCurve curve{pairs.front().cell.method, pairs.front().cell.model, metric, {}};
    const auto purpose = curve.method + "/" + curve.model + "/" + metric;
    for (const auto& [edits, point] : points) {
      curve.points.push_back({edits, static_cast<std::int64_t>(point.difference.size()), mean(point.first),
                              mean(point.second), mean(point.difference),
                              interval_of_samples(point.difference, purpose)});
    }
    comparison.curves.push_back(std::move(curve));
  }
}

}  // namespace

SweepComparison compare(const NamedSweep& first, const NamedSweep& second) {
  SweepComparison comparison;
  comparison.first = first.label;
  comparison.second = second.label;
  const auto others = cells_of(second);
  std::vector<std::pair<std::string, Pairs>> groups;  // by method and model, in the order of the first sweep
  const auto cells = cells_of(first);
  for (const core::GridCell& cell : first.results.config.cells) {
    const auto other = others.find(cell);
    if (other == others.end()) continue;
    auto pair = paired(cells.at(cell), other->second, first, second, comparison);
    if (!pair) continue;
    const auto name = cell.method + "/" + cell.model;
    auto group = std::ranges::find(groups, name, &std::pair<std::string, Pairs>::first);
    if (group == groups.end()) group = groups.insert(group, {name, {}});
    group->second.push_back(std::move(*pair));
  }
  for (auto& [name, pairs] : groups) {
    // Whatever grid lists them how: the draws take samples in one order.
    std::ranges::sort(pairs, {}, [](const PairedCell& pair) { return pair.cell.sample; });
    compare_quantities(pairs, comparison);
    compare_curves(pairs, comparison);
  }
  return comparison;
}

}  // namespace lethe::report
