#include "worker/projectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "editing/alphaedit/alphaedit_config.h"
#include "storage/null_space_file.h"
#include "storage/statement.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/recording_monitor.h"
#include "worker/commands/cell_command.h"
#include "worker/prerequisites.h"

namespace lethe::worker {
namespace {

using test::RecordingMonitor;

const core::GridCell kAlphaEditCell{"alphaedit", "tiny-gpt2", 0};

class Projectors : public testing::Test {
 protected:
  Workspace workspace(const std::string& threshold) {
    test::TinyWorldOptions options;
    options.methods = "[alphaedit]";
    options.models = "[tiny-gpt2]";
    options.samples = "[0]";
    options.nullspace_threshold = threshold;
    return {test::load_config(test::write_tiny_world(world_.path(), options)), world_.path() / "out"};
  }
  /// What making them throws, their second moments being there.
  std::string refusal(const std::string& threshold) {
    auto work = workspace(threshold);
    RecordingMonitor monitor;
    EXPECT_TRUE(run_prerequisite(work, {"moments", kAlphaEditCell.model}, monitor));
    try {
      run_prerequisite(work, {editing::kProjectorKind, kAlphaEditCell.model}, monitor);
    } catch (const core::DataError& error) {
      return error.what();
    }
    return "";
  }
  test::TemporaryFolder world_;
};

TEST_F(Projectors, AreMadeFromSecondMomentsAndSayWhereTheThresholdCut) {
  auto work = workspace("1e-5");
  const auto& facts = work.facts().prerequisite(editing::kProjectorKind, kAlphaEditCell.model);
  EXPECT_EQ(facts.needs, std::vector<std::string>{"moments tiny-gpt2"});
  EXPECT_EQ(work.facts().cell(kAlphaEditCell).needs, std::vector<std::string>{"projector tiny-gpt2"});
  RecordingMonitor monitor;
  ASSERT_TRUE(run_cell(work, kAlphaEditCell, monitor)) << "what the projectors need is made first";
  const auto files = ledger::committed_files(work.prerequisite_folder(editing::kProjectorKind, kAlphaEditCell.model));
  ASSERT_EQ(files.size(), 2U) << "a file a layer";
  for (int layer = 0; layer < 2; ++layer) {
    const auto& file = files.at(static_cast<std::size_t>(layer));
    const auto contents =
        storage::read_null_space(file, storage::null_space_label(kAlphaEditCell.model, facts.identity(), layer));
    EXPECT_EQ(contents.inner_width, 64);
    EXPECT_EQ(contents.identity, facts.identity());
    EXPECT_EQ(contents.threshold, 1e-5);
    EXPECT_LE(contents.smallest, contents.below);
    EXPECT_LT(contents.below, contents.threshold);
    EXPECT_GE(contents.above, contents.threshold);
    EXPECT_LE(contents.above, contents.largest);
    EXPECT_LE(contents.num_columns, 32) << "the smaller of both bases";
  }
}

TEST_F(Projectors, SayTheirThresholdAndRankToThePlanAndTheReport) {
  auto work = workspace("1e-5");
  const std::string title = work.facts().prerequisite(editing::kProjectorKind, kAlphaEditCell.model).title;
  EXPECT_TRUE(prerequisite_notes(work).empty()) << "before there are any";
  RecordingMonitor monitor;
  ASSERT_TRUE(run_prerequisite(work, {"moments", kAlphaEditCell.model}, monitor));
  ASSERT_TRUE(run_prerequisite(work, {editing::kProjectorKind, kAlphaEditCell.model}, monitor));
  const auto folder = work.prerequisite_folder(editing::kProjectorKind, kAlphaEditCell.model);
  const auto identity = folder.filename().string();
  const auto notes = prerequisite_notes(work);
  for (const int layer : {0, 1}) {
    const auto file = ledger::find_committed(folder, ledger::moments_stem(layer));
    ASSERT_TRUE(file);
    const auto contents =
        storage::read_null_space(*file, storage::null_space_label(kAlphaEditCell.model, identity, layer));
    const auto rank = contents.is_complement ? contents.inner_width - contents.num_columns : contents.num_columns;
    const auto said = "rank " + std::to_string(rank) + " of 64 at nullspace_threshold 1e-05 (eigenvalues ";
    EXPECT_THAT(storage::read_statement(folder, ledger::moments_stem(layer)),
                testing::Optional(testing::StartsWith(said)));
    const auto place = title + ", " + ledger::moments_stem(layer) + ": ";
    EXPECT_THAT(notes, testing::Contains(testing::StartsWith(place + said)));
  }
  EXPECT_THAT(notes, testing::Contains(testing::HasSubstr("condition number")).Times(2)) << "of the second moments";
}

TEST_F(Projectors, OfRankNoneAndOfFullRankAreBothRefused) {
  const auto none = refusal("1e-300");
  EXPECT_NE(none.find("nullspace_threshold"), std::string::npos) << none;
  const auto full = refusal("1e6");
  EXPECT_NE(full.find("full rank"), std::string::npos) << full;
  EXPECT_NE(full.find("nullspace_threshold"), std::string::npos) << full;
}

TEST_F(Projectors, OfAnotherThresholdAreOtherOnes) {
  const auto identity = [&](const std::string& threshold) {
    auto work = workspace(threshold);
    return std::pair(work.facts().prerequisite(editing::kProjectorKind, kAlphaEditCell.model).identity(),
                     work.facts().cell(kAlphaEditCell).edit_identity);
  };
  const auto first = identity("1e-5");
  const auto second = identity("2e-5");
  EXPECT_NE(first.first, second.first);
  EXPECT_NE(first.second, second.second);
  EXPECT_EQ(identity("1e-5"), first);
}

TEST_F(Projectors, OfAnotherFolderAreNotTakenForOnesOwn) {
  auto work = workspace("1e-5");
  RecordingMonitor monitor;
  ASSERT_TRUE(run_cell(work, kAlphaEditCell, monitor));
  const auto folder = work.prerequisite_folder(editing::kProjectorKind, kAlphaEditCell.model);
  auto other = workspace("2e-5");
  const auto target = other.prerequisite_folder(editing::kProjectorKind, kAlphaEditCell.model);
  std::filesystem::create_directories(target);
  for (const auto& file : ledger::committed_files(folder)) {
    std::filesystem::copy_file(file.path, target / file.path.filename());
  }
  EXPECT_THROW(load_artifacts(other, kAlphaEditCell, other.starting_network(kAlphaEditCell)), core::StorageError);
}

}  // namespace
}  // namespace lethe::worker
