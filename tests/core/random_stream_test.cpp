#include "core/random_stream.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

namespace lethe::core {
namespace {

TEST(RandomStream, SameArgumentsGiveSameDraws) {
  RandomStream a(37, "contexts", 2);
  RandomStream b(37, "contexts", 2);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(RandomStream, SeedPurposeAndIndexEachChangeTheDraws) {
  std::set<std::uint64_t> firsts;
  for (const std::uint64_t seed : {0, 1, 37}) {
    for (const auto* purpose : {"", "contexts", "context"}) {
      for (std::uint64_t index = 0; index < 50; ++index) firsts.insert(RandomStream(seed, purpose, index).next());
    }
  }
  EXPECT_EQ(firsts.size(), 3U * 3U * 50U);
}

TEST(RandomStream, DrawsDoNotRepeatAcrossNeighbouringStreams) {
  std::set<std::uint64_t> draws;
  for (std::uint64_t index = 0; index < 20; ++index) {
    RandomStream stream(37, "x", index);
    for (int i = 0; i < 1000; ++i) draws.insert(stream.next());
  }
  EXPECT_EQ(draws.size(), 20'000U);
}

TEST(RandomStream, UniformStaysInTheUnitIntervalAndFillsIt) {
  RandomStream stream(37, "uniform");
  std::array<int, 16> counts{};
  constexpr int kDraws = 64'000;
  for (int i = 0; i < kDraws; ++i) {
    const auto value = stream.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    ++counts[static_cast<std::size_t>(value * 16)];
  }
  double chi_squared = 0.0;
  for (const auto count : counts) chi_squared += (count - 4000.0) * (count - 4000.0) / 4000.0;
  EXPECT_LT(chi_squared, 37.7);  // 15 degrees of freedom, 99.9 %
}

}  // namespace
}  // namespace lethe::core
