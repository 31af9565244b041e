#include <gtest/gtest.h>

#include <fstream>

#include "core/config/schedule.h"
#include "core/error.h"
#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/cell_names.h"
#include "tests/worker/recording_monitor.h"
#include "worker/cell_replay.h"
#include "worker/commands/cell_command.h"
#include "worker/commands/export_model.h"
#include "worker/commands/verify.h"
#include "worker/edit_runner.h"
#include "worker/host_copies.h"
#include "worker/reduction_runner.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;
using test::RecordingMonitor;

class CellRun : public testing::TestWithParam<std::string> {
 protected:
  CellRun() : cell_(core::GridCell::from_name(GetParam())) {
    options_.methods = "[" + cell_.method + "]";
    if (options_.models.find(cell_.model) == std::string::npos) options_.models = "[" + cell_.model + "]";
    config_path_ = test::write_tiny_world(world_.path(), options_);
  }

  Workspace workspace(const std::string& out) { return {test::load_config(config_path_), world_.path() / out}; }
  /// Runs the cell; true if it came to its end.
  bool run(const std::string& out, int stop_after_edits = -1) {
    auto work = workspace(out);
    RecordingMonitor monitor(stop_after_edits);
    return run_cell(work, cell_, monitor);
  }
  std::string first_problem(const std::string& left, const std::string& right) {
    RecordingMonitor monitor;
    const auto result = compare_sweeps(world_.path() / left, world_.path() / right, monitor);
    return result.problems.empty() ? "" : result.problems.front();
  }
  ledger::CellFiles files(const std::string& out) {
    auto work = workspace(out);
    return ledger::scan_cell(work.cell_folder(cell_));
  }
  void expect_resumed_equals_uninterrupted(int num_edits) {
    ASSERT_TRUE(run("whole"));
    for (int stop = 0; stop < num_edits; ++stop) {
      const auto out = "stopped" + std::to_string(stop);
      EXPECT_FALSE(run(out, stop));
      EXPECT_TRUE(run(out));
      EXPECT_EQ(first_problem("whole", out), "") << "stopped after " << stop;
    }
  }
  /// Of the cell in `out`, replayed edit by edit and from the start.
  void expect_replays_agree(const std::string& out, std::int64_t num_edits) {
    auto work = workspace(out);
    const auto loaded = work.model(cell_.model);
    CellReplay stepwise(work, cell_, loaded);
    for (std::int64_t edits = 0; edits <= num_edits; ++edits) {
      stepwise.move_to(edits);
      CellReplay direct(work, cell_, loaded);
      direct.move_to(edits);
      const auto names = stepwise.network().edited_parameters();
      EXPECT_EQ(names.empty(), edits == 0);
      EXPECT_EQ(fingerprint(stepwise.network(), names), fingerprint(direct.network(), names)) << edits;
    }
    stepwise.move_to(2);  // backwards too
    EXPECT_EQ(stepwise.edits(), 2);
    EXPECT_THROW(stepwise.move_to(num_edits + 1), core::StorageError);
  }
  void expect_export_is_the_model(const std::string& out, std::int64_t edits) {
    auto work = workspace(out);
    const auto network = network_at(work, cell_, edits);
    const auto target = world_.path() / "exported";
    export_model(network, work.config().model(cell_.model).path, target);
    const model::Network back(model::load_weights(target, test::test_device()));
    for (const auto& [name, value] : network.base()->all_held()) {
      EXPECT_TRUE(torch::equal(back.parameter(name), network.parameter(name))) << name;
    }
    EXPECT_THROW(export_model(network, work.config().model(cell_.model).path, target), core::StorageError);
  }
  static void flip_a_byte(const fs::path& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(200);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(200);
    file.put(byte);
  }

  test::TemporaryFolder world_;
  test::TinyWorldOptions options_;
  core::GridCell cell_;
  fs::path config_path_;
};

TEST_P(CellRun, CommitsSegmentsAtCheckpointsAndEveryDueReduction) {
  ASSERT_TRUE(run("a"));
  const auto all = files("a");
  ASSERT_EQ(all.segments.size(), 4U);  // 2, 3, 4 and 6: checkpoints, and edit 3 where tasks are due
  EXPECT_EQ(all.num_edits(), 6);
  auto work = workspace("a");
  const auto& facts = work.facts().cell(cell_);
  for (const std::int64_t edits : {2, 3, 4, 6}) {
    for (const auto part : core::parts_due(work.config(), cell_, edits)) {
      EXPECT_TRUE(all.has_reduction(part, edits, facts.reduction_identities.at(part)));
    }
  }
}

