#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace lethe::core::inline config {

struct IntegerRange {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

struct RealRange {
  double min = 0.0;
  bool includes_min = true;
  double max = std::numeric_limits<double>::infinity();  ///< included; infinity is never in the range

  [[nodiscard]] bool contains(double number) const {
    return std::isfinite(number) && (includes_min ? number >= min : number > min) && number <= max;
  }
};

inline constexpr RealRange kAboveZero{0.0, false};
inline constexpr RealRange kAtLeastZero{0.0, true};
/// Of a whole: none or all of it too; or some of it, not all.
inline constexpr RealRange kShare{0.0, true, 1.0};
inline constexpr RealRange kPart{0.0, false, 0.9};

enum class Presence { kOptional, kRequired };

}  // namespace lethe::core::inline config
