#include "worker/commands/verify.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <limits>

#include "core/contract/inspection.h"
#include "core/error.h"
#include "storage/reduction.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/recording_monitor.h"
#include "worker/commands/cell_command.h"
#include "worker/commands/export_model.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;
using test::RecordingMonitor;

/// A folder with two finished cells, as a sweep leaves it. Its inputs are taken away: nothing may need them.
class Verify : public testing::Test {
 protected:
  Verify() {
    test::TinyWorldOptions options;
    options.methods = "[rome, ft-c]";
    options.models = "[tiny-gpt2]";
    options.samples = "[0]";
    options.extra =
        "texts_every: 4\ntexts_facts: 2\ntexts_tokens: 12\n"
        "monitor_every: 4\nmonitor_text: corpus.txt\nmonitor_tokens: 60\n";
    auto config = test::load_config(test::write_tiny_world(world_.path(), options));
    Workspace work(config, out());
    RecordingMonitor monitor;
    for (const auto& cell : config.cells) EXPECT_TRUE(run_cell(work, cell, monitor));
    ledger::replace_text(work.folder().inspection(), core::to_json(work.inspection()));
    ledger::replace_text(work.folder().state(), "COMPLETE\n");
    config_ = std::move(config);
    remove_inputs({"corpus.txt", "task.json"});
  }

  [[nodiscard]] fs::path out() const { return world_.path() / "out"; }
  void remove_inputs(const std::vector<std::string>& names) {
    for (const auto& name : names) fs::remove(world_.path() / name);
  }
  Workspace results() { return {config_, out(), Purpose::kResults}; }
  Verification verify(Thoroughness thoroughness = Thoroughness::kAll) {
    auto work = results();
    RecordingMonitor monitor;
    return verify_sweep(work, thoroughness, monitor);
  }
  /// Some problem names each of these texts.
  void expect_problem(const Verification& result, const std::vector<std::string>& texts, const std::string& what) {
    const auto names_all = [&](const std::string& problem) {
      return std::ranges::all_of(texts, [&](const auto& text) { return problem.find(text) != std::string::npos; });
    };
    EXPECT_TRUE(std::ranges::any_of(result.problems, names_all))
        << what << ": " << testing::PrintToString(result.problems);
  }
  ledger::CellFiles files(const std::string& cell) {
    auto work = results();
    return ledger::scan_cell(work.cell_folder(core::GridCell::from_name(cell)));
  }
  /// The folder of a cell that is not in the grid any more.
  fs::path files_beside(const std::string& cell) { return fs::directory_iterator(out() / "cells" / cell)->path(); }
  std::vector<fs::path> all_committed() {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::recursive_directory_iterator(out())) {
      if (entry.is_regular_file() && ledger::parse_committed(entry.path())) paths.push_back(entry.path());
    }
    return paths;
  }

  /// The grid loses the cell; without its method's settings nobody can rebuild it either.
  void leave_out(const std::string& cell, bool with_its_settings) {
    const auto left_out = core::GridCell::from_name(cell);
    std::erase(config_.cells, left_out);
    config_.edits.erase(left_out);
    if (with_its_settings) config_.models.front().methods.erase(left_out.method);
  }
  /// A segment with other contents, under its name and their digest.
  void forge(const ledger::SegmentFile& segment, const std::function<void(storage::SegmentContents&)>& change) {
    auto contents = storage::read_segment(segment.file.path);
    change(contents);
    fs::remove(segment.file.path);
    ledger::commit_file(segment.file.path.parent_path(), segment.file.stem,
                        [&](const fs::path& temporary) { storage::write_segment(temporary, contents); });
  }

  test::TemporaryFolder world_;
  core::ExperimentConfig config_;
};

constexpr const char* kRome = "rome/tiny-gpt2/sample0";
constexpr const char* kFineTuned = "ft-c/tiny-gpt2/sample0";

TEST_F(Verify, ASoundSweepIsSoundWithoutItsInputs) {
  for (const auto thoroughness : {Thoroughness::kDigests, Thoroughness::kAll}) {
    const auto result = verify(thoroughness);
    EXPECT_EQ(result.problems, std::vector<std::string>{});
    EXPECT_EQ(result.not_checked, std::vector<std::string>{});
    EXPECT_EQ(result.num_cells, 2);
    EXPECT_EQ(result.num_files, std::ssize(all_committed()));
  }
}

TEST_F(Verify, WithoutRecordsItSaysWhatItCouldNotMakeAgain) {
  remove_inputs({"records.json", "samples.json"});
  const auto result = verify();
  EXPECT_EQ(result.problems, std::vector<std::string>{});
  ASSERT_EQ(result.not_checked.size(), 1U);
  EXPECT_NE(result.not_checked.front().find(std::string(kFineTuned) + ": edits from 1 on were not made again"),
            std::string::npos);
  auto work = results();
  for (const auto* cell : {kRome, kFineTuned}) {
    EXPECT_EQ(network_at(work, core::GridCell::from_name(cell), 4).edited_parameters().empty(), false) << cell;
  }
  EXPECT_THROW(network_at(work, core::GridCell::from_name(kFineTuned), 5), core::DataError) << "between two snapshots";
}

