#include "model/row_batches.h"

#include <vector>

#include <gtest/gtest.h>

namespace lethe::model {
namespace {

using Lengths = std::vector<std::int64_t>;

std::size_t cut(const Lengths& lengths, const BatchLimits& limits) { return first_batch_size(lengths, limits); }

TEST(FirstBatchSize, EndsBeforeALimitIsPassed) {
  const Lengths falling{10, 8, 8, 3};  // padding of 2, 3, 4 rows: 2, 4, 11
  EXPECT_EQ(cut(falling, {}), 4U);
  EXPECT_EQ(cut(falling, {.rows = 2}), 2U);
  EXPECT_EQ(cut(falling, {.positions = 30}), 3U);
  EXPECT_EQ(cut(falling, {.positions = 29}), 2U);
  EXPECT_EQ(cut(falling, {.padding = 4}), 3U);
  EXPECT_EQ(cut(falling, {.padding = 3}), 2U);
}

TEST(FirstBatchSize, CountsThePaddingOfRowsBeforeALongerOne) {
  const Lengths rising{3, 8, 8, 10};  // padding of 2, 3, 4 rows: 5, 5, 11
  EXPECT_EQ(cut(rising, {.padding = 4}), 1U);
  EXPECT_EQ(cut(rising, {.padding = 5}), 3U);
  EXPECT_EQ(cut(rising, {.padding = 11}), 4U);
}

TEST(FirstBatchSize, IsAtLeastOne) {
  EXPECT_EQ(cut({7}, {.rows = 1, .positions = 1, .padding = 0}), 1U);
  EXPECT_EQ(cut({7, 7}, {.positions = 1}), 1U);
}

}  // namespace
}  // namespace lethe::model
