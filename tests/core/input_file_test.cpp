#include "core/input_file.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using test::message_of;
using test::TemporaryFolder;

std::string refusal(const std::filesystem::path& path) {
  return message_of<DataError>([&] { check_input_file(path); });
}

TEST(InputFile, IsARegularFileOrALinkToOne) {
  const TemporaryFolder folder;
  const auto file = folder.write("a", "text");
  EXPECT_EQ(refusal(file), "");
  std::filesystem::create_symlink(file, folder / "link");
  EXPECT_EQ(refusal(folder / "link"), "");
  EXPECT_EQ(read_input_file(folder / "link", 4), "text");
  EXPECT_EQ(refusal(folder / "none"), (folder / "none").string() + ": cannot be opened: No such file or directory");
  EXPECT_NE(refusal(folder.path()).find("is a directory, not a regular file"), std::string::npos);
  EXPECT_NE(refusal("/dev/null").find("is a device"), std::string::npos);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_NE(refusal(folder / "pipe").find("is a pipe (FIFO)"), std::string::npos) << "and nobody waited for a writer";
}

TEST(InputFile, IsNoPointer) {
  const TemporaryFolder folder;
  const auto pointer = folder.write("p", "version https://git-lfs.github.com/spec/v1\noid sha256:24\nsize 5\n");
  EXPECT_NE(refusal(pointer).find("p: is a Git LFS pointer"), std::string::npos);
  EXPECT_NE(refusal(pointer).find("git lfs pull"), std::string::npos);
  const auto xet = folder.write("x", "# xet version 0\nfilesize = 5\nhash = '24'\n");
  EXPECT_NE(refusal(xet).find("x: is a Xet pointer"), std::string::npos);
  EXPECT_NE(refusal(xet).find("hf download"), std::string::npos);
  const auto annexed = folder.write("a", "/annex/objects/SHA256E-s100--24.safetensors\n");
  EXPECT_NE(refusal(annexed).find("a: is a git-annex pointer"), std::string::npos);
  EXPECT_NE(refusal(annexed).find("git annex get"), std::string::npos);
  EXPECT_EQ(refusal(folder.write("q", "version https://git-lfs")), "") << "a text that only begins alike";
}

TEST(InputFile, OfWhichMoreIsReadThanAllowedIsRefused) {
  const TemporaryFolder folder;
  const auto file = folder.write("a", std::string(200'000, 'x'));
  EXPECT_EQ(read_input_file(file, 200'000).size(), 200'000U);
  EXPECT_NE(message_of<DataError>([&] { read_input_file(file, 199'999); }).find("larger than 199999"),
            std::string::npos);
}

}  // namespace
}  // namespace lethe::core