TEST_P(CellRun, ResumedAtEveryEditEqualsAnUninterruptedRun) { expect_resumed_equals_uninterrupted(6); }

TEST_P(CellRun, ASecondRunDoesNothing) {
  ASSERT_TRUE(run("a"));
  auto work = workspace("a");
  RecordingMonitor monitor;
  EXPECT_TRUE(run_cell(work, cell_, monitor));
  EXPECT_TRUE(monitor.files.empty());
}

TEST_P(CellRun, ADamagedNewestSegmentIsQuarantinedAndEditedAgain) {
  ASSERT_TRUE(run("whole"));
  EXPECT_FALSE(run("damaged", 4));
  const auto newest = files("damaged").segments.back().file.path;
  flip_a_byte(newest);
  EXPECT_TRUE(run("damaged"));
  EXPECT_TRUE(fs::exists(newest.parent_path() / "quarantine" / newest.filename()));
  EXPECT_EQ(first_problem("whole", "damaged"), "");
}

TEST_P(CellRun, ReplayReachesTheSameStateFromAnywhere) {
  ASSERT_TRUE(run("a"));
  expect_replays_agree("a", 6);
}

/// Puts other contents in the place of a segment; its name tells their digest.
template <typename Change>
void change_segment(const ledger::SegmentFile& segment, const Change& change) {
  auto contents = storage::read_segment(segment.file.path);
  change(contents);
  fs::remove(segment.file.path);
  ledger::commit_file(segment.file.path.parent_path(), segment.file.stem,
                      [&](const fs::path& temporary) { storage::write_segment(temporary, contents); });
}

void forge_fingerprint(storage::SegmentContents& segment) {
  segment.fingerprint_after.begin()->second = core::digest_of("another model's bytes");
}

TEST_P(CellRun, AReplayThatFailsItsCheckStaysWhereItWasAndChecksAgain) {
  ASSERT_TRUE(run("a"));
  auto work = workspace("a");
  CellReplay replay(work, cell_, work.model(cell_.model));
  replay.move_to(2);
  const auto names = replay.network().edited_parameters();
  const auto before = fingerprint(replay.network(), names);
  change_segment(files("a").segments[2], forge_fingerprint);  // edit 4
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_THROW(replay.move_to(4), core::StorageError) << "attempt " << attempt;
    EXPECT_EQ(replay.edits(), 2);
    EXPECT_EQ(fingerprint(replay.network(), names), before);
  }
  EXPECT_NO_THROW(replay.move_to(3));
}

TEST_P(CellRun, AReplayThatBreaksOffBetweenTwoUpdatesGoesOnFromWhereItWas) {
  ASSERT_TRUE(run("a"));
  fs::copy(world_.path() / "a", world_.path() / "b", fs::copy_options::recursive);
  auto sound = workspace("a");
  auto broken = workspace("b");
  // The last of the updates of edits 5 and 6, or of the parameters in the snapshot after edit 6, cannot be applied.
  const auto all = files("b");
  if (broken.config().method_of(cell_)->stores_snapshots()) {
    const auto& file = all.snapshots.back().file;
    auto snapshot = storage::read_snapshot(file.path);
    ASSERT_EQ(snapshot.parameters.size(), cell_.model == "tiny-llama" ? 1U : 2U) << "the weight, and the bias if any";
    auto last = snapshot.parameters.extract(std::prev(snapshot.parameters.end()));
    last.key() = "unknown.weight";
    snapshot.parameters.insert(std::move(last));
    fs::remove(file.path);
    ledger::commit_file(file.path.parent_path(), file.stem,
                        [&](const fs::path& temporary) { storage::write_snapshot(temporary, snapshot); });
  } else {
    change_segment(all.segments.back(), [](storage::SegmentContents& segment) {
      ASSERT_EQ(segment.edits.size(), 2U);
      segment.edits.back().deltas.back().parameter = "unknown.weight";
    });
  }
  CellReplay replay(broken, cell_, broken.model(cell_.model));
  replay.move_to(4);
  EXPECT_ANY_THROW(replay.move_to(6));
  EXPECT_EQ(replay.edits(), 4);

  const auto folder = broken.cell_folder(cell_);
  fs::remove_all(folder);
  fs::copy(sound.cell_folder(cell_), folder);
  EXPECT_NO_THROW(replay.move_to(6));  // checked against the last segment's fingerprint
  EXPECT_EQ(replay.edits(), 6);
}

