#include "storage/second_moment_file.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/storage/sample_contents.h"

namespace lethe::storage {
namespace {

using sample::TemporaryFolder;

SecondMomentContents moments(std::int64_t width) {
  SecondMomentContents contents{"small-gpt2", "0123456789ab", 3, width, 12345, 67, {}, {{"host", "a"}}};
  for (std::int64_t i = 0; i < width * width; ++i) contents.values.push_back(1.0 / static_cast<double>(i + 3));
  return contents;
}

TEST(SecondMomentFile, ComesBackBitForBitAcrossChunks) {
  const TemporaryFolder folder;
  const SecondMomentContents written = moments(613);  // 2.9 MiB: three chunks
  write_second_moment(folder / "a.tmp", written);
  const SecondMomentContents read = read_second_moment(folder / "a.tmp");
  EXPECT_EQ(read.model, written.model);
  EXPECT_EQ(read.identity, written.identity);
  EXPECT_EQ(read.layer, 3);
  EXPECT_EQ(read.inner_width, 613);
  EXPECT_EQ(read.count, 12345);
  EXPECT_EQ(read.num_documents, 67);
  EXPECT_EQ(read.values, written.values);
  EXPECT_EQ(read.provenance, written.provenance);
}

TEST(SecondMomentFile, TakesLittleMoreSpaceThanItsValues) {
  const TemporaryFolder folder;
  write_second_moment(folder / "a.tmp", moments(613));
  EXPECT_LT(std::filesystem::file_size(folder / "a.tmp"), 613 * 613 * 8 + 64 * 1024);
}

TEST(SecondMomentFile, RefusesAMatrixThatIsNotSquare) {
  const TemporaryFolder folder;
  SecondMomentContents contents = moments(4);
  contents.values.pop_back();
  EXPECT_THROW(write_second_moment(folder / "a.tmp", contents), core::StorageError);
}

TEST(SecondMomentFile, RefusesACountThatDividesByZero) {
  const TemporaryFolder folder;
  SecondMomentContents contents = moments(4);
  contents.count = 0;
  write_second_moment(folder / "a.tmp", contents);
  EXPECT_THROW((void)read_second_moment(folder / "a.tmp"), core::StorageError);
}

}  // namespace
}  // namespace lethe::storage
