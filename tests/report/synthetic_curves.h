#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/random_stream.h"
#include "report/change_point.h"
#include "report/indicators.h"

// Made-up downstream curves, of which it is known where they break. n = 200 examples are answered at each checkpoint;
// all draws follow from a kind's name.

namespace lethe::report::synthetic {

inline constexpr std::int64_t kSpacing = 50;  ///< edits

/// A curve's truth: percent right at checkpoints 0, 1, ..., and the first checkpoint that shows each break.
struct Truth {
  std::vector<double> percents;
  std::vector<std::size_t> breaks;
};

/// Draws from ranges.
class Dice {
 public:
  explicit Dice(const std::string& purpose) : random_(1, purpose) {}
  double between(double low, double high) { return low + (high - low) * random_.uniform(); }
  std::size_t whole(std::size_t low, std::size_t high) {
    return low + static_cast<std::size_t>(random_.uniform() * static_cast<double>(high - low + 1));
  }

 private:
  core::RandomStream random_;
};

/// What is seen of a truth: binomial shares of n = 200.
HealthCurve observe(const Truth& truth, Dice& dice);

/// What a kind of curve must come out as.
enum class Expected {
  kNone,      ///< a break is a false alarm
  kBreak,     ///< none near the truth is a miss
  kReported,  ///< beyond what the method promises: what it says is shown
};
struct Kind {
  std::string name;
  Expected expected = Expected::kNone;
  std::function<Truth(Dice&)> make;
};
const std::vector<Kind>& kinds();

/// Of `count` curves of a kind.
struct Outcome {
  int num_curves = 0;
  int num_alarmed = 0;         ///< with a break further than three checkpoints from every true one
  int num_missed = 0;          ///< without one within three checkpoints of the first true one
  std::vector<double> errors;  ///< checkpoints between the first true break and the nearest found, ascending
  int num_covered = 0;         ///< of the found: the likelihood interval holds the truth

  [[nodiscard]] double median_error() const;
  [[nodiscard]] double error_of_nine_tenths() const;
};
Outcome try_kind(const Kind& kind, int count);

/// Cells of four indicators that break together, one after the other, one alone, or not at all; what is found is their
/// shared point, which is one of the breaks.
struct CellKind {
  std::string name;
  std::vector<IndicatorKind> breaking;
  std::size_t apart = 0;  ///< checkpoints between the break of one and that of the next
};
const std::vector<CellKind>& cell_kinds();
Outcome try_cell_kind(const CellKind& kind, int count);

}  // namespace lethe::report::synthetic
