#include "report/paired_interval.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace lethe::report {
namespace {

/// Of 10,000 draws of two, a quarter each are both the lower, both the higher: the percentiles are these.
TEST(PairedInterval, OfTwoSamplesIsTheirTwoDifferences) {
  const Interval interval = interval_of_samples(std::vector{-1.0, 3.0}, "x");
  EXPECT_EQ(interval.low, -1.0);
  EXPECT_EQ(interval.high, 3.0);
}

/// The means of three from {0, 0, 9} are 0, 3, 6, 9 with 8, 12, 6 and 1 of 27: 9 has 3.7 %, more than the tail.
TEST(PairedInterval, OfThreeIsThatOfTheTwentySevenDraws) {
  const Interval interval = interval_of_samples(std::vector{0.0, 0.0, 9.0}, "x");
  EXPECT_EQ(interval.low, 0.0);
  EXPECT_EQ(interval.high, 9.0);
}

TEST(PairedInterval, OfOneSampleIsNone) {
  EXPECT_TRUE(std::isnan(interval_of_samples(std::vector{2.0}, "x").low));
  EXPECT_TRUE(std::isnan(interval_of_samples(std::vector<double>{}, "x").high));
}

TEST(PairedInterval, OfNegatedDifferencesIsNegated) {
  const std::vector<double> differences{-1.5, 2.25, 0.5, 7.0, 3.125};
  std::vector<double> negated;
  for (const double value : differences) negated.push_back(-value);
  const Interval one = interval_of_samples(differences, "rome/tiny/es");
  const Interval other = interval_of_samples(negated, "rome/tiny/es");
  EXPECT_EQ(one.low, -other.high);
  EXPECT_EQ(one.high, -other.low);
}

TEST(PairedInterval, OfManySamplesIsThatOfTheNormalDistribution) {
  std::vector<double> differences;
  core::RandomStream random(1, "many");
  for (int i = 0; i < 400; ++i) differences.push_back(random.uniform());
  const Interval interval = interval_of_samples(differences, "x");
  const double error = 1.96 / std::sqrt(12.0 * 400.0);
  EXPECT_NEAR(interval.high - interval.low, 2.0 * error, 0.2 * error);
}

TEST(PairedInterval, BlocksAreAsLongAsTheRootOfTheEdits) {
  EXPECT_EQ(block_length(0), 0U);
  EXPECT_EQ(block_length(16), 4U);
  EXPECT_EQ(block_length(1000), 32U);
}

TEST(PairedInterval, OfFewEditsIsNone) {
  EXPECT_TRUE(std::isnan(interval_of_edits(std::vector(15, 1.0), "x").low));
  EXPECT_FALSE(std::isnan(interval_of_edits(std::vector(16, 1.0), "x").low));
  EXPECT_TRUE(std::isnan(interval_of_edits(std::vector(17, 1.0), "x").low)) << "blocks of five, of which three fit";
  EXPECT_TRUE(std::isnan(interval_of_edits({}, "x").low));
}

TEST(PairedInterval, OfEditsWithoutADifferenceIsNothing) {
  const Interval interval = interval_of_edits(std::vector(1000, 0.0), "x");
  EXPECT_EQ(interval.low, 0.0);
  EXPECT_EQ(interval.high, 0.0);
}

/// A run of 64 edits, of which one half differs: edits alone would give 1.96 * 0.5 / 8 to either side. What stands
/// together in blocks of eight is drawn together: the error is some root of eight as large.
TEST(PairedInterval, NeighboursThatDifferTogetherCountAsOne) {
  std::vector<double> steps(64, 0.0);
  std::fill(steps.begin() + 32, steps.end(), 1.0);
  const Interval apart = interval_of_samples(steps, "x");
  const Interval together = interval_of_edits(steps, "x");
  EXPECT_NEAR(apart.high - apart.low, 2.0 * 1.96 * 0.5 / 8.0, 0.03);
  EXPECT_GT(together.high - together.low, 2.3 * (apart.high - apart.low));
  EXPECT_LT(together.high - together.low, 3.0 * (apart.high - apart.low));
}

TEST(PairedInterval, EditsThatAlternateCancelWithinTheirBlocks) {
  std::vector<double> turns;
  for (int i = 0; i < 64; ++i) turns.push_back(i % 2);
  const Interval interval = interval_of_edits(turns, "x");
  EXPECT_EQ(interval.low, 0.5);
  EXPECT_EQ(interval.high, 0.5);
}

}  // namespace
}  // namespace lethe::report
