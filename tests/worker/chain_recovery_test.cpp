#include "worker/chain_recovery.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "tests/support/tiny_world.h"
#include "tests/worker/cell_names.h"
#include "tests/worker/recording_monitor.h"
#include "worker/commands/cell_command.h"
#include "worker/commands/verify.h"
#include "worker/edit_runner.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;
using test::RecordingMonitor;

/// A finished cell, its segments ending at edits 2, 3, 4 and 6, of which files are then lost.
class Recovery : public testing::TestWithParam<std::string> {
 protected:
  Recovery() : cell_(core::GridCell::from_name(GetParam())) {
    test::TinyWorldOptions options;
    options.methods = "[" + cell_.method + "]";
    options.extra = "keep_snapshots: newest\n";
    config_path_ = test::write_tiny_world(world_.path(), options);
    EXPECT_TRUE(run("whole"));
  }

  Workspace workspace(const std::string& out) { return {test::load_config(config_path_), world_.path() / out}; }
  bool run(const std::string& out, int stop_after_edits = -1) {
    auto work = workspace(out);
    RecordingMonitor monitor(stop_after_edits);
    return run_cell(work, cell_, monitor);
  }
  fs::path folder(const std::string& out) { return workspace(out).cell_folder(cell_); }
  ledger::CellFiles files(const std::string& out) { return ledger::scan_cell(folder(out)); }
  void copy_whole(const std::string& out) {
    fs::copy(world_.path() / "whole", world_.path() / out, fs::copy_options::recursive);
  }
  std::set<std::string> segment_names(const std::string& out) {
    std::set<std::string> names;
    for (const auto& segment : files(out).segments) names.insert(segment.file.path.filename());
    return names;
  }
  std::size_t num_quarantined(const std::string& out) {
    std::size_t count = 0;
    if (!fs::exists(folder(out) / "quarantine")) return 0;
    for (const auto& entry : fs::directory_iterator(folder(out) / "quarantine")) {
      count += entry.path().extension() == ".h5" ? 1 : 0;
    }
    return count;
  }
  std::vector<std::string> differences(const std::string& out) {
    RecordingMonitor monitor;
    return compare_sweeps(world_.path() / "whole", world_.path() / out, monitor).problems;
  }
  /// The cell as it was, made of the files that were not lost and of those that take the place of the lost ones.
  void expect_mended(const std::string& out, const std::set<std::string>& lost) {
    EXPECT_EQ(differences(out), std::vector<std::string>{}) << out;
    const auto now = segment_names(out);
    for (const auto& name : segment_names("whole")) EXPECT_EQ(now.contains(name), !lost.contains(name)) << name;
    EXPECT_TRUE(files(out).orphans.empty()) << out;
  }
  static void damage(const fs::path& path) { std::ofstream(path, std::ios::app) << "x"; }
  /// Puts other contents in the place of a segment, under a name that fits them.
  template <typename Change>
  static void change_segment(const ledger::SegmentFile& segment, const Change& change) {
    auto contents = storage::read_segment(segment.file.path);
    change(contents);
    fs::remove(segment.file.path);
    ledger::commit_file(segment.file.path.parent_path(), segment.file.stem,
                        [&](const fs::path& temporary) { storage::write_segment(temporary, contents); });
  }

  test::TemporaryFolder world_;
  core::GridCell cell_;
  fs::path config_path_;
};

TEST_P(Recovery, OneDamagedSegmentIsEditedAgainAndTheOthersStay) {
  for (std::size_t i = 0; i < 4; ++i) {
    const auto out = "damaged" + std::to_string(i);
    copy_whole(out);
    const auto victim = files(out).segments.at(i).file.path;
    damage(victim);
    ASSERT_TRUE(run(out));
    expect_mended(out, {victim.filename()});
    EXPECT_EQ(num_quarantined(out), 1U) << out;
  }
}

