#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/cell_history.h"
#include "report/indicators.h"
#include "storage/report_file.h"

// The two phases of a cell: gradual forgetting, and what follows the point of catastrophic forgetting.

namespace lethe::report {

/// An indicator that breaks at a point, or near it.
struct Witness {
  IndicatorKind kind = IndicatorKind::kF1;
  Break found;  ///< its own, which need not meet the point's interval
};

/// The point of catastrophic forgetting lies in (after, by].
struct CatastrophicPoint {
  std::int64_t after = 0;
  std::int64_t by = 0;
  std::int64_t gradual_until = 0;  ///< last checkpoint before the first witness begins to fall
  double confidence = 0.0;         ///< of the witnesses whose intervals meet (after, by], taken as independent
  std::vector<Witness> witnesses;  ///< one of an indicator, in their order
};

/// A mean rate from the first edit to `until`, percentage points per 100 edits, with its 95 % interval.
struct Rate {
  double value = 0.0;
  double low = 0.0;
  double high = 0.0;
  std::int64_t until = 0;
};

/// The edit behind a point: of those in its interval, the one whose update is largest against those just before it; of
/// methods that do not say how large their updates are, the one at which the NLL of neighbourhood prompts rises most.
/// Whether it disables a fresh model is not said by it.
struct EditBehindPoint {
  std::int64_t edit = 0;
  std::int64_t case_id = 0;
  bool is_by_norm = true;
  /// Its norm over the median of up to 50 edits right before it, since norms may grow with all edits; with the NLL, its
  /// rise over that median, nats. NaN of the first edit of all, alone in its interval.
  double excess = 0.0;
  /// Does one edit stand out (norm: at least four times the median; NLL: at least 2 nats)? Else many did it together.
  bool stands_out = false;
};

struct CellPhases {
  core::GridCell cell;
  std::int64_t num_edits = 0;
  std::vector<Indicator> indicators;       ///< one of each kind
  std::optional<CatastrophicPoint> point;  ///< nullopt: none observed, or nothing could be judged
  std::optional<std::int64_t> half_at;     ///< first checkpoint with F1 under half of the unedited model's
  std::optional<std::int64_t> zero_at;     ///< first with an F1 of 0
  std::optional<Rate> forgetting;          ///< facts forgotten at any check (published definition)
  std::optional<Rate> f1_loss;
  std::optional<EditBehindPoint> edit;  ///< of the point

  /// Can anything be said about F1, forgetting or ES?
  [[nodiscard]] bool is_judged() const;
};

/// The point that most indicators share, of F1, forgetting and ES at least one; of equals the first. It is the first
/// loss of them, narrowed by the others that meet it. Indicators share a point if the likelihood intervals of any two
/// of them are no further apart than `kBreakCheckpoints` of the sparser one. The distance alone is none: weights may
/// move and harm nothing.
std::optional<CatastrophicPoint> shared_point(std::span<const Indicator> indicators);

CellPhases phases_of(const CellHistory& history);

/// How large an edit's update was (Frobenius norm); NaN where it was not applied or nothing is said.
double update_norm(const core::MetricRecord& record);

/// Standard errors to either side of a 95 % interval.
inline constexpr double kTwoSidedFivePercent = 1.96;

/// Wilson's 95 % interval of a share.
struct ShareInterval {
  double low = 0.0;
  double high = 0.0;
};
ShareInterval wilson_interval(std::int64_t part, std::int64_t whole);

/// Breaks as curves of two points, (after, level before) and (by, level behind): `break.<indicator>` in the unit of the
/// plotted curve, `break.all` with the confidence as its value; and `f1_above_chance.mean`, which is
/// judged.
std::vector<storage::Curve> phase_curves(const CellPhases& phases);

}  // namespace lethe::report
