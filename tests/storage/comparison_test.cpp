#include "storage/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "ledger/durable_file.h"
#include "storage/segment.h"
#include "tests/storage/sample_contents.h"

namespace lethe::storage {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;

/// Writes and publishes one segment of a chain.
ledger::CommittedFile commit(const std::filesystem::path& folder, const SegmentContents& contents) {
  const std::string stem = "segment-" + std::to_string(contents.edits.front().record.edit) + "-" +
                           std::to_string(contents.edits.back().record.edit);
  ledger::make_folder(folder);
  const auto temporary = ledger::temporary_path(folder, stem);
  write_segment(temporary, contents);
  return ledger::publish(temporary, stem);
}

std::vector<ledger::CommittedFile> chain(const std::filesystem::path& folder, const std::vector<std::int64_t>& ends) {
  std::vector<ledger::CommittedFile> files;
  std::int64_t first = 1;
  for (const std::int64_t last : ends) {
    files.push_back(commit(folder, sample::segment(first, last)));
    first = last + 1;
  }
  return files;
}

TEST(CompareFiles, IgnoresProvenanceAlone) {
  const TemporaryFolder folder;
  SegmentContents contents = sample::segment(1, 9);
  write_segment(folder / "a.tmp", contents);
  contents.provenance["host"] = "elsewhere";
  contents.edits[2].record.seconds_edit = 99.0;
  write_segment(folder / "b.tmp", contents);
  EXPECT_TRUE(compare_files(folder / "a.tmp", folder / "b.tmp").is_same);
}

TEST(CompareFiles, NamesTheFirstDatasetThatDiffers) {
  const TemporaryFolder folder;
  write_segment(folder / "a.tmp", sample::segment(1, 9));
  const auto difference = [&](const char* name, auto change) {
    SegmentContents contents = sample::segment(1, 9);
    change(contents);
    write_segment(folder / name, contents);
    const Comparison comparison = compare_files(folder / "a.tmp", folder / name);
    EXPECT_FALSE(comparison.is_same);
    return comparison.first_difference;
  };
  EXPECT_THAT(difference("1", [](SegmentContents& c) { c.edits[8].record.scores[1].margin = -0.5F; }),
              HasSubstr("/metrics/margin: the values"));
  EXPECT_THAT(difference("2", [](SegmentContents& c) { c.edits[0].record.scores[0].nll_true = -2.0F; }),
              HasSubstr("/metrics/nll_true"));
  EXPECT_THAT(difference("8", [](SegmentContents& c) { c.edits[1].record.scores[1].tokens_new[0].argmax = 3; }),
              HasSubstr("/metrics/target_new/argmax"));
  EXPECT_THAT(difference("3", [](SegmentContents& c) { c.edits[0].deltas[0].left.values[0] += 1.0F; }),
              HasSubstr("/deltas/h.1.weight/left"));
  EXPECT_THAT(difference("4", [](SegmentContents& c) { c.edit_identity = "ffffffffffff"; }),
              HasSubstr("/@edit_identity"));
  EXPECT_THAT(difference("5", [](SegmentContents& c) { c.edits[0].record.diagnostics["more"] = 0.0; }),
              HasSubstr("/diagnostics: the members"));
  EXPECT_THAT(difference("6", [](SegmentContents& c) { c.edits[3].record.losses.push_back(0.0F); }),
              HasSubstr("/edits/losses"));
  EXPECT_THAT(difference("7", [](SegmentContents& c) { c.fingerprint_after["h.0.weight"] = core::digest_of("x"); }),
              HasSubstr("/state/fingerprint_after/digest"));
}

TEST(CompareFiles, AFileThatKeptNoTokensSaysNothingOfThem) {
  const TemporaryFolder folder;
  write_segment(folder / "new.tmp", sample::segment(1, 9));
  write_segment(folder / "old.tmp", sample::without_tokens(sample::segment(1, 9)));
  EXPECT_TRUE(compare_files(folder / "old.tmp", folder / "new.tmp").is_same);
  EXPECT_TRUE(compare_files(folder / "new.tmp", folder / "old.tmp").is_same);
}

TEST(CompareFiles, TellsPositiveFromNegativeZero) {
  const TemporaryFolder folder;
  SnapshotContents contents{{"ft", "m", 0}, "id", 1, {{"w", {{2}, {0.0F, 1.0F}}}}, {}};
  write_snapshot(folder / "a.tmp", contents);
  contents.parameters["w"].values[0] = -0.0F;
  write_snapshot(folder / "b.tmp", contents);
  EXPECT_FALSE(compare_files(folder / "a.tmp", folder / "b.tmp").is_same);
}

TEST(CompareFiles, ComparesLargeDatasetsBeyondTheFirstSlab) {
  const TemporaryFolder folder;
  SnapshotContents contents{{"ft", "m", 0}, "id", 1, {{"w", sample::matrix(3000, 1000, 0.0F)}}, {}};  // 11.4 MiB
  write_snapshot(folder / "a.tmp", contents);
  write_snapshot(folder / "same.tmp", contents);
  contents.parameters["w"].values.back() += 1.0F;
  write_snapshot(folder / "b.tmp", contents);
  EXPECT_TRUE(compare_files(folder / "a.tmp", folder / "same.tmp").is_same);
  EXPECT_EQ(compare_files(folder / "a.tmp", folder / "b.tmp").first_difference, "/parameters/w: the values differ");
}

TEST(CompareLogical, DoesNotMindOtherSegmentBoundaries) {
  const TemporaryFolder left;
  const TemporaryFolder right;
  EXPECT_TRUE(compare_logical(chain(left.path(), {10, 20, 30}), chain(right.path(), {4, 10, 17, 29, 30})).is_same);
}

TEST(CompareLogical, NamesTheFirstEditThatDiffers) {
  const TemporaryFolder left;
  const TemporaryFolder right;
  auto files = chain(right.path(), {4, 10});
  SegmentContents changed = sample::segment(11, 20);
  changed.edits[6].deltas[0].right.values[0] = 123.0F;
  files.push_back(commit(right.path(), changed));
  const Comparison comparison = compare_logical(chain(left.path(), {10, 20}), files);
  EXPECT_FALSE(comparison.is_same);
  EXPECT_EQ(comparison.first_difference, "edit 17: the weight deltas differ");
}

/// What is told of a chain whose only segment was changed, against `expected`.
template <typename Change>
std::string difference_after(const std::vector<ledger::CommittedFile>& expected, Change change) {
  const TemporaryFolder right;
  SegmentContents contents = sample::segment(1, 10);
  change(contents);
  return compare_logical(expected, std::vector{commit(right.path(), contents)}).first_difference;
}

TEST(CompareLogical, ComparesTokensWhereBothChainsKeptThem) {
  const TemporaryFolder left;
  const auto expected = chain(left.path(), {10});
  EXPECT_EQ(difference_after(expected, [](SegmentContents& c) { c = sample::without_tokens(c); }), "");
  EXPECT_EQ(difference_after(expected,
                             [](SegmentContents& c) {
                               for (core::PromptScore& score : c.edits[5].record.scores)
                                 score.tokens_true[0].nll = 7.0F;
                             }),
            "edit 6: the prompt scores differ");
}

TEST(CompareLogical, ChecksFingerprintsContextsAndLength) {
  const TemporaryFolder left;
  const auto expected = chain(left.path(), {10});
  const auto difference = [&](auto change) { return difference_after(expected, change); };
  EXPECT_EQ(difference([](SegmentContents&) {}), "");
  EXPECT_THAT(difference([](SegmentContents& c) { c.fingerprint_after["h.0.weight"] = core::digest_of("x"); }),
              HasSubstr("edit 10: the fingerprints after"));
  EXPECT_THAT(difference([](SegmentContents& c) { c.fingerprint_before["h.0.weight"] = core::digest_of("x"); }),
              HasSubstr("edit 1: the fingerprints before"));
  EXPECT_THAT(difference([](SegmentContents& c) { c.contexts[1] += "!"; }), HasSubstr("the contexts"));
  EXPECT_THAT(difference([](SegmentContents& c) { c.edits.pop_back(); }), HasSubstr("more edits"));
  EXPECT_THAT(difference([](SegmentContents& c) { c.cell.sample = 3; }), HasSubstr("the cells"));
  EXPECT_THAT(difference([](SegmentContents& c) { c.edit_identity = "x"; }), HasSubstr("identities"));
  EXPECT_EQ(compare_logical(expected, {}).first_difference, "one chain has more edits than the other");
  EXPECT_TRUE(compare_logical({}, {}).is_same);
}

}  // namespace
}  // namespace lethe::storage