TEST_P(Recovery, SeveralGapsAreClosedHoweverOftenTheRunIsStopped) {
  copy_whole("gaps");
  const auto segments = files("gaps").segments;
  damage(segments[0].file.path);
  fs::remove(segments[2].file.path);
  while (!run("gaps", 1)) continue;
  // What was lost may have been cut elsewhere: 1 and 2 instead of 1-2.
  EXPECT_EQ(differences("gaps"), std::vector<std::string>{});
  const auto now = segment_names("gaps");
  EXPECT_TRUE(now.contains(segments[1].file.path.filename()));
  EXPECT_TRUE(now.contains(segments[3].file.path.filename()));
}

TEST_P(Recovery, ASegmentOfAnotherCellIsNotTakenForThisOnes) {
  copy_whole("foreign");
  const auto victim = files("foreign").segments.at(1);
  change_segment(victim, [](auto& contents) { contents.cell.sample += 1; });
  const auto foreign = files("foreign").segments.at(1).file.path.filename();
  ASSERT_TRUE(run("foreign"));
  expect_mended("foreign", {victim.file.path.filename()});
  EXPECT_TRUE(fs::exists(folder("foreign") / "quarantine" / foreign));
}

TEST_P(Recovery, ASegmentThatBeginsWithOtherWeightsDoesNotJoin) {
  copy_whole("other");
  const auto segments = files("other").segments;
  damage(segments[1].file.path);
  change_segment(segments[2], [](auto& contents) {
    contents.fingerprint_before.begin()->second = core::digest_of("the weights of another run");
  });
  ASSERT_TRUE(run("other"));
  expect_mended("other", {segments[1].file.path.filename(), segments[2].file.path.filename()});
  EXPECT_EQ(num_quarantined("other"), 2U);
}

TEST_P(Recovery, WhatTheChainHoldsAlreadyIsPutAside) {
  copy_whole("late");
  const auto all = files("late").segments;
  auto contents = storage::read_segment(all.back().file.path);
  contents.edits.pop_back();
  const auto late = ledger::commit_file(folder("late"), ledger::segment_stem(5, 5), [&](const fs::path& temporary) {
    storage::write_segment(temporary, contents);
  });
  ASSERT_EQ(files("late").orphans.size(), 1U);
  auto work = workspace("late");
  RecordingMonitor monitor;
  EXPECT_EQ(run_edits(work, {cell_, 6}, monitor).edits, 6);
  EXPECT_TRUE(fs::exists(folder("late") / "quarantine" / late.path.filename()));
  expect_mended("late", {});
}

/// Of methods that store snapshots.
class SnapshotRecovery : public Recovery {};

TEST_P(SnapshotRecovery, WithoutASoundSnapshotTheEditsAreMadeAgainAndTheirRecordsStay) {
  copy_whole("snapshot");
  const auto snapshots = files("snapshot").snapshots;
  ASSERT_FALSE(snapshots.empty());
  for (const auto& snapshot : snapshots) damage(snapshot.file.path);
  auto work = workspace("snapshot");
  RecordingMonitor monitor;
  EXPECT_EQ(run_edits(work, {cell_, 6}, monitor).edits, 6);
  expect_mended("snapshot", {});
  ASSERT_EQ(files("snapshot").snapshots.size(), 1U);
  EXPECT_EQ(files("snapshot").snapshots.front().edit, 6);
}

INSTANTIATE_TEST_SUITE_P(Cells, Recovery,
                         testing::Values("rome/tiny-gpt2/sample0", "ft-c/tiny-gptj/sample0", "mend/tiny-gpt2/sample1",
                                         "alphaedit/tiny-gpt2/sample0"),
                         kNameOfCell);
INSTANTIATE_TEST_SUITE_P(Cells, SnapshotRecovery, testing::Values("ft-c/tiny-gptj/sample0"), kNameOfCell);

}  // namespace
}  // namespace lethe::worker
