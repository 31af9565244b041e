#pragma once

#include <cstdint>
#include <string_view>

namespace lethe::core {

/// Counter-based random numbers: the n-th draw is a hash of (seed, purpose, index, n).
/// There is no state to save on resume, and two purposes never share draws.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0);

  std::uint64_t next();
  /// Uniform in [0, 1) with 53 bits.
  double uniform();

 private:
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

}  // namespace lethe::core
