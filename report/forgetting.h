#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/metric_record.h"

namespace lethe::report {

/// What counts as knowing an edited fact.
enum class Recall {
  kArgmax,    ///< greedy answer equals target_new: the published curves
  kEfficacy,  ///< nll_new < nll_true: the paper's text
};

/// Edited facts at a history point n (algorithms 10).
struct ForgettingCounts {
  std::int64_t num_known = 0;  ///< right after their edit, among edits 1..n
  /// Of those, not known at some history point up to n: the published definition, under which nothing is recovered.
  std::int64_t num_ever = 0;
  std::int64_t num_now = 0;  ///< of those, not known at n: recoveries count
};

struct ForgettingPoint {
  std::int64_t edits = 0;
  ForgettingCounts argmax;
  ForgettingCounts efficacy;

  [[nodiscard]] const ForgettingCounts& of(Recall recall) const {
    return recall == Recall::kArgmax ? argmax : efficacy;
  }
};

/// Counts history points in order of their edits. A point holds all earlier edits once more, so that a cell's points
/// together grow with the square of its edits: each is counted and let go.
class ForgettingTally {
 public:
  /// `after_edit` and `now` speak of the same edits, one by one; `after_edit` may hold more.
  ForgettingPoint count(std::span<const core::MetricRecord> after_edit, std::span<const core::ForgettingRecord> now);

 private:
  std::vector<bool> was_forgotten_argmax_;
  std::vector<bool> was_forgotten_efficacy_;
};

/// Shares of the facts that were known right after their edit, percent; NaN where none was: 0 of 0 is no share.
struct ForgettingCurve {
  std::vector<std::int64_t> edits;
  std::vector<std::int64_t> known;  ///< what the shares are of
  std::vector<double> ever;
  std::vector<double> now;
};
ForgettingCurve forgetting_curve(std::span<const ForgettingPoint> points, Recall recall);

}  // namespace lethe::report