TEST_F(Verify, EveryVanishedFileIsMissed) {
  for (const auto& path : all_committed()) {
    const auto aside = world_.path() / "aside";
    fs::rename(path, aside);
    for (const auto thoroughness : {Thoroughness::kDigests, Thoroughness::kAll}) {
      EXPECT_FALSE(verify(thoroughness).problems.empty()) << path;
    }
    fs::rename(aside, path);
  }
  fs::remove_all(out() / "cells");
  EXPECT_EQ(verify().problems.size(), 2U) << "a problem a cell";
}

TEST_F(Verify, WhatASweepThatIsNotCompleteLacksIsNoProblemAndIsTold) {
  ledger::replace_text(results().folder().state(), "INCOMPLETE\n");
  for (const auto& reduction : files(kRome).reductions) fs::remove(reduction.file.path);
  const auto result = verify(Thoroughness::kDigests);
  EXPECT_EQ(result.problems, std::vector<std::string>{});
  ASSERT_EQ(result.not_checked.size(), 1U);
  EXPECT_NE(result.not_checked.front().find("are due and not there yet"), std::string::npos);
}

TEST_F(Verify, EveryDamagedFileIsTold) {
  for (const auto& path : all_committed()) {
    const auto size = fs::file_size(path);
    std::ofstream(path, std::ios::app) << "x";
    expect_problem(verify(Thoroughness::kDigests), {path.filename(), "is damaged"}, path);
    fs::resize_file(path, size);
  }
}

TEST_F(Verify, AFileUnderAnothersNameIsTold) {
  const auto paths = all_committed();
  for (const auto& path : paths) {
    if (path.extension() != ".h5") continue;
    // Another committed file's bytes, under this one's stem and their own digest.
    const auto stem = ledger::parse_committed(path)->stem;
    const auto& other = paths[(static_cast<std::size_t>(&path - paths.data()) + 7) % paths.size()];
    if (other.extension() != ".h5" || other == path) continue;
    fs::rename(path, world_.path() / "aside");
    const auto name = stem + "-" + ledger::parse_committed(other)->digest.hex() + ".h5";
    const auto forged = path.parent_path() / name;
    if (forged == other) {
      fs::rename(world_.path() / "aside", path);
      continue;
    }
    fs::copy_file(other, forged);
    expect_problem(verify(Thoroughness::kDigests), {name}, path);
    fs::remove(forged);
    fs::rename(world_.path() / "aside", path);
  }
}

TEST_F(Verify, SegmentsOfDenseMethodsInMidChainAreReplayed) {
  const auto segment = files(kFineTuned).segments.at(1);
  auto contents = storage::read_segment(segment.file.path);
  const auto snapshot = files(kFineTuned).snapshots.at(1);
  contents.fingerprint_after.begin()->second = core::digest_of("other weights");
  fs::remove(segment.file.path);
  ledger::commit_file(segment.file.path.parent_path(), segment.file.stem,
                      [&](const fs::path& temporary) { storage::write_segment(temporary, contents); });
  const auto result = verify();
  expect_problem(result, {"segment-0000003", "does not reproduce its stored fingerprint"}, "replay");
  expect_problem(result, {"segment-0000004", "does not begin with the weights"}, "chain");
  expect_problem(result, {snapshot.file.path.filename(), "does not hold the weights after edit 3"}, "snapshot");
}

TEST_F(Verify, ACellBesideTheGridThatLostASegmentIsTold) {
  const auto segments = files(kRome).segments;
  leave_out(kRome, false);
  for (const bool has_lost_its_settings : {false, true}) {
    if (has_lost_its_settings) leave_out(kRome, true);
    for (const auto thoroughness : {Thoroughness::kDigests, Thoroughness::kAll}) {
      EXPECT_EQ(verify(thoroughness).problems, std::vector<std::string>{});
      for (const auto& lost : segments) {
        const auto aside = world_.path() / "aside";
        fs::rename(lost.file.path, aside);
        const auto result = verify(thoroughness);
        const auto end = "end with edit " + std::to_string(lost.first_edit - 1);
        const auto ends = "ends with edit " + std::to_string(lost.first_edit - 1);
        if (&lost != &segments.back()) expect_problem(result, {"segment-", "does not continue the chain", ends}, ends);
        expect_problem(result, {"forgetting-", "is of edit", end}, end);
        fs::rename(aside, lost.file.path);
      }
    }
  }
}

