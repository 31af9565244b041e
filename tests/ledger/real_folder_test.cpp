#include "ledger/real_folder.h"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

TEST(RealFolder, IsMadeAndHoldsFiles) {
  const test::TemporaryFolder parent;
  const auto folder = RealFolder::make(parent / "a");
  parent.write("a/text", "words");
  EXPECT_TRUE(folder.has_file("text"));
  EXPECT_EQ(folder.read("text"), "words");
  EXPECT_FALSE(folder.read("none").has_value());
  folder.remove("text");
  folder.remove("text");
  EXPECT_FALSE(folder.has_file("text"));
}

TEST(RealFolder, ALinkIsNeitherAFolderNorAFile) {
  const test::TemporaryFolder parent;
  const auto target = parent.write("elsewhere/text", "words");
  fs::create_directory_symlink(parent / "elsewhere", parent / "linked");
  fs::create_directory_symlink(parent / "loop", parent / "loop");
  for (const auto* name : {"linked", "loop"}) {
    EXPECT_THAT(test::message_of<core::StorageError>([&] { RealFolder::make(parent / name); }),
                AllOf(HasSubstr((parent / name).string()), HasSubstr("link"), HasSubstr("remove it")));
  }
  const auto folder = RealFolder::make(parent.path());
  EXPECT_FALSE(folder.find_folder("linked").has_value());
  EXPECT_THROW((void)folder.make_folder("linked"), core::StorageError);
  fs::create_symlink(target, parent / "text");
  EXPECT_FALSE(folder.read("text").has_value());
  folder.remove("text");
  EXPECT_EQ(test::read_text(target), "words");
}

TEST(RealFolder, NamesDoNotLeadOut) {
  const test::TemporaryFolder parent;
  parent.write("precious", "words");
  const auto folder = RealFolder::make(parent / "a");
  for (const auto* name : {"../precious", "..", ".", "", "/etc/passwd"}) {
    EXPECT_THROW(folder.remove(name), core::StorageError) << name;
    EXPECT_THROW((void)folder.read(name), core::StorageError) << name;
  }
  EXPECT_TRUE(fs::exists(parent / "precious"));
}

TEST(RealFolder, APipeIsNoFile) {
  const test::TemporaryFolder parent;
  ASSERT_EQ(::mkfifo((parent / "pipe").c_str(), 0600), 0);
  EXPECT_FALSE(RealFolder::make(parent.path()).read("pipe").has_value());
}

TEST(RealFolder, TakesAFileInThePlaceOfALink) {
  const test::TemporaryFolder parent;
  const auto precious = parent.write("precious", "words");
  parent.write("from/file", "new");
  const auto to = RealFolder::make(parent / "to");
  fs::create_symlink(precious, parent / "to/file");
  to.take(RealFolder::make(parent / "from"), "file");
  EXPECT_EQ(to.read("file"), "new");
  EXPECT_EQ(test::read_text(precious), "words");
}

TEST(LinkedFolders, OfASweepAreRefusedByName) {
  const test::TemporaryFolder sweep;
  const test::TemporaryFolder elsewhere;
  refuse_linked_folders(sweep.path());
  fs::create_directories(sweep / "cells/rome/m/sample0");
  fs::create_symlink(elsewhere.write("file", "x"), sweep / "cells/rome/m/sample0/file");
  fs::create_symlink("loop", sweep / "cells/rome/m/loop");
  fs::create_directory_symlink(elsewhere.path(), sweep / "notes");
  refuse_linked_folders(sweep.path());  // nothing is written through these
  for (const auto* name : {"prerequisites", "logs", "owners", "cells/rome/m/sample1"}) {
    fs::create_directory_symlink(elsewhere.path(), sweep / name);
    EXPECT_THAT(test::message_of<core::StorageError>([&] { refuse_linked_folders(sweep.path()); }),
                AllOf(HasSubstr((sweep / name).string()), HasSubstr("symbolic link"), HasSubstr("--out")));
    fs::remove(sweep / name);
  }
}

}  // namespace
}  // namespace lethe::ledger
