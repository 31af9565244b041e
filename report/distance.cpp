#include "report/distance.h"

#include <cmath>

namespace lethe::report {

double total_distance(std::span<const core::DistanceRecord> parameters) {
  double squares = 0.0;
  for (const core::DistanceRecord& record : parameters) squares += record.frobenius * record.frobenius;
  return std::sqrt(squares);
}

double normalized_distance(std::span<const core::DistanceRecord> parameters) {
  double norms = 0.0;
  double weights = 0.0;
  for (const core::DistanceRecord& record : parameters) {
    norms += record.frobenius;
    weights += static_cast<double>(record.num_weights);
  }
  return norms / weights;
}

}  // namespace lethe::report
