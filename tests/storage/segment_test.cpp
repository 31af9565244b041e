#include "storage/segment.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "core/error.h"
#include "storage/comparison.h"
#include "tests/storage/sample_contents.h"

namespace lethe::storage {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(Segment, ComesBackAsWritten) {
  const TemporaryFolder folder;
  const SegmentContents written = sample::segment(1, 9);
  write_segment(folder / "a.tmp", written);
  const SegmentContents read = read_segment(folder / "a.tmp");
  EXPECT_EQ(read.cell, written.cell);
  EXPECT_EQ(read.edit_identity, written.edit_identity);
  EXPECT_EQ(read.contexts, written.contexts);
  EXPECT_EQ(read.fingerprint_before, written.fingerprint_before);
  EXPECT_EQ(read.fingerprint_after, written.fingerprint_after);
  EXPECT_EQ(read.provenance, written.provenance);
  ASSERT_EQ(read.edits.size(), written.edits.size());
  for (std::size_t i = 0; i < read.edits.size(); ++i) {
    const core::MetricRecord& record = read.edits[i].record;
    const core::MetricRecord& expected = written.edits[i].record;
    EXPECT_EQ(record.edit, expected.edit);
    EXPECT_EQ(record.case_id, expected.case_id);
    EXPECT_EQ(record.status, expected.status);
    EXPECT_EQ(record.losses, expected.losses);
    EXPECT_EQ(record.scores, expected.scores);
    EXPECT_EQ(record.seconds_edit, expected.seconds_edit);
    EXPECT_EQ(record.seconds_score, expected.seconds_score);
    EXPECT_EQ(read.edits[i].deltas, written.edits[i].deltas);
  }
}

TEST(Segment, KeepsADiagnosticThatIsNanApartFromOneThatIsAbsent) {
  const TemporaryFolder folder;
  write_segment(folder / "a.tmp", sample::segment(1, 4));
  const SegmentContents read = read_segment(folder / "a.tmp");
  EXPECT_FALSE(read.edits[0].record.diagnostics.contains("residual_norm"));
  ASSERT_TRUE(read.edits[2].record.diagnostics.contains("residual_norm"));
  EXPECT_TRUE(std::isnan(read.edits[2].record.diagnostics.at("residual_norm")));
}

TEST(Segment, LeavesDeltasOutOnRequest) {
  const TemporaryFolder folder;
  write_segment(folder / "a.tmp", sample::segment(1, 4));
  const SegmentContents read = read_segment(folder / "a.tmp", SegmentParts::kWithoutDeltas);
  ASSERT_EQ(read.edits.size(), 4U);
  EXPECT_TRUE(read.edits[0].deltas.empty());
  EXPECT_EQ(read.edits[3].record.scores, sample::edit(4).record.scores);
}

TEST(Segment, OfAVersionThatKeptNoTokensIsRead) {
  const TemporaryFolder folder;
  const SegmentContents contents = sample::without_tokens(sample::segment(1, 2));
  write_segment(folder / "a.tmp", contents);
  const SegmentContents read = read_segment(folder / "a.tmp");
  EXPECT_EQ(read.edits[1].record.scores, contents.edits[1].record.scores);
}

TEST(Segment, WritesTheSameBytesForTheSameContents) {
  const TemporaryFolder folder;
  write_segment(folder / "a.tmp", sample::segment(3, 8));
  write_segment(folder / "b.tmp", sample::segment(3, 8));
  EXPECT_EQ(bytes_of(folder / "a.tmp"), bytes_of(folder / "b.tmp"));
}

TEST(Segment, CanHoldEditsOfADenseMethodOnly) {
  const TemporaryFolder folder;
  SegmentContents contents = sample::segment(11, 12);
  for (StoredEdit& edit : contents.edits) edit.deltas.clear();
  for (StoredEdit& edit : contents.edits) edit.record.diagnostics.clear();
  for (StoredEdit& edit : contents.edits) edit.record.scores.clear();
  write_segment(folder / "a.tmp", contents);
  const SegmentContents read = read_segment(folder / "a.tmp");
  EXPECT_TRUE(read.edits[0].deltas.empty());
  EXPECT_TRUE(read.contexts.empty());
}

TEST(Segment, RefusesWhatCannotBeReplayed) {
  const TemporaryFolder folder;
  SegmentContents gap = sample::segment(1, 4);
  gap.edits.erase(gap.edits.begin() + 1);
  EXPECT_THAT([&] { write_segment(folder / "a.tmp", gap); },
              ThrowsMessage<core::StorageError>(HasSubstr("consecutive")));

  SegmentContents empty = sample::segment(1, 4);
  empty.edits.clear();
  EXPECT_THROW(write_segment(folder / "a.tmp", empty), core::StorageError);

  SegmentContents twice = sample::segment(1, 2);
  twice.edits[1].deltas.push_back(twice.edits[1].deltas.front());
  EXPECT_THAT([&] { write_segment(folder / "a.tmp", twice); },
              ThrowsMessage<core::StorageError>(HasSubstr("edit 2 updates it twice")));

  SegmentContents rank = sample::segment(1, 2);
  rank.edits[0].deltas[0].right = sample::matrix(4, 2, 0.0F);
  EXPECT_THAT([&] { write_segment(folder / "a.tmp", rank); }, ThrowsMessage<core::StorageError>(HasSubstr("rank")));

  SegmentContents shape = sample::segment(1, 2);
  shape.edits[1].deltas[0].left = sample::matrix(7, 1, 0.0F);
  EXPECT_THAT([&] { write_segment(folder / "a.tmp", shape); },
              ThrowsMessage<core::StorageError>(HasSubstr("/deltas/h.1.weight")));

  SegmentContents unfilled = sample::segment(1, 2);
  unfilled.edits[1].deltas[0].left.values.pop_back();
  EXPECT_THROW(write_segment(folder / "a.tmp", unfilled), core::StorageError);

  SegmentContents slash = sample::segment(1, 2);
  slash.edits[0].record.diagnostics["a/b"] = 1.0;
  EXPECT_THAT([&] { write_segment(folder / "a.tmp", slash); }, ThrowsMessage<core::StorageError>(HasSubstr("'a/b'")));

  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "a failed write leaves no file";
}

TEST(Segment, NeverOverwritesAFile) {
  const TemporaryFolder folder;
  write_segment(folder / "a.tmp", sample::segment(1, 2));
  const std::string before = bytes_of(folder / "a.tmp");
  EXPECT_THROW(write_segment(folder / "a.tmp", sample::segment(1, 3)), core::StorageError);
  EXPECT_EQ(bytes_of(folder / "a.tmp"), before);
}

TEST(Segment, FailsQuietlyWithoutAFolder) {
  testing::internal::CaptureStderr();
  EXPECT_THROW(write_segment("/nonexistent/folder/a.tmp", sample::segment(1, 2)), core::StorageError);
  EXPECT_THROW((void)read_segment("/nonexistent/folder/a.tmp"), core::StorageError);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::Not(HasSubstr("HDF5-DIAG")));
}

/// Runs `write_segment` in a child whose files may not grow beyond `limit_bytes`, like a disk that fills up.
/// Returns its exit status: 0 written, 3 refused with `StorageError` and no file left.
int write_with_file_limit(const std::filesystem::path& path, rlim_t limit_bytes) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{limit_bytes, limit_bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_segment(path, sample::segment(1, 9));
    } catch (const core::StorageError&) {
      std::exit(std::filesystem::exists(path) ? 4 : 3);
    }
    std::exit(0);  // by way of HDF5's own clean-up
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

TEST(Segment, AFullDiskIsAnErrorWhereverItStrikes) {
  const TemporaryFolder folder;
  write_segment(folder / "whole.tmp", sample::segment(1, 9));
  const auto size = std::filesystem::file_size(folder / "whole.tmp");
  for (const double fraction : {0.0, 0.01, 0.3, 0.6, 0.9, 0.999}) {
    const auto limit = static_cast<rlim_t>(fraction * static_cast<double>(size));
    EXPECT_EQ(write_with_file_limit(folder / "limited.tmp", limit), 3) << "limit " << limit << " of " << size;
  }
  EXPECT_EQ(write_with_file_limit(folder / "limited.tmp", size), 0);
}

}  // namespace
}  // namespace lethe::storage
