#pragma once

#include <cstdint>

namespace lethe::core {

/// Segment names hold edit numbers of seven digits,
inline constexpr std::int64_t kMaxEdits = 9'999'999;
/// names of partial sums slice numbers of six.
inline constexpr std::int64_t kMaxSlices = 1'000'000;

}  // namespace lethe::core
