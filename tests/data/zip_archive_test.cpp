#include "data/zip_archive.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>

#include "core/random_stream.h"
#include "tests/data/input_file.h"
#include "tests/data/zip_writer.h"

namespace lethe::data {
namespace {

using test::ZipWriter;
using ::testing::HasSubstr;

std::string text_of(const ZipArchive& archive, const std::string& name) {
  const auto content = archive.member(name).content;
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

std::string two_members(ZipWriter::Options options = {}) {
  ZipWriter writer(options);
  writer.add("first.npy", "some bytes of the first");
  writer.add("folder/second", std::string(300, 'x'));
  return writer.finish();
}

std::string open_error(const std::string& bytes) {
  const InputFile file(bytes);
  return data_error_of([&] { ZipArchive(file.path()); });
}

TEST(ZipArchive, GivesStoredMembersInPlace) {
  for (const bool is_zip64 : {false, true}) {
    const InputFile file(two_members({.is_zip64 = is_zip64}));
    EXPECT_TRUE(looks_like_zip(file.path()));
    const ZipArchive archive(file.path());
    EXPECT_EQ(archive.members().size(), 2U);
    EXPECT_EQ(text_of(archive, "first.npy"), "some bytes of the first");
    EXPECT_EQ(text_of(archive, "folder/second"), std::string(300, 'x'));
    archive.check_crc("first.npy");
    archive.check_crc("folder/second");
    EXPECT_THAT(data_error_of([&] { static_cast<void>(archive.member("third")); }), HasSubstr("no member `third`"));
  }
}

TEST(ZipArchive, ReachesMembersBeyondFourGigabytes) {
  constexpr std::uint64_t kHole = std::uint64_t{5} << 30U;
  ZipWriter writer({.is_zip64 = true, .hole_bytes = kHole});
  writer.add("first", "before the hole");
  const auto end_of_first = writer.finish().find("before the hole") + 15;
  writer.add("second", "behind the hole");
  const auto bytes = writer.finish();
  const InputFile file(bytes.substr(0, end_of_first));
  {
    std::ofstream stream(file.path(), std::ios::binary | std::ios::in);
    stream.seekp(static_cast<std::streamoff>(end_of_first + kHole));
    stream << bytes.substr(end_of_first);
  }
  const ZipArchive archive(file.path());
  EXPECT_EQ(text_of(archive, "first"), "before the hole");
  EXPECT_EQ(text_of(archive, "second"), "behind the hole");
}

TEST(ZipArchive, ComputesTheChecksumOfZip) {
  // The check value of CRC-32/ISO-HDLC, and lengths around the step of eight bytes.
  const std::string_view digits = "123456789";
  EXPECT_EQ(crc32(std::as_bytes(std::span(digits))), 0xCBF43926U);
  EXPECT_EQ(crc32(std::as_bytes(std::span(digits.substr(0, 8)))), 0x9AE0DAAFU);
  EXPECT_EQ(crc32({}), 0U);
}

TEST(ZipArchive, ToldFromOtherFilesByItsFirstBytes) {
  EXPECT_FALSE(looks_like_zip(InputFile("\x80\x02ordinary pickle").path()));
  EXPECT_FALSE(looks_like_zip(InputFile("PK").path()));
  EXPECT_THAT(data_error_of([] { static_cast<void>(looks_like_zip("no such file")); }), HasSubstr("cannot be opened"));
}

TEST(ZipArchive, RefusesWhatItDoesNotReadWithTheRemedy) {
  EXPECT_THAT(open_error(two_members({.method = 8})), HasSubstr("savez instead of savez_compressed"));
  EXPECT_THAT(open_error(two_members({.flags = 1})), HasSubstr("encrypted"));
  EXPECT_THAT(open_error(""), HasSubstr("empty"));
  EXPECT_THAT(open_error("short"), HasSubstr("shorter than"));
  EXPECT_THAT(open_error(std::string(500, 'x')), HasSubstr("no end record"));
  ZipWriter twice;
  twice.add("a", "1");
  twice.add("a", "2");
  EXPECT_THAT(open_error(twice.finish()), HasSubstr("there twice"));
}

TEST(ZipArchive, TellsAChangedMemberByItsChecksum) {
  auto bytes = two_members();
  bytes[bytes.find("some bytes")] = 'S';
  const InputFile file(bytes);
  const ZipArchive archive(file.path());
  archive.check_crc("folder/second");
  EXPECT_THAT(data_error_of([&] { archive.check_crc("first.npy"); }), HasSubstr("does not match its checksum"));
}

TEST(ZipArchive, RefusesExtentsOutsideTheFile) {
  const auto changed = [](std::string bytes, std::size_t position, std::uint64_t value, std::size_t size) {
    bytes.replace(position, size, reinterpret_cast<const char*>(&value), size);
    return open_error(bytes);
  };
  const auto plain = two_members();
  const auto entry = plain.find(std::string("PK\1\2", 4));
  const auto end = plain.find(std::string("PK\5\6", 4));
  EXPECT_THAT(changed(plain, entry + 20, 0x7FFFFFFF, 4), HasSubstr("two sizes"));
  EXPECT_THAT(changed(plain, entry + 42, 0x7FFFFFFF, 4), HasSubstr("no header of its own"));
  EXPECT_THAT(changed(plain, entry + 20, 0x7FFFFFFF7FFFFFFF, 8), HasSubstr("lies outside"));
  EXPECT_THAT(changed(plain, entry + 28, 0xFFFF, 2), HasSubstr("directory is broken"));
  EXPECT_THAT(changed(plain, end + 10, 0xFFFE, 2), HasSubstr("cannot hold 65534"));
  EXPECT_THAT(changed(plain, end + 16, 0x7FFFFFFF, 4), HasSubstr("lies outside the file"));
  EXPECT_THAT(changed(plain, end + 10, 1, 2), HasSubstr("belong to no member"));

  const auto large = two_members({.is_zip64 = true});
  const auto extra = large.find("first.npy", large.find(std::string("PK\1\2", 4))) + 9;
  const auto end64 = large.find(std::string("PK\6\6", 4));
  const auto locator = large.find(std::string("PK\6\7", 4));
  EXPECT_THAT(changed(large, extra + 2, 8, 2), HasSubstr("lacks its zip64 sizes"));
  EXPECT_THAT(changed(large, extra + 20, 0xFFFFFFFFFFFFFFF0, 8), HasSubstr("no header of its own"));
  EXPECT_THAT(changed(large, end64 + 32, 0xFFFFFFFFFFFFFFFF, 8), HasSubstr("cannot hold"));
  EXPECT_THAT(changed(large, end64 + 48, 0xFFFFFFFFFFFFFFF0, 8), HasSubstr("lies outside the file"));
  EXPECT_THAT(changed(large, locator + 8, 0xFFFFFFFFFFFFFFF0, 8), HasSubstr("zip64 end record"));
}

TEST(ZipArchive, AnyFlippedByteOrTruncationIsReadOrRefusedNeverFatal) {
  core::RandomStream random(7, "fuzz");
  InputFile file("x");
  int num_refused = 0;
  const auto open = [&](const std::string& bytes) {
    file.rewrite(bytes);
    try {
      const ZipArchive archive(file.path());
      for (const auto& [name, member] : archive.members()) static_cast<void>(crc32(member.content));
    } catch (const core::DataError&) {
      ++num_refused;
    }
  };
  for (const bool is_zip64 : {false, true}) {
    const auto sound = two_members({.is_zip64 = is_zip64});
    for (std::size_t length = 0; length < sound.size(); ++length) open(sound.substr(0, length));
    EXPECT_GE(num_refused, static_cast<int>(sound.size())) << "a cut archive was read";
    const auto directory = sound.find(std::string("PK\1\2", 4));
    for (int round = 0; round < 1000; ++round) {
      auto bytes = sound;
      bytes[directory + random.next() % (sound.size() - directory)] = static_cast<char>(random.next() % 256);
      open(bytes);
    }
  }
  EXPECT_GT(num_refused, 1500);
}

}  // namespace
}  // namespace lethe::data
