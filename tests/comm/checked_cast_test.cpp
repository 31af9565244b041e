#include "comm/checked_cast.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace lethe::comm {
namespace {

TEST(CheckedCast, KeepsValuesThatFit) {
  EXPECT_EQ(checked_cast<int>(std::size_t{2147483647}), 2147483647);
  EXPECT_EQ(checked_cast<std::size_t>(5), 5U);
}

TEST(CheckedCast, RefusesTheFirstByteCountBeyondInt) {
  EXPECT_THROW(checked_cast<int>(std::size_t{1} << 31), core::CommError);
  EXPECT_THROW(checked_cast<std::size_t>(-1), core::CommError);
  EXPECT_THROW(checked_cast<int>(std::numeric_limits<std::int64_t>::min()), core::CommError);
}

}  // namespace
}  // namespace lethe::comm
