#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random_stream.h"
#include "storage/segment.h"
#include "tests/storage/sample_contents.h"

// Bytes changed on disk after the commit. The digest in the name is checked before HDF5 sees the file.

namespace lethe::storage {
namespace {

using test::TemporaryFolder;

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Overwrites bytes in place.
void put_bytes(const std::filesystem::path& path, std::size_t position, std::string_view bytes) {
  std::fstream stream(path, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekp(static_cast<std::streamoff>(position));
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class DamagedFile : public testing::Test {
 protected:
  DamagedFile() {
    SegmentContents contents = sample::segment(1, 4);
    contents.provenance.erase("config");  // keeps the file small
    const auto temporary = ledger::temporary_path(folder_.path(), "segment");
    write_segment(temporary, contents);
    file_ = ledger::publish(temporary, "segment");
    original_ = bytes_of(file_.path);
  }

  const FileLabel label_ = segment_label({"rome", "small-gpt2", 2}, "0123456789ab", 1, 4);

  [[nodiscard]] bool is_refused() const {
    try {
      (void)read_segment(file_, label_);
    } catch (const core::StorageError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(file_.path.filename().string()));
      return true;
    }
    return false;
  }
  /// With other bytes at `position`, which are put back afterwards.
  [[nodiscard]] bool is_refused_with(std::size_t position, std::string_view bytes) const {
    put_bytes(file_.path, position, bytes);
    const bool refused = is_refused();
    put_bytes(file_.path, position, std::string_view(original_).substr(position, bytes.size()));
    return refused;
  }

  TemporaryFolder folder_;
  ledger::CommittedFile file_;
  std::string original_;
};

TEST_F(DamagedFile, IsAcceptedWhileWhole) { EXPECT_FALSE(is_refused()); }

TEST_F(DamagedFile, IsRefusedAtEveryTruncation) {
  for (std::size_t size = original_.size(); size-- > 0;) {
    std::filesystem::resize_file(file_.path, size);
    ASSERT_TRUE(is_refused()) << "cut to " << size << " bytes";
  }
}

TEST_F(DamagedFile, IsRefusedAfterAnyFlippedBit) {
  core::RandomStream random(37, "damaged file test");
  for (int i = 0; i < 4000; ++i) {
    const std::size_t position = random.next() % original_.size();
    const auto flipped = static_cast<char>(original_[position] ^ (1 << (random.next() % 8)));
    ASSERT_TRUE(is_refused_with(position, {&flipped, 1})) << "byte " << position;
  }
  EXPECT_FALSE(is_refused()) << "the test did not put the bytes back";
}

TEST_F(DamagedFile, IsRefusedWithRandomStretchesOverwritten) {
  core::RandomStream random(38, "damaged file test");
  for (int i = 0; i < 500; ++i) {
    const std::size_t first = random.next() % original_.size();
    const std::size_t count = std::min<std::size_t>(original_.size() - first, 1 + random.next() % 64);
    std::string bytes;
    for (std::size_t k = 0; k < count; ++k) bytes += static_cast<char>(random.next());
    if (bytes == original_.substr(first, count)) continue;
    ASSERT_TRUE(is_refused_with(first, bytes)) << count << " bytes from " << first;
  }
}

TEST_F(DamagedFile, MissingIsAnErrorToo) {
  std::filesystem::remove(file_.path);
  EXPECT_THROW((void)read_segment(file_, label_), core::StorageError);
}

}  // namespace
}  // namespace lethe::storage
