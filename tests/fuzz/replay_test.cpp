// Every target on its seeds, on what was once a finding, and on damaged seeds; with any compiler, without libFuzzer.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/random_stream.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"
#include "tests/support/temporary_folder.h"

namespace lethe::fuzz {
namespace {

class FuzzTarget : public testing::TestWithParam<Target> {
 protected:
  /// As the target is fed by libFuzzer. What leaves it is the failure, and `what` says of which input.
  static bool read(const std::string& input, const std::string& what) {
    try {
      return GetParam().read(input);
    } catch (const std::exception& error) {
      ADD_FAILURE() << what << ": " << error.what();
      return false;
    }
  }
};

TEST_P(FuzzTarget, ReadsItsSeeds) {
  const auto seeds = seeds_of(GetParam());
  ASSERT_FALSE(seeds.empty());
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    EXPECT_TRUE(read(seeds[i], "seed " + std::to_string(i))) << "seed " << i << " is refused";
  }
}

TEST_P(FuzzTarget, ReadsOrRefusesWhatWasOnceAFinding) {
  const auto folder = std::filesystem::path(LETHE_SOURCE_DIR) / "tests/fuzz/findings" / GetParam().name;
  if (!std::filesystem::exists(folder)) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    static_cast<void>(read(test::read_text(entry.path()), entry.path().string()));
  }
}

/// Of the targets whose files no other test damages.
class DamagedSeeds : public FuzzTarget {};

TEST_P(DamagedSeeds, AreReadOrRefusedHoweverTheyAreCut) {
  for (const auto& seed : seeds_of(GetParam())) {
    const auto step = 1 + seed.size() / 3000;
    for (std::size_t size = 0; size < seed.size(); size += step) {
      static_cast<void>(read(seed.substr(0, size), "a seed cut to " + std::to_string(size)));
    }
  }
}

TEST_P(DamagedSeeds, AreReadOrRefusedWithFlippedBytes) {
  const auto seeds = seeds_of(GetParam());
  core::RandomStream random(37, std::string(GetParam().name));
  int num_refused = 0;
  for (int i = 0; i < 3000; ++i) {
    auto input = seeds[random.next() % seeds.size()];
    for (auto flips = 1 + random.next() % 4; flips > 0; --flips) {
      const bool stays_text = random.next() % 2 == 0;
      input[random.next() % input.size()] = static_cast<char>(stays_text ? ' ' + random.next() % 95 : random.next());
    }
    num_refused += read(input, "flip " + std::to_string(i)) ? 0 : 1;
  }
  EXPECT_GT(num_refused, 30) << "the flips damage nothing";
}

std::string name_of(const testing::TestParamInfo<Target>& one) { return std::string(one.param.name); }

std::vector<Target> damaged_here() {
  std::vector<Target> targets;
  std::ranges::copy_if(all_targets(), std::back_inserter(targets), &std::string_view::empty, &Target::damaged_by);
  return targets;
}

INSTANTIATE_TEST_SUITE_P(Fuzz, FuzzTarget, testing::ValuesIn(all_targets().begin(), all_targets().end()), name_of);
INSTANTIATE_TEST_SUITE_P(Fuzz, DamagedSeeds, testing::ValuesIn(damaged_here()), name_of);

}  // namespace
}  // namespace lethe::fuzz
