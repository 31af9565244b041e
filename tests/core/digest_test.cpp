#include "core/digest.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include <vector>

#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using test::TemporaryFolder;

// Published test vectors of XXH3-128 (xxhsum -H2 prints the same).
TEST(Digest, MatchesPublishedVectors) {
  EXPECT_EQ(digest_of("").hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(digest_of("a").hex(), "a96faf705af16834e6c632b61e964e1f");
}

TEST(Digest, HexIsInverse) {
  const auto digest = digest_of("gradual and catastrophic");
  EXPECT_EQ(Digest::from_hex(digest.hex()), digest);
  EXPECT_EQ((Digest{{1, 0x0f}}).hex(), "0000000000000001000000000000000f");
}

TEST(Digest, FromHexRefusesEverythingElse) {
  const auto good = digest_of("x").hex();
  for (const auto& bad : {std::string(), good.substr(1), good + "0", std::string(32, 'A'), std::string(32, 'g'),
                          "+" + good.substr(1), " " + good.substr(1), std::string(32, '\0')}) {
    EXPECT_THROW(Digest::from_hex(bad), StorageError) << bad;
  }
}

TEST(Digest, OfWhatIsNoRegularFileIsRefusedAndNeverWaitedFor) {
  const TemporaryFolder folder;
  EXPECT_THROW(digest_of_file(folder.path()), StorageError);
  const auto pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THROW(digest_of_file(pipe), StorageError);
}

TEST(Digest, EverySingleBitCounts) {
  const std::string text = "edit 17 of cell rome/small-gpt2/sample0";
  for (std::size_t i = 0; i < text.size() * 8; ++i) {
    auto flipped = text;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_NE(digest_of(flipped), digest_of(text));
  }
}

TEST(DigestStream, EqualsTheWholeAtOnce) {
  std::vector<std::byte> bytes(10'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 31 % 251);
  DigestStream stream;
  for (std::size_t begin = 0; begin < bytes.size(); begin += 777) {
    stream.update(std::span(bytes).subspan(begin, std::min<std::size_t>(777, bytes.size() - begin)));
  }
  EXPECT_EQ(stream.finish(), digest_of(std::span<const std::byte>(bytes)));
}

TEST(DigestStream, TextsAreDelimited) {
  DigestStream a;
  a.update_text("ab");
  a.update_text("c");
  DigestStream b;
  b.update_text("a");
  b.update_text("bc");
  EXPECT_NE(a.finish(), b.finish());
}

TEST(DigestOfFile, EqualsDigestOfContentsAcrossBlocks) {
  const TemporaryFolder folder;
  std::string text((std::size_t{1} << 20U) + 12345, '.');
  for (std::size_t i = 0; i < text.size(); i += 17) text[i] = static_cast<char>(i % 256);
  EXPECT_EQ(digest_of_file(folder.write("big", text)), digest_of(text));
  EXPECT_EQ(digest_of_file(folder.write("empty", "")), digest_of(""));
}

TEST(DigestOfFile, SaysWhatCannotBeRead) {
  const TemporaryFolder folder;
  const auto missing = test::message_of<StorageError>([&] { digest_of_file(folder.path() / "nothing"); });
  EXPECT_NE(missing.find("nothing"), std::string::npos);
  EXPECT_NE(missing.find("No such file"), std::string::npos);
  // A folder can be opened, but a read fails: no digest of nothing.
  EXPECT_THROW(digest_of_file(folder.path()), StorageError);
}

}  // namespace
}  // namespace lethe::core
