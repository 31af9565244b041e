// What stop_at_collapse does to a cell, in one process.

#include <gtest/gtest.h>

#include <fstream>

#include "core/config/cell_progress.h"
#include "core/config/schedule.h"
#include "ledger/cell_identities.h"
#include "ledger/collapse_file.h"
#include "ledger/durable_file.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/cell_names.h"
#include "tests/worker/recording_monitor.h"
#include "worker/commands/cell_command.h"
#include "worker/commands/verify.h"
#include "worker/task_runner.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;
using test::RecordingMonitor;

constexpr std::int64_t kEdits = 12;

/// Each record of a model with random weights costs more than a nat, so that the sum is at 4 after edit 4.
constexpr core::CollapseRule kAtEditFour{.share_of_uniform = 0.0, .most_nats = 1.0, .alarm_nats = 4.0};

class Collapse : public testing::TestWithParam<std::string> {
 protected:
  Collapse() : cell_(core::GridCell::from_name(GetParam())) {
    test::TinyWorldOptions options;
    options.edits = kEdits;
    options.methods = "[" + cell_.method + "]";
    options.models = "[" + cell_.model + "]";
    options.samples = "[0]";
    options.batch_size = cell_.method == "memit" ? 2 : 1;
    options.tasks_every = 4;  // between steps
    config_path_ = test::write_tiny_world(world_.path(), options);
  }

  [[nodiscard]] bool is_batched() const { return cell_.method == "memit"; }
  Workspace workspace(const std::string& out, std::optional<int> stop_at_collapse) {
    auto config = test::load_config(config_path_);
    config.stop_at_collapse = stop_at_collapse;
    Workspace work(config, world_.path() / out);
    work.set_collapse_rule(kAtEditFour);
    return work;
  }
  /// True if the cell came to its end.
  bool run(const std::string& out, std::optional<int> stop_at_collapse, int stop_after_steps = -1) {
    auto work = workspace(out, stop_at_collapse);
    RecordingMonitor monitor(stop_after_steps);
    return run_cell(work, cell_, monitor);
  }
  ledger::CellFiles files(const std::string& out) {
    auto work = workspace(out, std::nullopt);
    return ledger::scan_cell(work.cell_folder(cell_));
  }
  core::CellProgress progress(const std::string& out, std::optional<int> stop_at_collapse) {
    auto work = workspace(out, stop_at_collapse);
    const auto& facts = work.facts().cell(cell_);
    const auto ledger =
        ledger::read_cell_ledger(work.folder(), cell_, {facts.edit_identity, facts.reduction_identities});
    return core::progress_of(work.config(), cell_, ledger);
  }
  void expect_equal(const std::string& left, const std::string& right) {
    RecordingMonitor monitor;
    const auto result = compare_sweeps(world_.path() / left, world_.path() / right, monitor);
    EXPECT_TRUE(result.problems.empty()) << testing::PrintToString(result.problems);
  }
  void expect_one_collapse(const std::string& out, std::int64_t edit) {
    const auto collapses = files(out).collapses;
    ASSERT_EQ(collapses.size(), 1U) << out;
    EXPECT_EQ(collapses.front().edit, edit);
    EXPECT_EQ(ledger::flaw_of(collapses.front()), std::nullopt);
  }
  fs::path put(const std::string& out, std::int64_t edit, const std::string& text) {
    auto work = workspace(out, std::nullopt);
    return work
        .commit_file(
            work.cell_folder(cell_), ledger::collapse_stem(edit),
            [&](const auto& temporary) { ledger::write_new_file(temporary, text); }, ".json")
        .path;
  }
  static void expect_put_aside(const fs::path& file, const std::string& word) {
    const auto aside = file.parent_path() / "quarantine" / file.filename();
    EXPECT_TRUE(fs::exists(aside)) << aside;
    EXPECT_NE(test::read_text(aside.string() + ".reason.txt").find(word), std::string::npos)
        << test::read_text(aside.string() + ".reason.txt");
  }

