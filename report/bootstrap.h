#pragma once

#include <limits>
#include <span>
#include <vector>

#include "core/random_stream.h"

// Intervals by resampling (Efron 1979, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7).

namespace lethe::report {

inline constexpr int kNumResamples = 10'000;

/// NaN where there is none.
struct Interval {
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

/// The mean of each of `kNumResamples` draws from `values` with replacement.
std::vector<double> resampled_means(std::span<const double> values, core::RandomStream& random);

/// Percentiles 2.5 and 97.5: as many values lie below as above, so that the interval of the negated values is the
/// negated interval. None of no values.
Interval middle_of(std::vector<double> values);

}  // namespace lethe::report