TEST_F(Verify, ACellThatCannotBeReplayedIsHeldTogetherByItsChain) {
  leave_out(kRome, true);
  const auto sound = verify();
  EXPECT_EQ(sound.problems, std::vector<std::string>{});
  ASSERT_EQ(sound.not_checked.size(), 1U);
  EXPECT_NE(sound.not_checked.front().find(std::string(kRome) + ": is no cell of this experiment"), std::string::npos);
  EXPECT_NE(sound.not_checked.front().find("its edits were not replayed"), std::string::npos);
  const auto folder = files_beside(kRome);
  forge(ledger::scan_cell(folder).segments.at(1), [](storage::SegmentContents& contents) {
    contents.fingerprint_before.begin()->second = core::digest_of("other weights");
  });
  expect_problem(verify(), {"segment-0000003", "does not begin with the weights"}, "chain");
  const auto first = ledger::scan_cell(folder).segments.front();
  std::ofstream(first.file.path, std::ios::app) << "x";
  expect_problem(verify(), {first.file.path.filename(), "is damaged"}, "damage");
}

TEST_F(Verify, ValuesThatAreNotFiniteAreRemarkedAndNoProblem) {
  constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  const auto segment = files(kRome).segments.at(1);
  forge(segment, [](auto& contents) { contents.edits.front().record.scores.front().nll_new = kNotANumber; });
  for (const auto& file : files(kRome).reductions) {
    auto contents = storage::read_reduction(file.file.path);
    if (contents.part == core::ReductionPart::kTasks || contents.part == core::ReductionPart::kScores) continue;
    for (auto& norms : contents.monitor.norms) norms.update_spectral = kNotANumber;
    for (auto& texts : contents.texts) texts.edited.nll_unedited = kInfinite;
    for (auto& distance : contents.distances) distance.frobenius = kInfinite;
    if (!contents.forgetting.empty()) contents.forgetting.front().rewrite.margin = -kInfinite;
    fs::remove(file.file.path);
    ledger::commit_file(file.file.path.parent_path(), file.file.stem,
                        [&](const fs::path& temporary) { storage::write_reduction(temporary, contents); });
  }
  const auto result = verify();
  EXPECT_EQ(result.problems, std::vector<std::string>{});
  for (const std::string stem :
       {"segment-0000003", "distance-0000004", "forgetting-0000004", "texts-0000004", "monitor-0000004"}) {
    const auto is_remarked = [&](const std::string& remark) {
      return remark.find(stem) != std::string::npos &&
             remark.find(" measured values are not finite") != std::string::npos;
    };
    EXPECT_TRUE(std::ranges::any_of(result.remarks, is_remarked)) << stem << testing::PrintToString(result.remarks);
  }
}

TEST_F(Verify, ReductionsOfOtherRecordsAreTold) {
  for (const auto& file : files(kRome).reductions) {
    auto contents = storage::read_reduction(file.file.path);
    if (file.edits != 4 || (contents.forgetting.empty() && contents.texts.empty())) continue;
    if (!contents.forgetting.empty()) contents.forgetting[2].case_id += 1;
    if (!contents.texts.empty()) contents.texts.back().case_id += 1;
    fs::remove(file.file.path);
    ledger::commit_file(file.file.path.parent_path(), file.file.stem,
                        [&](const fs::path& temporary) { storage::write_reduction(temporary, contents); });
  }
  const auto result = verify();
  expect_problem(result, {"forgetting-0000004", "speaks of other records"}, "forgetting");
  expect_problem(result, {"texts-0000004", "speaks of other records"}, "texts");
}

TEST_F(Verify, AModelMayHaveMovedAndMustBeTheSame) {
  const auto folder = config_.models.front().path;
  fs::rename(folder, world_.path() / "moved");
  expect_problem(verify(), {folder, "not found", "--model"}, "no model");
  EXPECT_TRUE(verify(Thoroughness::kDigests).problems.empty()) << "needs none";
  config_.models.front().path = world_.path() / "moved";
  EXPECT_EQ(verify().problems, std::vector<std::string>{});
  test::write_tiny_model(world_.path() / "other", &model::kGpt2, 99);
  config_.models.front().path = world_.path() / "other";
  expect_problem(verify(), {"other", "holds other weights than those of tiny-gpt2"}, "another model");
  auto work = results();
  EXPECT_THROW(network_at(work, core::GridCell::from_name(kRome), 2), core::ModelError);
}

TEST_F(Verify, StopsWhenToldTo) {
  auto work = results();
  RecordingMonitor monitor(0);
  EXPECT_TRUE(verify_sweep(work, Thoroughness::kAll, monitor).is_stopped);
  EXPECT_TRUE(compare_sweeps(out(), out(), monitor).is_stopped);
}

TEST_F(Verify, ComparisonSaysWhichSweepLacksAFile) {
  fs::copy(out(), world_.path() / "copy", fs::copy_options::recursive);
  const auto victim = files(kRome).reductions.front().file;
  fs::remove(victim.path);
  RecordingMonitor monitor;
  const auto result = compare_sweeps(out(), world_.path() / "copy", monitor);
  expect_problem(result, {victim.stem, "is in " + (world_.path() / "copy").string() + " and not in " + out().string()},
                 "which");
  fs::create_directories(world_.path() / "empty");
  expect_problem(compare_sweeps(world_.path() / "empty", world_.path() / "empty", monitor),
                 {"holds no results to compare"}, "empty");
}

}  // namespace
}  // namespace lethe::worker
