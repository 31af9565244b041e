#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

// Breaks in a curve that may decline gradually, by any smooth shape.
//
// A *break* is a fall of at least `break_fall` within `kBreakCheckpoints` checkpoints. The estimator is that of Loader
// (1996, "Change point estimation using nonparametric regression", Annals of Statistics 24): a line is fitted to the
// checkpoints on either side of a candidate alone, and the fall is the difference of the two fits at its ends. A smooth
// decline, straight or bent, is followed by both lines and leaves no difference beyond what it loses on the way. The
// fits are weighted by the sampling variance of each value, and variances that are too small for the scatter around the
// lines are raised to it, so that a wild curve needs a larger fall.
//
// A fall is a break if the probability that it is more than gradual (half of `break_fall`) is at least 0.95, of a
// normal distribution around the estimate, if the estimate is at least four fifths of `break_fall`, and if most of the
// next three values stay below: one low value is a dip. Its confidence is the probability that it is nearer to a break
// than to what is gradual (three quarters of `break_fall`). It is dated by least squares among the candidates of one
// fall (line, ramp, line; up to `kBreakCheckpoints` wide, however short the curve), with the 95 % likelihood interval.

namespace lethe::report {

/// Checkpoints that a fall may take to be a break, and not a decline. Curves of under 34 values allow fewer, because a
/// bent decline over half of a short curve is as steep.
inline constexpr std::size_t kBreakCheckpoints = 3;
/// Checkpoints on either side that a line is fitted to.
inline constexpr std::size_t kSideCheckpoints = 6;
/// Curves of fewer values are not judged.
inline constexpr std::size_t kLeastCheckpoints = 4;

/// A curve whose falls are losses. Values that are not finite are gaps.
struct HealthCurve {
  std::vector<std::int64_t> edits;  ///< increasing
  std::vector<double> values;
  std::vector<double> variances;  ///< of sampling, in the values' unit squared; > 0
  double break_fall = 30.0;       ///< in the values' unit

  void add(std::int64_t at, double value, double variance);
};

/// A break lies in (after, by]: `after` is the last checkpoint before the fall, `by` the first at which it is complete.
struct Break {
  std::int64_t after = 0;
  std::int64_t at = 0;  ///< the first checkpoint that shows the fall
  std::int64_t by = 0;
  std::int64_t earliest = 0;  ///< 95 % likelihood interval: the fall lies in (earliest, latest]
  std::int64_t latest = 0;
  double before = 0.0;  ///< level at `after`
  double behind = 0.0;  ///< level at `by`
  double error = 0.0;   ///< standard error of the fall
  double confidence = 0.0;
  std::int64_t num_behind = 0;               ///< checkpoints from `by` on; one alone may be a dip
  std::optional<std::int64_t> recovered_at;  ///< where most of three checkpoints have regained half of the fall

  [[nodiscard]] double fall() const { return before - behind; }
};

/// What a curve shows. `highest_confidence` without breaks: of the likeliest fall, which was not enough.
struct BreakSearch {
  bool is_judged = false;  ///< false: fewer than `kLeastCheckpoints` values
  std::vector<Break> breaks;
  double highest_confidence = 0.0;
};

/// All breaks, in order of edits. Linear in the number of checkpoints.
BreakSearch find_breaks(const HealthCurve& curve);

/// Median distance of neighbouring checkpoints, edits; 0 of fewer than two.
std::int64_t median_spacing(std::span<const std::int64_t> edits);

}  // namespace lethe::report
