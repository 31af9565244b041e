#include "orchestrator/scheduling/ledger_view.h"

#include <gtest/gtest.h>

#include "core/digest.h"
#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace lethe::orchestrator {
namespace {

using Slices = std::set<std::int64_t>;

class FolderLedger : public ::testing::Test {
 protected:
  FolderLedger() {
    facts_.kind = "moments";
    facts_.model = "small-gpt2";
    facts_.folder = ledger::prerequisite_folder(ledger::kMomentsFolder, "small-gpt2", "0123456789ab");
    facts_.stems = {ledger::moments_stem(3), ledger::moments_stem(17)};
    facts_.num_slices = 3;
  }
  void commit(const std::string& stem) const { write(facts_.folder + "/" + stem); }
  void commit_part(std::int64_t slice, const std::string& stem) const {
    write(facts_.folder + "/" + ledger::kSlicesFolder + "/" + ledger::slice_stem(slice, stem));
  }
  [[nodiscard]] PrerequisiteLedger ledger() const {
    return FolderLedgerView(ledger::SweepFolder(folder_.path())).prerequisite(facts_);
  }

  test::TemporaryFolder folder_;
  core::PrerequisiteFacts facts_;

 private:
  void write(const std::string& stem) const { folder_.write(stem + "-" + core::digest_of("x").hex() + ".h5", "x"); }
};

TEST_F(FolderLedger, HasNothingOfAMissingFolder) {
  EXPECT_FALSE(ledger().is_done);
  EXPECT_TRUE(ledger().slices_done.empty());
  facts_.folder = "";  // its inputs are not there
  facts_.stems = {};
  EXPECT_FALSE(ledger().is_done);
  EXPECT_TRUE(ledger().slices_done.empty());
}

TEST_F(FolderLedger, APrerequisiteIsDoneWithItsLastFile) {
  commit(facts_.stems[0]);
  EXPECT_FALSE(ledger().is_done);
  EXPECT_TRUE(ledger().slices_done.empty());
  commit(facts_.stems[1]);
  EXPECT_TRUE(ledger().is_done);
}

TEST_F(FolderLedger, FilesOfOtherNamesDoNotCount) {
  commit(facts_.stems[0]);
  commit("training-0000010");
  commit("layer-018");
  EXPECT_FALSE(ledger().is_done);
}

TEST_F(FolderLedger, ASliceIsDoneWithAPartOfEveryFile) {
  commit_part(0, facts_.stems[0]);
  EXPECT_EQ(ledger().slices_done, Slices{});
  commit_part(0, facts_.stems[1]);
  commit_part(2, facts_.stems[1]);
  EXPECT_EQ(ledger().slices_done, Slices{0});
  commit_part(2, facts_.stems[0]);
  EXPECT_EQ(ledger().slices_done, (Slices{0, 2}));
  EXPECT_FALSE(ledger().is_done);
}

TEST_F(FolderLedger, WhereAFileIsThereItsPartsAreNotAskedFor) {
  commit(facts_.stems[0]);
  commit_part(1, facts_.stems[1]);
  EXPECT_EQ(ledger().slices_done, Slices{1});
}

TEST_F(FolderLedger, PartsThatAreLeftOverAreStillToBeRemoved) {
  for (const auto& stem : facts_.stems) commit(stem);
  commit_part(1, facts_.stems[0]);
  EXPECT_FALSE(ledger().is_done);
  EXPECT_EQ(ledger().slices_done, (Slices{0, 1, 2})) << "nothing is summed again";
}

TEST_F(FolderLedger, AReadErrorIsNotTakenForNothing) {
  folder_.write(facts_.folder, "a file where a folder should be");
  EXPECT_THROW(static_cast<void>(ledger()), core::StorageError);
}

TEST_F(FolderLedger, ReductionsCountUnderTheirPresentIdentitiesAlone) {
  core::CellFacts facts;
  facts.cell = {"rome", "small-gpt2", 0};
  facts.edit_identity = "0123456789ab";
  facts.reduction_identities = {{core::ReductionPart::kDistance, "aaaaaaaaaaaa"},
                                {core::ReductionPart::kTasks, "bbbbbbbbbbbb"}};
  const ledger::SweepFolder sweep(folder_.path());
  const auto commit_to_cell = [&](const std::string& stem) {
    const auto name = stem + "-" + core::digest_of("x").hex() + ".h5";
    folder_.write(std::filesystem::relative(sweep.cell(facts.cell, facts.edit_identity), folder_.path()) / name, "x");
  };
  commit_to_cell(ledger::segment_stem(1, 10));
  commit_to_cell(ledger::reduction_stem(core::ReductionPart::kDistance, 10, "aaaaaaaaaaaa"));
  commit_to_cell(ledger::reduction_stem(core::ReductionPart::kTasks, 10, "aaaaaaaaaaaa"));
  commit_to_cell(ledger::reduction_stem(core::ReductionPart::kForgetting, 10, "aaaaaaaaaaaa"));
  const auto ledger = FolderLedgerView(sweep).cell(facts);
  EXPECT_EQ(ledger.num_edits, 10);
  EXPECT_EQ(ledger.reductions.size(), 1U);
  EXPECT_TRUE(ledger.reductions.contains({10, core::ReductionPart::kDistance}));
}

}  // namespace
}  // namespace lethe::orchestrator
