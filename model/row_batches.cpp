#include "model/row_batches.h"

#include <algorithm>

namespace lethe::model {

std::size_t first_batch_size(std::span<const std::int64_t> lengths, const BatchLimits& limits) {
  std::int64_t real = lengths.front();
  std::int64_t longest = lengths.front();
  std::int64_t size = 1;
  for (; size < std::min(std::ssize(lengths), limits.rows); ++size) {
    const auto length = lengths[static_cast<std::size_t>(size)];
    real += length;
    longest = std::max(longest, length);
    const auto positions = (size + 1) * longest;
    if (positions > limits.positions || positions - real > limits.padding) break;
  }
  return static_cast<std::size_t>(size);
}

}  // namespace lethe::model
