#pragma once

#include <span>

#include "core/metric_record.h"

// How far an edited model's weights have moved.

namespace lethe::report {

/// Frobenius norm of the change of all edited parameters together; 0 of none.
double total_distance(std::span<const core::DistanceRecord> parameters);

/// Normalised distance: the norm of a parameter's change over its number of weights, of several the mean by number of
/// weights (docs/metrics.md). NaN of none.
double normalized_distance(std::span<const core::DistanceRecord> parameters);

}  // namespace lethe::report
