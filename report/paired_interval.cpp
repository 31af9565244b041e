#include "report/paired_interval.h"

#include <algorithm>
#include <cmath>

namespace lethe::report {
namespace {

constexpr std::size_t kLeastBlocks = 4;

/// Sum of `length` values of a ring from each of its places on.
std::vector<double> ring_sums(std::span<const double> ring, std::size_t length) {
  std::vector<double> sums;
  for (std::size_t begin = 0; begin < ring.size(); ++begin) {
    double sum = 0.0;
    for (std::size_t k = 0; k < length; ++k) sum += ring[(begin + k) % ring.size()];
    sums.push_back(sum);
  }
  return sums;
}

}  // namespace

std::size_t block_length(std::size_t num_edits) {
  return static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(num_edits))));
}

Interval interval_of_samples(std::span<const double> differences, const std::string& purpose) {
  if (differences.size() < 2) return {};
  core::RandomStream random(kComparisonSeed, purpose);
  return middle_of(resampled_means(differences, random));
}

Interval interval_of_edits(std::span<const double> differences, const std::string& purpose) {
  const auto size = differences.size();
  const auto length = block_length(size);
  if (length == 0 || size < kLeastBlocks * length) return {};
  const auto num_whole = size / length;
  const auto whole = ring_sums(differences, length);
  const auto rest = ring_sums(differences, size % length);
  core::RandomStream random(kComparisonSeed, purpose);
  const auto place = [&] { return static_cast<std::size_t>(random.uniform() * static_cast<double>(size)); };
  std::vector<double> means;
  for (int i = 0; i < kNumResamples; ++i) {
    double sum = rest[place()];
    for (std::size_t block = 0; block < num_whole; ++block) sum += whole[place()];
    means.push_back(sum / static_cast<double>(size));
  }
  return middle_of(std::move(means));
}

}  // namespace lethe::report
