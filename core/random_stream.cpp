#include "core/random_stream.h"

#include <string>

#include <xxhash.h>

namespace lethe::core {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): a full-period counter through a strong mixing function.
constexpr std::uint64_t kGoldenGamma = 0x9E3779B97F4A7C15ULL;

std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view purpose, std::uint64_t index)
    : key_(mix(XXH3_64bits_withSeed(purpose.data(), purpose.size(), seed) ^ mix(index + kGoldenGamma))) {}

std::uint64_t RandomStream::next() { return mix(key_ + ++counter_ * kGoldenGamma); }

double RandomStream::uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

}  // namespace lethe::core
