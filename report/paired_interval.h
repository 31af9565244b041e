#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "report/bootstrap.h"

// How sure a mean of paired differences is. The draws are a function of `purpose` alone, so that the interval of the
// negated differences is the negated interval.

namespace lethe::report {

/// Seed of all intervals between sweeps.
inline constexpr std::uint64_t kComparisonSeed = 37;

/// 95 % percentile interval of the mean, samples resampled as pairs (`kNumResamples` times). None of under two.
Interval interval_of_samples(std::span<const double> differences, const std::string& purpose);

/// Edits of one sample are no independent draws: facts that follow each other are asked of nearly the same model.
/// Blocks of neighbouring edits are resampled, of a ring of all (Politis and Romano 1992, "A circular block-resampling
/// procedure for stationary data"), as many as give the number of edits again. What the interval says holds for these
/// facts in this order. None of under four blocks.
Interval interval_of_edits(std::span<const double> differences, const std::string& purpose);
/// Edits of a block: the root of their number, rounded up.
std::size_t block_length(std::size_t num_edits);

}  // namespace lethe::report
