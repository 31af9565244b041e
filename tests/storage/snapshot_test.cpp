#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "storage/segment.h"
#include "tests/storage/sample_contents.h"

namespace lethe::storage {
namespace {

using test::TemporaryFolder;

TEST(Snapshot, ComesBackBitForBit) {
  const TemporaryFolder folder;
  SnapshotContents written{{"ft-c", "small-gptj", 0}, "abcdef012345", 40, {}, {{"host", "a"}}};
  // More rows than one chunk holds, the last one incomplete; values that an arithmetic detour would change.
  written.parameters["h.0.weight"] = sample::matrix(1543, 700, -1.0F);
  written.parameters["h.0.weight"].values[5] = -0.0F;
  written.parameters["h.0.weight"].values[6] = std::numeric_limits<float>::denorm_min();
  written.parameters["h.0.bias"] = {{3}, {1.0F, 2.0F, 3.0F}};
  write_snapshot(folder / "a.tmp", written);
  const SnapshotContents read = read_snapshot(folder / "a.tmp");
  EXPECT_EQ(read.cell, written.cell);
  EXPECT_EQ(read.edit, 40);
  EXPECT_EQ(read.edit_identity, written.edit_identity);
  EXPECT_EQ(read.parameters, written.parameters);
  EXPECT_TRUE(std::signbit(read.parameters.at("h.0.weight").values[5]));
  EXPECT_EQ(read.provenance, written.provenance);
}

TEST(Snapshot, RefusesValuesThatDoNotFillTheShape) {
  const TemporaryFolder folder;
  SnapshotContents contents{{"ft-c", "m", 0}, "abcdef012345", 1, {}, {}};
  contents.parameters["w"] = {{2, 3}, {1.0F}};
  EXPECT_THROW(write_snapshot(folder / "a.tmp", contents), core::StorageError);
  contents.parameters["w"] = {{}, {1.0F}};
  EXPECT_THROW(write_snapshot(folder / "a.tmp", contents), core::StorageError);
  contents.parameters["w"] = {{-2, -1}, {1.0F, 2.0F}};
  EXPECT_THROW(write_snapshot(folder / "a.tmp", contents), core::StorageError);
}

TEST(Snapshot, IsNoSegment) {
  const TemporaryFolder folder;
  write_snapshot(folder / "a.tmp", {{"ft-c", "m", 0}, "abcdef012345", 1, {{"w", sample::matrix(1, 1, 0.0F)}}, {}});
  EXPECT_THAT([&] { (void)read_segment(folder / "a.tmp"); },
              testing::ThrowsMessage<core::StorageError>(testing::HasSubstr("'lethe.snapshot'")));
}

}  // namespace
}  // namespace lethe::storage
