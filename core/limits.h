#pragma once

#include <cstdint>

namespace lethe::core {

/// Segment names hold edit numbers of seven digits,
inline constexpr std::int64_t kMaxEdits = 9'999'999;
/// names of partial sums slice numbers of six.
inline constexpr std::int64_t kMaxSlices = 1'000'000;
/// More cells than any sweep has; a config of a megabyte could name 1e9, which no memory holds.
inline constexpr std::int64_t kMaxCells = 1'000'000;

}  // namespace lethe::core
