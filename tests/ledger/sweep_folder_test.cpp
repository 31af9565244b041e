#include "ledger/sweep_folder.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace lethe::ledger {
namespace {

using core::ReductionPart;
using core::StorageError;
using test::TemporaryFolder;

const core::GridCell kCell{"rome", "small-gpt2", 3};
constexpr const char* kIdentity = "0123456789ab";

/// Commits a file; `contents` tells two of one stem apart.
std::string commit(const std::filesystem::path& folder, const std::string& stem, const std::string& contents = "x",
                   const std::string& extension = ".h5") {
  std::filesystem::create_directories(folder);
  const auto path = folder / (stem + "-" + core::digest_of(contents).hex() + extension);
  std::ofstream(path, std::ios::binary) << contents;
  return path.filename().string();
}

using Chain = std::vector<std::pair<std::int64_t, std::int64_t>>;

struct Scan {
  Chain chain;
  std::size_t num_orphans;
};

Scan scan(const Chain& segments) {
  const TemporaryFolder folder;
  for (const auto& [first, last] : segments) commit(folder.path(), segment_stem(first, last));
  const auto files = scan_cell(folder.path());
  Scan result{{}, files.orphans.size()};
  for (const auto& segment : files.segments) result.chain.emplace_back(segment.first_edit, segment.last_edit);
  EXPECT_EQ(files.num_edits(), result.chain.empty() ? 0 : result.chain.back().second);
  return result;
}

TEST(SweepFolder, LaysOutFoldersByName) {
  const SweepFolder folder("/runs/quickstart");
  EXPECT_EQ(folder.experiment(), "/runs/quickstart/experiment.json");
  EXPECT_EQ(folder.state(), "/runs/quickstart/STATE");
  EXPECT_EQ(folder.rank_log(3), "/runs/quickstart/logs/rank-3.log");
  EXPECT_EQ(folder.cell(kCell), "/runs/quickstart/cells/rome/small-gpt2/sample3");
  EXPECT_EQ(folder.cell(kCell, kIdentity), "/runs/quickstart/cells/rome/small-gpt2/sample3/0123456789ab");
  EXPECT_EQ(prerequisite_folder(kMomentsFolder, "m", kIdentity), "prerequisites/moments/m/0123456789ab");
  EXPECT_EQ(prerequisite_folder(kBaselineFolder, "m", kIdentity), "prerequisites/baseline/m/0123456789ab");
  EXPECT_EQ(prerequisite_folder(kEditorsFolder, "m", kIdentity), "prerequisites/editors/m/0123456789ab");
}

TEST(Stems, AreFixedWidthAndChecked) {
  EXPECT_EQ(segment_stem(1, 10), "segment-0000001-0000010");
  EXPECT_EQ(segment_stem(9'999'999, 9'999'999), "segment-9999999-9999999");
  EXPECT_EQ(snapshot_stem(60), "snapshot-0000060");
  EXPECT_EQ(reduction_stem(ReductionPart::kForgetting, 30, kIdentity), "forgetting-0000030-0123456789ab");
  EXPECT_EQ(moments_stem(0), "layer-000");
  EXPECT_THROW(segment_stem(0, 10), StorageError);
  EXPECT_THROW(segment_stem(11, 10), StorageError);
  EXPECT_THROW(segment_stem(1, 10'000'000), StorageError);
  EXPECT_THROW(snapshot_stem(-1), StorageError);
  EXPECT_THROW(reduction_stem(ReductionPart::kTasks, 30, "abc"), StorageError);
  EXPECT_THROW(reduction_stem(ReductionPart::kTasks, 30, "../456789abc"), StorageError);
  EXPECT_THROW(moments_stem(-1), StorageError);
  EXPECT_THROW(moments_stem(1000), StorageError);
}

TEST(ScanCell, ReadsBackAllNames) {
  const TemporaryFolder folder;
  commit(folder.path(), segment_stem(1, 10));
  commit(folder.path(), segment_stem(11, 20));
  commit(folder.path(), snapshot_stem(20));
  commit(folder.path(), snapshot_stem(10));
  commit(folder.path(), reduction_stem(ReductionPart::kTasks, 20, kIdentity));
  commit(folder.path(), reduction_stem(ReductionPart::kDistance, 20, kIdentity));
  commit(folder.path(), reduction_stem(ReductionPart::kForgetting, 10, kIdentity));
  commit(folder.path(), "identity", "x", ".json");
  const auto files = scan_cell(folder.path());
  EXPECT_EQ(files.num_edits(), 20);
  EXPECT_TRUE(files.orphans.empty());
  ASSERT_EQ(files.snapshots.size(), 2U);
  EXPECT_EQ(files.snapshots[0].edit, 10);
  ASSERT_EQ(files.reductions.size(), 3U);
  EXPECT_EQ(files.reductions[0].part, ReductionPart::kForgetting);
  EXPECT_EQ(files.reductions[1].part, ReductionPart::kDistance);
  EXPECT_EQ(files.reductions[2].part, ReductionPart::kTasks);
  EXPECT_TRUE(files.has_reduction(ReductionPart::kTasks, 20, kIdentity));
  EXPECT_FALSE(files.has_reduction(ReductionPart::kTasks, 10, kIdentity));
  EXPECT_FALSE(files.has_reduction(ReductionPart::kTasks, 20, "ffffffffffff"));
}

TEST(ScanCell, LeavesOutForeignNames) {
  const TemporaryFolder folder;
  for (const auto* stem : {"segment-0000000-0000010", "segment-0000011-0000010", "segment-1-10",
                           "segment-0000001_0000010", "segment-0000001-0000010-x", "segment-000000a-0000010", "segment",
                           "snapshot-0000000", "snapshot-10", "tasks-0000010", "tasks-0000010-0123456789AB",
                           "tasks-0000000-0123456789ab", "tasks-0000010-0123456789abc", "task-0000010-0123456789ab"}) {
    commit(folder.path(), stem);
  }
  commit(folder.path(), segment_stem(1, 10), "x", ".json");
  const auto files = scan_cell(folder.path());
  EXPECT_TRUE(files.segments.empty());
  EXPECT_TRUE(files.orphans.empty());
  EXPECT_TRUE(files.snapshots.empty());
  EXPECT_TRUE(files.reductions.empty());
  EXPECT_EQ(files.num_edits(), 0);
}

TEST(ScanCell, ChainEndsAtTheFirstGap) {
  const auto result = scan({{1, 10}, {11, 20}, {31, 40}, {41, 50}});
  EXPECT_EQ(result.chain, (Chain{{1, 10}, {11, 20}}));
  EXPECT_EQ(result.num_orphans, 2U);
}

TEST(ScanCell, NothingChainsWithoutTheFirstEdit) {
  const auto result = scan({{2, 10}, {11, 20}});
  EXPECT_TRUE(result.chain.empty());
  EXPECT_EQ(result.num_orphans, 2U);
}

TEST(ScanCell, PrefersTheChainThatReachesFurthest) {
  // 1-20 looks better at first, but only 1-10 leads on.
  const auto result = scan({{1, 20}, {1, 10}, {11, 15}, {16, 40}, {11, 30}});
  EXPECT_EQ(result.chain, (Chain{{1, 10}, {11, 15}, {16, 40}}));
  EXPECT_EQ(result.num_orphans, 2U);
}

TEST(ScanCell, OfEquallyFarChainsTheLongestSegmentsWin) {
  const auto result = scan({{1, 5}, {6, 10}, {1, 10}, {11, 20}});
  EXPECT_EQ(result.chain, (Chain{{1, 10}, {11, 20}}));
  EXPECT_EQ(result.num_orphans, 2U);
}

TEST(ScanCell, OfTwoFilesOfOneStemOneIsAnOrphanAlwaysTheSame) {
  const TemporaryFolder folder;
  const auto one = commit(folder.path(), segment_stem(1, 10), "one");
  const auto two = commit(folder.path(), segment_stem(1, 10), "two");
  const auto files = scan_cell(folder.path());
  ASSERT_EQ(files.segments.size(), 1U);
  ASSERT_EQ(files.orphans.size(), 1U);
  EXPECT_EQ(files.segments[0].file.path.filename(), std::min(one, two));
}

TEST(ScanCell, AMissingFolderIsEmptyAndAReadErrorIsNot) {
  const TemporaryFolder folder;
  EXPECT_EQ(scan_cell(folder.path() / "nothing").num_edits(), 0);
  EXPECT_THROW(scan_cell(folder.write("file", "")), StorageError);
}

TEST(ForeignIdentities, ListsOthersThatHoldEdits) {
  const TemporaryFolder root;
  const SweepFolder folder(root.path());
  EXPECT_TRUE(foreign_identities(folder, kCell, kIdentity).empty());
  commit(folder.cell(kCell, kIdentity), segment_stem(1, 10));
  commit(folder.cell(kCell, "ffffffffffff"), segment_stem(1, 10));
  commit(folder.cell(kCell, "aaaaaaaaaaaa"), segment_stem(11, 20));
  commit(folder.cell(kCell, "bbbbbbbbbbbb"), "identity", "x", ".json");
  commit(folder.cell(kCell) / "quarantine", segment_stem(1, 10));
  EXPECT_EQ(foreign_identities(folder, kCell, kIdentity), (std::vector<std::string>{"aaaaaaaaaaaa", "ffffffffffff"}));
}

TEST(ForeignIdentities, AReadErrorIsNotTakenForNone) {
  const TemporaryFolder root;
  const SweepFolder folder(root.path());
  root.write("cells/rome/small-gpt2/sample3", "a file where a folder should be");
  EXPECT_THROW(foreign_identities(folder, kCell, kIdentity), StorageError);
}

TEST(ScanPrerequisite, FindsFilesAndTheirPartsBySlice) {
  const TemporaryFolder folder;
  commit(folder.path(), "layer-003");
  commit(folder.path(), "layer-003", "again");
  commit(folder.path(), "editor");
  commit(folder.path(), "notes", "x", ".json");
  const auto slices = folder.path() / kSlicesFolder;
  commit(slices, slice_stem(0, "layer-003"));
  commit(slices, slice_stem(0, "layer-017"));
  commit(slices, slice_stem(12, "editor"));
  for (const char* other :
       {"slice-2-layer-003", "slice-00000x-layer-003", "slice-000002", "slice-000002-", "layer-003"}) {
    commit(slices, other);
  }
  commit(slices, slice_stem(5, "layer-003"), "x", ".json");
  const auto files = scan_prerequisite(folder.path());
  EXPECT_EQ(files.stems, (std::set<std::string>{"editor", "layer-003"}));
  EXPECT_EQ(files.parts,
            (std::map<std::int64_t, std::set<std::string>>{{0, {"layer-003", "layer-017"}}, {12, {"editor"}}}));
}

TEST(ScanPrerequisite, AMissingFolderIsEmptyAndAReadErrorIsNot) {
  const TemporaryFolder folder;
  EXPECT_TRUE(scan_prerequisite(folder.path() / "nothing").stems.empty());
  EXPECT_TRUE(scan_prerequisite(folder.path() / "nothing").parts.empty());
  EXPECT_THROW(scan_prerequisite(folder.write("file", "")), StorageError);
  folder.write("made/slices", "a file where a folder should be");
  EXPECT_THROW(scan_prerequisite(folder.path() / "made"), StorageError);
}

TEST(SliceStem, NamesTheSliceAndTheFile) {
  EXPECT_EQ(slice_stem(41, "layer-003"), "slice-000041-layer-003");
  EXPECT_EQ(slice_stem(41, "layer-003"), moment_slice_stem(41, 3));
  EXPECT_THROW(slice_stem(core::kMaxSlices, "editor"), StorageError);
  EXPECT_THROW(slice_stem(-1, "editor"), StorageError);
}

TEST(Stems, TellTheLayerAndTheSliceThatTheyWereMadeOf) {
  EXPECT_EQ(layer_of_stem(moments_stem(17)), 17);
  for (const auto* other : {"layer-17", "layer-0017", "layer-01x", "tasks", "", "slice-000041-layer-003"}) {
    EXPECT_FALSE(layer_of_stem(other)) << other;
  }
  const auto part = moment_slice_of(moment_slice_stem(41, 3));
  ASSERT_TRUE(part);
  EXPECT_EQ(part->slice, 41);
  EXPECT_EQ(part->layer, 3);
  for (const auto* other : {"layer-003", "slice-", "slice-41-layer-003", "slice-000041-tasks", ""}) {
    EXPECT_FALSE(moment_slice_of(other)) << other;
  }
}

TEST(CommittedMomentSlices, AreSortedAndOneOfEach) {
  const TemporaryFolder folder;
  commit(folder.path(), moment_slice_stem(10, 3));
  commit(folder.path(), moment_slice_stem(2, 17));
  commit(folder.path(), moment_slice_stem(2, 3));
  commit(folder.path(), moments_stem(3));
  for (const char* other : {"slice-2-layer-003", "slice-000002-layer-03", "slice-00000x-layer-003"}) {
    commit(folder.path(), other);
  }
  const auto slices = committed_moment_slices(folder.path());
  ASSERT_EQ(slices.size(), 3U);
  EXPECT_EQ(std::pair(slices[0].slice, slices[0].layer), std::pair(std::int64_t{2}, 3));
  EXPECT_EQ(std::pair(slices[1].slice, slices[1].layer), std::pair(std::int64_t{2}, 17));
  EXPECT_EQ(std::pair(slices[2].slice, slices[2].layer), std::pair(std::int64_t{10}, 3));
  EXPECT_TRUE(committed_moment_slices(folder.path() / "nothing").empty());
  EXPECT_THROW(moment_slice_stem(core::kMaxSlices, 0), StorageError);
  EXPECT_THROW(moment_slice_stem(-1, 0), StorageError);
}

TEST(CommittedMomentLayers, AreSortedAndDistinct) {
  const TemporaryFolder folder;
  for (const auto layer : {17, 3, 0}) commit(folder.path(), moments_stem(layer));
  commit(folder.path(), moments_stem(3), "again");
  commit(folder.path(), "layer-3");
  commit(folder.path(), "layer-0003");
  EXPECT_EQ(committed_moment_layers(folder.path()), (std::vector<int>{0, 3, 17}));
  EXPECT_TRUE(committed_moment_layers(folder.path() / "nothing").empty());
}

}  // namespace
}  // namespace lethe::ledger
