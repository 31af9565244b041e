#include "core/shape.h"

#include <gtest/gtest.h>

#include <vector>

namespace lethe::core {
namespace {

using Shape = std::vector<std::int64_t>;

TEST(ShapeText, NamesEachAxis) {
  EXPECT_EQ(shape_text(Shape{}), "[]");
  EXPECT_EQ(shape_text(Shape{7}), "[7]");
  EXPECT_EQ(shape_text(Shape{2, 0, 3}), "[2, 0, 3]");
}

TEST(CheckedBytes, AreCountedUpTo63Bits) {
  EXPECT_EQ(checked_bytes(Shape{}, 4), 4U);
  EXPECT_EQ(checked_bytes(Shape{16384, 16384}, 8), std::uint64_t{1} << 31U);
  EXPECT_EQ(checked_bytes(Shape{0, std::int64_t{1} << 62}, 1), 0U);
  EXPECT_EQ(checked_bytes(Shape{0, std::int64_t{1} << 62}, 2), std::nullopt) << "its strides leave them";
  EXPECT_EQ(checked_bytes(Shape{0, std::int64_t{1} << 62, 4}, 1), std::nullopt);
  EXPECT_EQ(checked_bytes(Shape{std::int64_t{1} << 62}, 1), std::uint64_t{1} << 62U);
  EXPECT_EQ(checked_bytes(Shape{std::int64_t{1} << 62}, 2), std::nullopt);
  EXPECT_EQ(checked_bytes(Shape{std::int64_t{1} << 32, std::int64_t{1} << 32}, 1), std::nullopt);
}

}  // namespace
}  // namespace lethe::core
