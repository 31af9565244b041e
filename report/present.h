#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <ranges>

namespace lethe::report {

/// Sum and number of the values that are there: NaN stands for one that is not.
struct Present {
  double sum = 0.0;
  std::int64_t count = 0;

  /// NaN of none.
  [[nodiscard]] double mean() const {
    return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count);
  }
};

/// `value_of`: a member, or a function of an element.
template <std::ranges::input_range Range, typename Value>
Present present_of(const Range& range, Value value_of) {
  Present present;
  for (const auto& element : range) {
    const double value = std::invoke(value_of, element);
    if (std::isnan(value)) continue;
    present.sum += value;
    ++present.count;
  }
  return present;
}

}  // namespace lethe::report
