#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace lethe::data {

/// CPython's `random.Random(seed)` as far as `shuffle` needs it: the Mersenne Twister MT19937, seeded through
/// init_by_array, and integers drawn by rejection. Same numbers as Python 3.2 and later on every machine.
class PythonRandom {
 public:
  explicit PythonRandom(std::uint32_t seed);

  /// random.getrandbits(32).
  std::uint32_t next();
  /// random.randrange(bound); `bound` is at least 1.
  std::uint32_t below(std::uint32_t bound);

  /// random.shuffle(values); at most 2^32 - 1 of them.
  template <typename Value>
  void shuffle(std::span<Value> values) {
    for (std::size_t i = values.size(); i-- > 1;) {
      std::swap(values[i], values[below(static_cast<std::uint32_t>(i + 1))]);
    }
  }

 private:
  static constexpr std::size_t kWords = 624;
  std::array<std::uint32_t, kWords> state_{};
  std::size_t used_ = kWords;

  void refill();
};

}  // namespace lethe::data
