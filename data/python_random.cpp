#include "data/python_random.h"

#include <bit>

namespace lethe::data {
namespace {

// Matsumoto and Nishimura, "Mersenne Twister" (1998), and their init_by_array of 2002.
constexpr std::size_t kShift = 397;
constexpr std::uint32_t kMatrix = 0x9908b0dfU;
constexpr std::uint32_t kUpperBit = 0x80000000U;

}  // namespace

PythonRandom::PythonRandom(std::uint32_t seed) {
  state_[0] = 19650218U;
  for (std::size_t i = 1; i < kWords; ++i) {
    state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30U)) + static_cast<std::uint32_t>(i);
  }
  std::size_t i = 1;
  const auto advance = [&] {
    if (++i < kWords) return;
    state_[0] = state_[kWords - 1];
    i = 1;
  };
  // The key is the one word `seed`, so the key's index, which is added too, stays zero.
  for (std::size_t k = 0; k < kWords; ++k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30U)) * 1664525U)) + seed;
    advance();
  }
  for (std::size_t k = 0; k < kWords - 1; ++k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30U)) * 1566083941U)) - static_cast<std::uint32_t>(i);
    advance();
  }
  state_[0] = kUpperBit;
}

void PythonRandom::refill() {
  for (std::size_t i = 0; i < kWords; ++i) {
    const auto word = (state_[i] & kUpperBit) | (state_[(i + 1) % kWords] & ~kUpperBit);
    state_[i] = state_[(i + kShift) % kWords] ^ (word >> 1U) ^ ((word & 1U) != 0 ? kMatrix : 0U);
  }
  used_ = 0;
}

std::uint32_t PythonRandom::next() {
  if (used_ == kWords) refill();
  auto word = state_[used_++];
  word ^= word >> 11U;
  word ^= (word << 7U) & 0x9d2c5680U;
  word ^= (word << 15U) & 0xefc60000U;
  return word ^ (word >> 18U);
}

std::uint32_t PythonRandom::below(std::uint32_t bound) {
  const auto num_bits = static_cast<unsigned>(std::bit_width(bound));
  std::uint32_t drawn = bound;
  while (drawn >= bound) drawn = next() >> (32U - num_bits);
  return drawn;
}

}  // namespace lethe::data
