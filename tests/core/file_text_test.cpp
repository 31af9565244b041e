#include "core/file_text.h"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(FileText, IsAllOfTheFile) {
  const test::TemporaryFolder folder;
  const std::string text = std::string(200'000, 'x') + '\0' + "end";
  EXPECT_EQ(text_of_file(folder.write("a", text)), text);
  EXPECT_EQ(text_of_file(folder.write("b", "")), "");
}

TEST(FileText, WhatIsNoRegularFileIsRefusedAndNeverWaitedFor) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(test::message_of<StorageError>([&] { text_of_file(folder.path()); }), HasSubstr("is a folder"));
  const auto pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(test::message_of<StorageError>([&] { text_of_file(pipe); }), HasSubstr("no regular file"));
  EXPECT_THAT(test::message_of<StorageError>([&] { text_of_file(folder / "none"); }), HasSubstr("No such file"));
}

TEST(FileText, NothingIsWrittenThroughALinkOrIntoAPipe) {
  const test::TemporaryFolder folder;
  EXPECT_TRUE(open_to_append(folder / "new"));
  const auto pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(test::message_of<StorageError>([&] { open_to_append(pipe); }), HasSubstr("cannot be opened for writing"));
  std::filesystem::create_symlink(folder / "new", folder / "link");
  EXPECT_THAT(test::message_of<StorageError>([&] { open_to_append(folder / "link"); }), HasSubstr("through no link"));
}

TEST(SweepTexts, AFileThatCannotBeReadIsNamedWithPlaceAndRemedy) {
  const test::TemporaryFolder folder;
  const auto broken = folder.write("experiment.json", "{\n  \"name\": oops}");
  EXPECT_THAT(test::message_of<StorageError>([&] { read_experiment_config(broken, editing::catalogue()); }),
              AllOf(HasSubstr(broken.string() + ":2:"), HasSubstr("is no JSON"), HasSubstr("lethe sweep"),
                    Not(HasSubstr("exception"))));
  EXPECT_THAT(test::message_of<StorageError>([&] { read_experiment_config(folder / "none", editing::catalogue()); }),
              AllOf(HasSubstr((folder / "none").string()), HasSubstr("No such file"), HasSubstr("lethe sweep")));
  for (const auto* text : {"", "{", "[1, 2", "{}", "{\"version\": 1e999}"}) {
    const auto path = folder.write("inspection.json", text);
    EXPECT_THAT(test::message_of<StorageError>([&] { read_inspection(path); }),
                AllOf(HasSubstr(path.string()), HasSubstr("lethe sweep"), Not(HasSubstr("exception"))))
        << text;
  }
  EXPECT_FALSE(read_inspection(folder / "none").has_value());
}

}  // namespace
}  // namespace lethe::core
