#include "ledger/folder_probe.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace lethe::ledger {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> troubles_of(const fs::path& folder) {
  std::vector<std::string> troubles;
  for (const auto& trial : try_folder(folder)) {
    if (!trial.trouble.empty()) troubles.push_back(trial.what + ": " + trial.trouble);
  }
  return troubles;
}

TEST(FolderProbe, AFolderOfThisDiskKeepsWhatTheProtocolNeedsAndIsLeftAsItWas) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(troubles_of(folder.path()), std::vector<std::string>());
  EXPECT_GE(try_folder(folder.path()).size(), 6U);
  EXPECT_TRUE(fs::is_empty(folder.path()));
  const auto room = room_in(folder.path());
  EXPECT_GT(room.free_bytes, 0);
}

TEST(FolderProbe, AFolderThatIsNotThereIsATroubleAndNoError) {
  const auto trials = try_folder("/nowhere/at/all");
  ASSERT_EQ(trials.size(), 1U) << "what cannot be begun is not tried further";
  EXPECT_EQ(trials.front().trouble, "No such file or directory");
  EXPECT_EQ(room_in("/nowhere/at/all").free_bytes, -1);
}

// /proc takes no files from anybody, not even from root.
TEST(FolderProbe, AFolderThatTakesNoFilesIsATrouble) {
  const auto troubles = troubles_of("/proc");
  ASSERT_EQ(troubles.size(), 1U);
  EXPECT_EQ(troubles.front().rfind("takes new folders: ", 0), 0U) << troubles.front();
}

}  // namespace
}  // namespace lethe::ledger
