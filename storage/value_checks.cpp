#include "storage/value_checks.h"

#include <algorithm>
#include <cmath>

namespace lethe::storage::hdf5 {
namespace {

/// Published sums were stored in fp32; lethe's own are mirrored exactly.
constexpr double kTolerance = 1e-3;
constexpr std::size_t kBlock = 64;  // rows and columns at a time: mirrored entries stay in the cache

template <typename Value>
void check_finite(const ReadGroup& group, const std::string& name, std::span<const Value> values) {
  const auto found = std::ranges::find_if(values, [](Value value) { return !std::isfinite(value); });
  if (found == values.end()) return;
  group.fail_at(name, "entry " + std::to_string(found - values.begin()) + " is " + std::to_string(*found));
}

}  // namespace

void require_finite(const ReadGroup& group, const std::string& name, std::span<const float> values) {
  check_finite(group, name, values);
}

void require_finite(const ReadGroup& group, const std::string& name, std::span<const double> values) {
  check_finite(group, name, values);
}

void require_symmetric(const ReadGroup& group, const std::string& name, std::span<const double> values,
                       std::int64_t width) {
  const auto n = static_cast<std::size_t>(width);
  const auto check = [&](std::size_t row, std::size_t column) {
    const double here = values[row * n + column];
    const double mirrored = values[column * n + row];
    const double scale = std::sqrt(std::abs(values[row * n + row] * values[column * n + column]));
    if (std::abs(here - mirrored) <= kTolerance * scale) return;
    group.fail_at(name, "is not symmetric: entry " + std::to_string(row) + ", " + std::to_string(column) + " is " +
                            std::to_string(here) + ", the mirrored one " + std::to_string(mirrored));
  };
  for (std::size_t top = 0; top < n; top += kBlock) {
    for (std::size_t left = 0; left <= top; left += kBlock) {
      for (std::size_t row = top; row < std::min(top + kBlock, n); ++row) {
        for (std::size_t column = left; column < std::min(left + kBlock, row); ++column) check(row, column);
      }
    }
  }
}

}  // namespace lethe::storage::hdf5
