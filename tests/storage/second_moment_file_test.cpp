#include "storage/second_moment_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>

#include "core/error.h"
#include "tests/storage/sample_contents.h"

namespace lethe::storage {
namespace {

using test::TemporaryFolder;

/// Entry i of a symmetric matrix: the number of the entry or of its mirrored one, whichever is smaller.
std::int64_t mirrored(std::int64_t i, std::int64_t width) {
  return std::min(i / width, i % width) * width + std::max(i / width, i % width);
}

SecondMomentContents moments(std::int64_t width) {
  SecondMomentContents contents{"small-gpt2", "0123456789ab", 3, width, 12345, 67, {}, {{"host", "a"}}};
  for (std::int64_t i = 0; i < width * width; ++i) {
    contents.values.push_back(1.0 / static_cast<double>(mirrored(i, width) + 3));
  }
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

TEST(SecondMomentFile, RefusesAMatrixThatIsNotFiniteOrNotSymmetric) {
  const TemporaryFolder folder;
  const auto refused = [&](const char* name, double value, std::size_t entry) {
    auto contents = moments(5);
    contents.values[entry] = value;
    write_second_moment(folder / name, contents);
    return test::message_of<core::StorageError>([&] { (void)read_second_moment(folder / name); });
  };
  EXPECT_NE(refused("nan", std::nan(""), 7).find("/second_moment: entry 7 is nan"), std::string::npos);
  EXPECT_NE(refused("infinite", -HUGE_VAL, 24).find("entry 24 is -inf"), std::string::npos);
  const auto asymmetric = refused("asymmetric", 0.75, 3 * 5 + 1);
  EXPECT_NE(asymmetric.find("is not symmetric: entry 3, 1 is 0.75"), std::string::npos) << asymmetric;
}

TEST(SecondMomentFile, RefusesACountThatDividesByZero) {
  const TemporaryFolder folder;
  SecondMomentContents contents = moments(4);
  contents.count = 0;
  write_second_moment(folder / "a.tmp", contents);
  EXPECT_THROW((void)read_second_moment(folder / "a.tmp"), core::StorageError);
}

/// Peak of this process's resident memory, bytes.
std::int64_t peak_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

TEST(SecondMomentFile, IsWrittenWithoutACopyInMemory) {
  const TemporaryFolder folder;
  SecondMomentContents contents = moments(1);
  contents.inner_width = 2048;  // 32 MiB
  std::vector<double> values(2048UL * 2048UL);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(mirrored(static_cast<std::int64_t>(i), 2048)) - 0.5;
  }
  const auto before = peak_bytes();
  write_second_moment(folder / "a.tmp", contents, values);
  EXPECT_LT(peak_bytes() - before, 8 << 20);
  EXPECT_EQ(read_second_moment(folder / "a.tmp").values, values);
  EXPECT_LT(std::filesystem::file_size(folder / "a.tmp"), 2048UL * 2048UL * 8 + 64 * 1024);
}

TEST(MomentSumFile, ComesBackBitForBitAndRefusesADamagedOne) {
  const TemporaryFolder folder;
  MomentSumContents written{"gpt-j", "0123456789ab", 8, 41, 5, 256, 5'000'000'000, 9999, 7, {}, {{"host", "a"}}};
  const std::vector<double> values{1.0, 1.0 / 3.0, -0.0, 5e-324, 7.0};
  const auto temporary = ledger::temporary_path(folder.path(), "slice-000041-layer-008");
  write_moment_sum(temporary, written, values);
  const auto file = ledger::publish(temporary, "slice-000041-layer-008");
  const auto read = read_moment_sum(file, moment_sum_label("gpt-j", "0123456789ab", 8, 41));
  EXPECT_EQ(read.slice, 41);
  EXPECT_EQ(read.layer, 8);
  EXPECT_EQ(read.count, 5'000'000'000) << "no 32-bit count";
  EXPECT_EQ(read.num_documents, 9999);
  EXPECT_EQ(read.panel_rows, 256);
  EXPECT_EQ(read.values, values);
  std::filesystem::resize_file(file.path, std::filesystem::file_size(file.path) - 8);
  EXPECT_THROW((void)read_moment_sum(file, moment_sum_label("gpt-j", "0123456789ab", 8, 41)), core::StorageError);
}

}  // namespace
}  // namespace lethe::storage
