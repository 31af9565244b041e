#include "storage/mend_editor_file.h"

#include <fstream>

#include <gtest/gtest.h>

#include "core/error.h"
#include "ledger/durable_file.h"
#include "storage/comparison.h"
#include "tests/storage/sample_contents.h"

namespace lethe::storage {
namespace {

using test::TemporaryFolder;

MendEditorContents editor_contents() {
  MendEditorContents contents;
  contents.model = "small-gpt2";
  contents.identity = "0123456789ab";
  contents.form = {{"input_normalization", "running"}, {"last_bias", "true"}, {"update_sign", "plus"}};
  contents.tensors = {{"rates", {{6}, {1, 2, 3, 4, 5, 6}}}, {"4x3.layer0.left", sample::matrix(7, 2, 0.5F)}};
  contents.statistics = {{"4x3.mean", {{7}, {1, 2, 3, 4, 5, 6, 1.0 / 3.0}}}, {"4x3.count", {{1}, {9}}}};
  contents.provenance = {{"host", "a"}};
  return contents;
}

TEST(MendEditorFile, ComesBackBitForBit) {
  const TemporaryFolder folder;
  MendEditorContents written = editor_contents();
  write_mend_editor(folder / "a.tmp", written);
  const MendEditorContents read = read_mend_editor(folder / "a.tmp");
  EXPECT_EQ(read.model, written.model);
  EXPECT_EQ(read.identity, written.identity);
  EXPECT_EQ(read.form, written.form);
  EXPECT_EQ(read.tensors, written.tensors);
  EXPECT_EQ(read.statistics, written.statistics);
  EXPECT_FALSE(read.training);
  EXPECT_EQ(read.provenance, written.provenance);
}

TEST(MendEditorFile, HoldsTheStateOfItsTraining) {
  const TemporaryFolder folder;
  MendEditorContents written = editor_contents();
  written.training = MendTrainingProgress{41,
                                          4,
                                          20,
                                          std::numeric_limits<double>::infinity(),
                                          written.tensors,
                                          {{"rates", {{6}, {6, 5, 4, 3, 2, 1}}}},
                                          written.tensors,
                                          written.statistics};
  write_mend_editor(folder / "a.tmp", written);
  const auto read = read_mend_editor(folder / "a.tmp");
  ASSERT_TRUE(read.training);
  EXPECT_EQ(read.training->next_iteration, 41);
  EXPECT_EQ(read.training->num_steps, 4);
  EXPECT_EQ(read.training->best_iteration, 20);
  EXPECT_EQ(read.training->best_loss, written.training->best_loss);
  EXPECT_EQ(read.training->first_moments, written.training->first_moments);
  EXPECT_EQ(read.training->second_moments, written.training->second_moments);
  EXPECT_EQ(read.training->best_tensors, written.training->best_tensors);
  EXPECT_EQ(read.training->best_statistics, written.training->best_statistics);
}

TEST(MendEditorFile, ADamagedOrForeignFileIsRefused) {
  const TemporaryFolder folder;
  const auto temporary = ledger::temporary_path(folder.path(), "editor");
  write_mend_editor(temporary, editor_contents());
  const auto file = ledger::publish(temporary, "editor");
  const auto label = mend_editor_label(editor_contents().model, editor_contents().identity, "");
  EXPECT_NO_THROW((void)read_mend_editor(file, label));
  std::filesystem::resize_file(file.path, std::filesystem::file_size(file.path) / 2);
  EXPECT_THROW((void)read_mend_editor(file, label), core::StorageError);
  write_second_moment(folder / "moments.tmp", {"m", "0123456789ab", 0, 1, 1, 1, {1.0}, {}});
  EXPECT_THROW((void)read_mend_editor(folder / "moments.tmp"), core::StorageError);
}

std::vector<ledger::CommittedFile> chain_of(const TemporaryFolder& folder, const std::string& name, double mean) {
  SegmentContents contents = sample::segment(1, 3);
  contents.method_state = {{"0.mean", {{2}, {mean, 1.0 / 3.0}}}, {"0.count", {{1}, {5}}}};
  ledger::make_folder(folder / name);
  const auto temporary = ledger::temporary_path(folder / name, "segment-0000001-0000003");
  write_segment(temporary, contents);
  return {ledger::publish(temporary, "segment-0000001-0000003")};
}

TEST(MethodState, ComesBackAndIsCompared) {
  const TemporaryFolder folder;
  const auto chain = chain_of(folder, "a", 0.5);
  const auto read = read_segment(chain.front().path, SegmentParts::kWithoutDeltas);
  ASSERT_EQ(read.method_state.size(), 2U);
  EXPECT_EQ(read.method_state.at("0.mean").values, (std::vector<double>{0.5, 1.0 / 3.0}));
  EXPECT_TRUE(compare_logical(chain, chain_of(folder, "b", 0.5)).is_same);
  const auto difference = compare_logical(chain, chain_of(folder, "c", 0.25));
  EXPECT_FALSE(difference.is_same);
  EXPECT_NE(difference.first_difference.find("states"), std::string::npos);
}

}  // namespace
}  // namespace lethe::storage