  test::TemporaryFolder world_;
  core::GridCell cell_;
  fs::path config_path_;
};

TEST_P(Collapse, EndsTheCellSoManyEditsAfterItAndEvaluatesTheLast) {
  ASSERT_TRUE(run("a", 3));
  const auto end = is_batched() ? 8 : 7;  // of a step
  EXPECT_EQ(files("a").num_edits(), end);
  expect_one_collapse("a", 4);
  const auto reached = progress("a", 3);
  EXPECT_TRUE(reached.is_complete());
  EXPECT_EQ(reached.edits, end);
  EXPECT_EQ(reached.edits_asked, kEdits);
  EXPECT_EQ(reached.collapsed_at, 4);
  auto work = workspace("a", 3);
  for (const auto part : core::parts_due(work.config(), cell_, end, 4)) {
    EXPECT_TRUE(files("a").has_reduction(part, end, work.facts().cell(cell_).reduction_identities.at(part)));
  }
  RecordingMonitor monitor;
  EXPECT_TRUE(run_cell(work, cell_, monitor));
  EXPECT_TRUE(monitor.files.empty()) << "a second run does nothing";
}

TEST_P(Collapse, InterruptedAtEveryEditItEndsAtTheSameWithTheSameBits) {
  ASSERT_TRUE(run("whole", 3));
  for (int stop = 0; stop < (is_batched() ? 4 : 7); ++stop) {
    const auto out = "stopped" + std::to_string(stop);
    EXPECT_FALSE(run(out, 3, stop));
    EXPECT_TRUE(run(out, 3));
    expect_equal("whole", out);
    EXPECT_EQ(files(out).num_edits(), files("whole").num_edits());
    EXPECT_EQ(files(out).collapses.front().file.path.filename(), files("whole").collapses.front().file.path.filename());
  }
}

TEST_P(Collapse, ALargerDistanceAndNoneGoOnWithTheBitsOfAnUndisturbedRun) {
  ASSERT_TRUE(run("undisturbed", std::nullopt));
  EXPECT_TRUE(files("undisturbed").collapses.empty()) << "nobody asked";
  ASSERT_TRUE(run("larger", 5));
  ASSERT_TRUE(run("a", 1));
  ASSERT_TRUE(run("a", 5));
  EXPECT_EQ(files("a").num_edits(), files("larger").num_edits());
  EXPECT_TRUE(progress("a", 5).is_complete());
  expect_one_collapse("a", 4);
  ASSERT_TRUE(run("a", std::nullopt));
  EXPECT_EQ(files("a").num_edits(), kEdits);
  EXPECT_TRUE(progress("a", std::nullopt).is_complete());
  RecordingMonitor monitor;
  auto work = workspace("a", std::nullopt);
  const auto verified = verify_sweep(work, Thoroughness::kAll, monitor);
  EXPECT_TRUE(verified.problems.empty()) << testing::PrintToString(verified.problems);
  for (const auto& segment : files("undisturbed").segments) EXPECT_LE(segment.last_edit, kEdits);
  const auto last = [&](const std::string& out) {
    const auto file = files(out).segments.back().file;
    return storage::read_segment(file.path).fingerprint_after;
  };
  EXPECT_EQ(last("a"), last("undisturbed"));
}

TEST_P(Collapse, ACellThatIsBeyondItsEndTakesTheEditsUpToIt) {
  ASSERT_TRUE(run("a", std::nullopt));
  EXPECT_FALSE(progress("a", 1).collapsed_at) << "nobody has looked";
  ASSERT_TRUE(run("a", 1));
  const auto reached = progress("a", 1);
  EXPECT_EQ(reached.edits, is_batched() ? 6 : 5);
  EXPECT_TRUE(reached.is_complete());
  EXPECT_EQ(files("a").num_edits(), kEdits) << "nothing is removed";
  expect_one_collapse("a", 4);
}

