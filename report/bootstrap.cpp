#include "report/bootstrap.h"

#include <algorithm>
#include <cstddef>

namespace lethe::report {
namespace {

constexpr double kTail = 0.025;

}  // namespace

std::vector<double> resampled_means(std::span<const double> values, core::RandomStream& random) {
  std::vector<double> means;
  const auto size = static_cast<double>(values.size());
  for (int i = 0; i < kNumResamples; ++i) {
    double sum = 0.0;
    for (std::size_t k = 0; k < values.size(); ++k) sum += values[static_cast<std::size_t>(random.uniform() * size)];
    means.push_back(sum / size);
  }
  return means;
}

Interval middle_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto last = values.size() - 1;
  const auto tail = static_cast<std::size_t>(kTail * static_cast<double>(last));
  return {values[tail], values[last - tail]};
}

}  // namespace lethe::report
