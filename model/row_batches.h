#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>

namespace lethe::model {

/// What a batch of padded rows may hold: so many rows, positions, and positions of these that are padding.
struct BatchLimits {
  std::int64_t rows = std::numeric_limits<std::int64_t>::max();
  std::int64_t positions = std::numeric_limits<std::int64_t>::max();
  std::int64_t padding = std::numeric_limits<std::int64_t>::max();
};

/// Called before each batch of a long evaluation. What it throws ends the evaluation, of which nothing is kept.
using BeforeBatch = std::function<void()>;

/// How many of the first rows, given their lengths in rising or falling order, make a batch within the limits; at least
/// one. The cut depends on the lengths only, so results do not depend on free memory.
std::size_t first_batch_size(std::span<const std::int64_t> lengths, const BatchLimits& limits);

}  // namespace lethe::model