TEST_P(Collapse, ATaskIsDoneWhereTheCellEnds) {
  auto work = workspace("a", 0);
  RecordingMonitor monitor;
  ASSERT_FALSE(run("a", 0, 1)) << "needs are there, and an edit";
  TaskRunner runner(work);
  const auto result = runner.run(core::EditTask{cell_, kEdits}, monitor);
  EXPECT_TRUE(result.is_complete);
  EXPECT_EQ(result.edits, 4);
}

TEST_P(Collapse, ForgedAndDamagedFilesArePutAsideWithAWord) {
  ASSERT_FALSE(run("a", 3, is_batched() ? 1 : 2));
  const auto early = put("a", 1, ledger::collapse_text(1));
  const auto late = put("a", 9, ledger::collapse_text(9));
  const auto forged = put("a", 4, ledger::collapse_text(5));
  ASSERT_TRUE(run("a", 3));
  expect_put_aside(early, "tell of no collapse");
  expect_put_aside(late, "tell of a collapse at edit 4");
  expect_put_aside(forged, "is not what version 1 of the rule says of a collapse at edit 4");
  expect_one_collapse("a", 4);
  const auto sound = files("a").collapses.front().file.path;
  std::ofstream(sound, std::ios::app) << ' ';
  ASSERT_TRUE(run("a", 5));
  expect_put_aside(sound, "digest");
  expect_one_collapse("a", 4);
}

TEST_P(Collapse, AConfigWithoutTheSettingPassesTheFileOver) {
  ASSERT_FALSE(run("a", std::nullopt, 2));
  const auto forged = put("a", 1, "none of lethe's");
  ASSERT_TRUE(run("a", std::nullopt));
  EXPECT_EQ(files("a").num_edits(), kEdits);
  EXPECT_TRUE(fs::exists(forged));
  EXPECT_TRUE(progress("a", std::nullopt).is_complete());
}

TEST_P(Collapse, LostSegmentsAreMadeAgainUpToTheSameEnd) {
  ASSERT_TRUE(run("whole", 3));
  ASSERT_TRUE(run("a", 3));
  for (const auto& segment : files("a").segments) {
    if (segment.last_edit > 2) fs::remove(segment.file.path);
  }
  EXPECT_FALSE(progress("a", 3).is_complete());
  ASSERT_TRUE(run("a", 3));
  expect_one_collapse("a", 4);
  EXPECT_EQ(files("a").num_edits(), files("whole").num_edits());
  expect_equal("whole", "a");
}

TEST_P(Collapse, VerifyHoldsTheFileAgainstTheRecords) {
  ASSERT_TRUE(run("a", 3));
  const auto verify = [&] {
    auto work = workspace("a", 3);
    RecordingMonitor monitor;
    return verify_sweep(work, Thoroughness::kAll, monitor);
  };
  auto result = verify();
  EXPECT_TRUE(result.problems.empty()) << testing::PrintToString(result.problems);
  const auto is_told = [](const std::vector<std::string>& lines, const std::string& text) {
    return std::ranges::any_of(lines, [&](const auto& line) { return line.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(is_told(result.remarks, "because it had collapsed at edit 4")) << testing::PrintToString(result.remarks);
  put("a", 3, ledger::collapse_text(3));
  put("a", 6, ledger::collapse_text(7));
  result = verify();
  EXPECT_TRUE(is_told(result.problems, "the records tell of a collapse at edit 4"))
      << testing::PrintToString(result.problems);
  EXPECT_TRUE(is_told(result.problems, "is not what version 1 of the rule says of a collapse at edit 6"))
      << testing::PrintToString(result.problems);
}

INSTANTIATE_TEST_SUITE_P(Methods, Collapse,
                         testing::Values("rome/tiny-gpt2/sample0", "ft-c/tiny-gpt2/sample0", "memit/tiny-gpt2/sample0"),
                         kNameOfCell);

}  // namespace
}  // namespace lethe::worker