TEST_P(CellRun, AModelThatFailsItsCheckIsNotEvaluatedAtTheSecondTryEither) {
  ASSERT_TRUE(run("a"));
  const auto all = files("a");
  for (const auto& reduction : all.reductions) {
    if (reduction.edits == 6) fs::remove(reduction.file.path);
  }
  change_segment(all.segments.back(), forge_fingerprint);
  auto work = workspace("a");
  ReductionRunner runner(work);
  RecordingMonitor monitor;
  for (int attempt = 1; attempt <= 2; ++attempt) {
    EXPECT_THROW(runner.run({cell_, 6, {core::ReductionPart::kForgetting}}, monitor), core::StorageError)
        << "attempt " << attempt;
  }
  EXPECT_TRUE(monitor.files.empty());
}

TEST_P(CellRun, VerifyAcceptsSoundFilesAndNamesDamagedOnes) {
  ASSERT_TRUE(run("a"));
  auto work = workspace("a");
  RecordingMonitor monitor;
  EXPECT_TRUE(verify_sweep(work, Thoroughness::kAll, monitor).problems.empty());
  const auto victim = files("a").segments[1].file.path;
  flip_a_byte(victim);
  const auto result = verify_sweep(work, Thoroughness::kAll, monitor);
  ASSERT_FALSE(result.problems.empty());
  EXPECT_NE(result.problems.front().find(victim.filename().string()), std::string::npos);
}

TEST_P(CellRun, AFullSegmentIsCommittedBeforeItsCheckpoint) {
  ASSERT_TRUE(run("whole"));
  ::setenv("LETHE_SEGMENT_BYTES", "1", 1);
  const bool has_ended = run("cut");
  ::unsetenv("LETHE_SEGMENT_BYTES");
  ASSERT_TRUE(has_ended);
  EXPECT_EQ(files("cut").segments.size(), 6U);  // each edit fills one
  EXPECT_LT(files("whole").segments.size(), 6U);
  EXPECT_EQ(first_problem("whole", "cut"), "");
}

TEST_P(CellRun, OtherSettingsInTheSameFolderAreRefused) {
  ASSERT_TRUE(run("a"));
  auto config = test::load_config(config_path_);
  config.seed += 1;
  Workspace other(config, world_.path() / "a");
  RecordingMonitor monitor;
  EXPECT_THROW(run_cell(other, cell_, monitor), core::ConfigError);
}

TEST_P(CellRun, MoreEditsContinueAndDifferentResultsAreTold) {
  ASSERT_TRUE(run("short"));
  options_.edits = 8;
  config_path_ = test::write_tiny_world(world_.path(), options_);
  EXPECT_NE(first_problem("short", "short"), "never") << "a sweep equals itself";
  ASSERT_TRUE(run("short"));
  EXPECT_EQ(files("short").num_edits(), 8);
  ASSERT_TRUE(run("long"));
  EXPECT_EQ(files("long").num_edits(), 8);
  fs::remove(files("long").segments.back().file.path);
  EXPECT_NE(first_problem("short", "long"), "");
}

TEST_P(CellRun, ExportedFolderIsTheEditedModel) {
  ASSERT_TRUE(run("a"));
  expect_export_is_the_model("a", 5);
}

INSTANTIATE_TEST_SUITE_P(Cells, CellRun,
                         testing::Values("rome/tiny-gpt2/sample0", "r-rome/tiny-gptj/sample1",
                                         "memit/tiny-gpt2/sample0", "ft-c/tiny-gpt2/sample1", "ft-c/tiny-gptj/sample0",
                                         "mend/tiny-gpt2/sample1", "mend/tiny-gptj/sample0",
                                         "alphaedit/tiny-gpt2/sample0", "alphaedit/tiny-gptj/sample1",
                                         "memit-seq/tiny-gptj/sample0", "rome/tiny-llama/sample0",
                                         "ft-c/tiny-llama/sample1", "mend/tiny-llama/sample0",
                                         "alphaedit/tiny-llama/sample1", "memit/tiny-llama/sample0"),
                         kNameOfCell);

