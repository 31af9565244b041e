#include "ledger/folder_probe.h"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "core/fault.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/without_root.h"

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

/// What a process without root's rights says of a folder, which it leaves empty.
std::string told_without_rights(const fs::path& folder, uid_t owner, fs::perms rights) {
  test::hand_over(folder, owner, rights);
  auto answer = test::told_without_root([&] { return trouble_by_trial(folder); });
  fs::permissions(folder, fs::perms::owner_all);
  EXPECT_TRUE(fs::is_empty(folder));
  return answer;
}

class FolderTrouble : public testing::Test {
 protected:
  ~FolderTrouble() override { core::arm_faults(""); }
  test::TemporaryFolder folder_;
};

TEST_F(FolderTrouble, AFolderThatTakesFilesHasNoneAndIsLeftAsItWas) {
  EXPECT_EQ(trouble_of(folder_.path()), "");
  EXPECT_EQ(trouble_by_trial(folder_.path()), "");
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(FolderTrouble, AQuotaIsFoundByAFileWhereverItStrikes) {
  for (const std::string site : {"file.create", "file.write", "file.sync", "file.close"}) {
    core::arm_faults(site + ":edquot:1");
    EXPECT_EQ(trouble_of(folder_.path()), "") << "the file system tells nothing of it";
    EXPECT_EQ(trouble_by_trial(folder_.path()),
              folder_.path().string() + ": takes no file: Disk quota exceeded; free some space and run again")
        << site;
    EXPECT_TRUE(fs::is_empty(folder_.path())) << site;
  }
}

TEST_F(FolderTrouble, AFolderThatForbidsItsOwnerIsNamed) {
  constexpr auto kNoWriting = fs::perms::owner_read | fs::perms::owner_exec;
  EXPECT_EQ(told_without_rights(folder_.path(), test::kNobody, kNoWriting),
            folder_.path().string() + ": takes no file: Permission denied; check the folder's permissions");
}

// What its reader may not do says nothing of its owner.
TEST_F(FolderTrouble, OfAnotherUsersFolderNothingIsSaid) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs a folder of another user";
  EXPECT_EQ(
      told_without_rights(folder_.path(), 0, fs::perms::owner_all | fs::perms::others_read | fs::perms::others_exec),
      "");
}

TEST_F(FolderTrouble, AFolderThatIsNotThereIsNotSpokenOf) {
  EXPECT_EQ(trouble_of("/nowhere/at/all"), "");
  EXPECT_EQ(trouble_by_trial("/nowhere/at/all"), "");
}

}  // namespace
}  // namespace lethe::ledger
