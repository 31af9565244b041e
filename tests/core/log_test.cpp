#include "core/log.h"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using test::TemporaryFolder;

TEST(LogField, QuotesWhatCouldNotBeSplitAgain) {
  EXPECT_EQ(log_field(GridCell{"rome", "small-gpt2", 0}), "cell=rome/small-gpt2/sample0");
  EXPECT_EQ(log_field("stage", "edit"), "stage=edit");
  EXPECT_EQ(log_field("reason", "two words"), "reason=\"two words\"");
  EXPECT_EQ(log_field("reason", "a\nb \"c\" \\ \x01"), "reason=\"a\\nb \\\"c\\\" \\\\ ?\"");
  EXPECT_EQ(log_field("reason", ""), "reason=\"\"");
  EXPECT_EQ(log_field("reason", "a=b"), "reason=\"a=b\"");
}

TEST(InitLogging, WritesOneLineWithLevelRoleAndRank) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "logs" / "rank-3.log";
  init_logging("worker", 3, file);
  spdlog::info("{} edits=10", log_field(GridCell{"rome", "m", 1}));
  spdlog::debug("never seen");
  const auto text = test::read_text(file);
  EXPECT_NE(text.find(" info role=worker rank=3 cell=rome/m/sample1 edits=10\n"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);

  init_logging("worker", 3, file);
  spdlog::warn("appended");
  EXPECT_NE(test::read_text(file).find("edits=10\n"), std::string::npos);
  init_logging("test", 0);
}

TEST(InitLogging, OnlyRankZeroTellsProgressOnTheTerminal) {
  ::testing::internal::CaptureStderr();
  init_logging("worker", 1);
  spdlog::info("quiet");
  spdlog::warn("loud");
  init_logging("coordinator", 0);
  spdlog::info("progress");
  const auto text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("quiet"), std::string::npos);
  EXPECT_NE(text.find("loud"), std::string::npos);
  EXPECT_NE(text.find("progress"), std::string::npos);
}

TEST(InitLogging, SaysWhenTheFileCannotBeOpened) {
  const TemporaryFolder folder;
  const auto blocked = folder.write("file", "") / "log";
  EXPECT_THROW(init_logging("worker", 0, blocked), StorageError);
}

}  // namespace
}  // namespace lethe::core