/// Types that share a block with one above: a network of their own, whatever edits it. Three edits show the rest.
class CellOfKindredType : public CellRun {
 protected:
  CellOfKindredType() {
    options_.edits = 3;
    config_path_ = test::write_tiny_world(world_.path(), options_);
  }
};

TEST_P(CellOfKindredType, ResumedAtEveryEditEqualsAnUninterruptedRun) { expect_resumed_equals_uninterrupted(3); }

TEST_P(CellOfKindredType, IsVerifiedReplayedAndExported) {
  ASSERT_TRUE(run("a"));
  auto work = workspace("a");
  RecordingMonitor monitor;
  EXPECT_TRUE(verify_sweep(work, Thoroughness::kAll, monitor).problems.empty());
  expect_replays_agree("a", 3);
  expect_export_is_the_model("a", 3);
}

INSTANTIATE_TEST_SUITE_P(Cells, CellOfKindredType,
                         testing::Values("rome/tiny-mistral/sample0", "memit/tiny-qwen2/sample1",
                                         "mend/tiny-qwen2/sample0", "alphaedit/tiny-qwen3/sample1"),
                         kNameOfCell);

/// Steps of four facts, the last one of two.
class BatchedCellRun : public CellRun {
 protected:
  BatchedCellRun() {
    options_.batch_size = 4;
    options_.edits = 10;
    options_.checkpoint_every = 4;
    options_.forgetting_every = 8;
    options_.tasks_every = 8;
    config_path_ = test::write_tiny_world(world_.path(), options_);
  }
};

TEST_P(BatchedCellRun, RecordsEveryFactAndStoresEveryStepOnce) {
  ASSERT_TRUE(run("a"));
  const auto all = files("a");
  ASSERT_EQ(all.segments.size(), 3U);
  const bool is_dense = cell_.method == "ft-c";
  for (const auto& segment : all.segments) {
    const auto contents = storage::read_segment(segment.file.path);
    const auto num_facts = static_cast<std::int64_t>(contents.edits.size());
    EXPECT_EQ(num_facts, segment.last_edit == 10 ? 2 : 4);
    for (const auto& edit : contents.edits) {
      const bool is_last = &edit == &contents.edits.back();
      EXPECT_EQ(edit.record.scores.size(), 6U);
      EXPECT_FALSE(edit.record.losses.empty());
      EXPECT_TRUE(edit.record.diagnostics.contains("delta_norm"));
      EXPECT_EQ(edit.deltas.size(), is_last && !is_dense ? 2U : 0U);
      for (const auto& delta : edit.deltas) EXPECT_EQ(delta.left.shape[1], num_facts);
    }
  }
}

TEST_P(BatchedCellRun, ResumedAfterEveryStepEqualsAnUninterruptedRun) {
  ASSERT_TRUE(run("whole"));
  for (const int stop : {0, 1, 2}) {  // steps
    const auto out = "stopped" + std::to_string(stop);
    EXPECT_FALSE(run(out, stop));
    EXPECT_EQ(files(out).num_edits() % 4, 0) << "stops between steps";
    EXPECT_TRUE(run(out));
    EXPECT_EQ(first_problem("whole", out), "") << "stopped after " << stop;
  }
}

TEST_P(BatchedCellRun, HasModelsBetweenStepsOnly) {
  ASSERT_TRUE(run("a"));
  auto work = workspace("a");
  RecordingMonitor monitor;
  EXPECT_TRUE(verify_sweep(work, Thoroughness::kAll, monitor).problems.empty());
  CellReplay replay(work, cell_, work.model(cell_.model));
  for (const std::int64_t edits : {4, 8, 10, 4}) EXPECT_NO_THROW(replay.move_to(edits));
  for (const std::int64_t edits : {1, 5, 9}) EXPECT_THROW(replay.move_to(edits), core::DataError);
}

INSTANTIATE_TEST_SUITE_P(Cells, BatchedCellRun,
                         testing::Values("memit/tiny-gptj/sample1", "alphaedit/tiny-gpt2/sample1",
                                         "memit-seq/tiny-gptj/sample0", "ft-c/tiny-gpt2/sample1"),
                         kNameOfCell);

/// Its files hold one segment of eight edits, two a step, of which the config then asks for four.
class ShrunkCellRun : public CellRun {
 protected:
  ShrunkCellRun() {
    options_.batch_size = 2;
    options_.checkpoint_every = options_.forgetting_every = options_.tasks_every = 8;
    ask_for(8);
  }
  void ask_for(int edits) {
    options_.edits = edits;
    config_path_ = test::write_tiny_world(world_.path(), options_);
  }
  std::map<std::string, core::Digest> state_at(const std::string& out, std::int64_t edits) {
    auto work = workspace(out);
    CellReplay replay(work, cell_, work.model(cell_.model));
    replay.move_to(edits);
    return fingerprint(replay.network(), replay.network().edited_parameters());
  }
};

TEST_P(ShrunkCellRun, HasTheModelsOfAFreshOneAndThoseBeyond) {
  ASSERT_TRUE(run("all"));
  const auto sixth = state_at("all", 6);
  ask_for(4);
  ASSERT_TRUE(run("fresh"));
  ASSERT_TRUE(run("all")) << "what is due at edit 4 is measured inside the segment";
  EXPECT_EQ(state_at("all", 4), state_at("fresh", 4));
  EXPECT_EQ(state_at("all", 2), state_at("fresh", 2));
  EXPECT_EQ(state_at("all", 6), sixth);
  auto work = workspace("all");
  RecordingMonitor monitor;
  EXPECT_TRUE(verify_sweep(work, Thoroughness::kAll, monitor).problems.empty());
}

INSTANTIATE_TEST_SUITE_P(Cells, ShrunkCellRun,
                         testing::Values("ft-c/tiny-gpt2/sample0", "ft-c/tiny-llama/sample1", "memit/tiny-gptj/sample0",
                                         "memit-seq/tiny-gpt2/sample1", "mend/tiny-gptj/sample1"),
                         kNameOfCell);

TEST(Snapshots, EditsBehindTheNearestOneAreMadeAgain) {
  test::TemporaryFolder world;
  test::TinyWorldOptions options;
  options.extra = "keep_snapshots: all\n";
  const auto config = test::load_config(test::write_tiny_world(world.path(), options));
  const auto cell = core::GridCell::from_name("ft-c/tiny-gpt2/sample0");
  RecordingMonitor monitor;
  Workspace all(test::load_config(config.source), world.path() / "pruned");
  ASSERT_TRUE(run_cell(all, cell, monitor));
  const auto folder = all.cell_folder(cell);
  for (const auto& snapshot : ledger::scan_cell(folder).snapshots) {
    if (snapshot.edit != 6 && snapshot.edit != 2) fs::remove(snapshot.file.path);
  }
  CellReplay replay(all, cell, all.model(cell.model));
  EXPECT_NO_THROW(replay.move_to(4));  // from snapshot 2, edits 3 and 4 again; checked against segment 4's fingerprint
}

TEST(Snapshots, ThatAnEvaluationWasTheLastToNeedAreRemoved) {
  test::TemporaryFolder world;
  test::TinyWorldOptions options;
  options.extra = "keep_snapshots: newest\n";
  const auto config = test::load_config(test::write_tiny_world(world.path(), options));
  const auto cell = core::GridCell::from_name("ft-c/tiny-gpt2/sample0");
  Workspace work(test::load_config(config.source), world.path() / "out");
  RecordingMonitor monitor;
  const auto kept = [&] {
    std::vector<std::int64_t> edits;
    for (const auto& snapshot : ledger::scan_cell(work.cell_folder(cell)).snapshots) edits.push_back(snapshot.edit);
    return edits;
  };
  ASSERT_EQ(run_edits(work, {cell, 6}, monitor).edits, 6);
  ASSERT_EQ(kept(), (std::vector<std::int64_t>{2, 3, 4, 6})) << "the evaluations lag behind";
  ReductionRunner runner(work);
  for (const std::int64_t edits : {4, 2, 3, 6}) {
    runner.run({cell, edits, core::parts_due(work.config(), cell, edits)}, monitor);
    EXPECT_EQ(std::ranges::count(kept(), edits), edits == 6 ? 1 : 0) << edits;
  }
  EXPECT_EQ(kept(), std::vector<std::int64_t>{6});
}

}  // namespace
}  // namespace lethe::worker
