#include "worker/reduction_runner.h"

#include <gtest/gtest.h>

#include "core/config/schedule.h"
#include "data/corpus.h"
#include "metrics/fixed_text.h"
#include "metrics/rewrite_scores.h"
#include "metrics/texts.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/recording_monitor.h"
#include "worker/commands/cell_command.h"
#include "worker/commands/verify.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;
using test::RecordingMonitor;

/// A cell that is edited at the upper of two blocks, so that there is a lower one to keep.
class KeptStates : public testing::Test {
 protected:
  KeptStates() {
    test::TinyWorldOptions options;
    options.methods = "[r-rome, ft-c]";
    config_path_ = test::write_tiny_world(world_.path(), options);
  }

  Workspace workspace(const std::string& out, double cache_gb) {
    auto config = test::load_config(config_path_);
    config.reducer_cache_gb = cache_gb;
    return {std::move(config), world_.path() / out};
  }

  /// Answers of the tasks are asked anew, at one checkpoint after the other. Returns what was kept then.
  std::int64_t reduce_again(const core::GridCell& cell, const std::string& from, const std::string& out,
                            double cache_gb) {
    fs::copy(world_.path() / from, world_.path() / out, fs::copy_options::recursive);
    auto work = workspace(out, cache_gb);
    for (const auto& entry : fs::directory_iterator(work.cell_folder(cell))) {
      if (entry.path().filename().string().starts_with("tasks-")) fs::remove(entry.path());
    }
    ReductionRunner runner(work);
    RecordingMonitor monitor;
    for (const std::int64_t edits : {3, 6}) runner.run({cell, edits, {core::ReductionPart::kTasks}}, monitor);
    EXPECT_EQ(monitor.files.size(), 2U);
    EXPECT_TRUE(runner.holds(cell.model));
    const auto kept = runner.kept_bytes();
    runner.forget();
    EXPECT_EQ(runner.kept_bytes(), 0);
    EXPECT_FALSE(runner.holds(cell.model));
    return kept;
  }

  test::TemporaryFolder world_;
  fs::path config_path_;
};

TEST_F(KeptStates, ChangeNoResult) {
  for (const char* name : {"r-rome/tiny-gpt2/sample0", "r-rome/tiny-gptj/sample0", "ft-c/tiny-gpt2/sample0"}) {
    const auto cell = core::GridCell::from_name(name);
    const auto whole = cell.method + cell.model;
    auto work = workspace(whole, 0.0);
    RecordingMonitor monitor;
    ASSERT_TRUE(run_cell(work, cell, monitor));
    EXPECT_EQ(reduce_again(cell, whole, whole + "-kept", 1.0) > 0, cell.method == "r-rome") << name;
    EXPECT_EQ(reduce_again(cell, whole, whole + "-not-kept", 0.0), 0) << name;
    for (const char* other : {"-kept", "-not-kept"}) {
      EXPECT_TRUE(compare_sweeps(world_.path() / whole, world_.path() / (whole + other), monitor).problems.empty())
          << name;
    }
  }
}

TEST(ScoresOfAllEdits, AskTheLastModelAndTheUneditedOneForAllPrompts) {
  const test::TemporaryFolder world;
  test::TinyWorldOptions options;
  options.edits = 4;
  options.extra = "scores_every: 2\n";
  Workspace work(test::load_config(test::write_tiny_world(world.path(), options)), world.path() / "out");
  for (const char* name : {"rome/tiny-gpt2/sample0", "ft-c/tiny-gpt2/sample0"}) {
    const auto cell = core::GridCell::from_name(name);
    RecordingMonitor monitor;
    ASSERT_TRUE(run_cell(work, cell, monitor));
    const auto loaded = work.model(cell.model);
    CellReplay replay(work, cell, loaded);
    for (const std::int64_t edits : {2, 4}) {
      replay.move_to(edits);
      const auto files = ledger::scan_cell(work.cell_folder(cell));
      const auto file = std::ranges::find_if(files.reductions, [&](const ledger::ReductionFile& one) {
        return one.part == core::ReductionPart::kScores && one.edits == edits;
      });
      ASSERT_NE(file, files.reductions.end());
      const auto records = storage::read_reduction(file->file.path).scores;
      auto requests = work.requests(cell);
      requests.resize(static_cast<std::size_t>(edits));
      const auto edited = metrics::score_requests(replay.network(), loaded->tokenizer, requests);
      const auto unedited = metrics::score_requests(loaded->unedited, loaded->tokenizer, requests);
      ASSERT_EQ(records.size(), requests.size());
      for (std::size_t i = 0; i < records.size(); ++i) {
        EXPECT_EQ(records[i].edit, static_cast<std::int64_t>(i) + 1);
        EXPECT_EQ(records[i].case_id, requests[i].case_id);
        EXPECT_EQ(records[i].edited, edited[i]);
        EXPECT_EQ(records[i].unedited, unedited[i]);
        EXPECT_FALSE(records[i].edited.front().tokens_new.empty());
        EXPECT_NE(records[i].edited, records[i].unedited);
      }
    }
  }
}

storage::ReductionContents part_after(Workspace& work, const core::GridCell& cell, std::int64_t edits,
                                      core::ReductionPart part) {
  for (const auto& file : ledger::scan_cell(work.cell_folder(cell)).reductions) {
    if (file.part == part && file.edits == edits) return storage::read_reduction(file.file.path);
  }
  ADD_FAILURE() << "no " << to_string(part) << " after " << edits << " edits of " << cell.name();
  return {};
}

TEST(TextsOfACell, AreWrittenByTheModelOfTheCheckpointAndTheUneditedOne) {
  const test::TemporaryFolder world;
  test::TinyWorldOptions options;
  options.edits = 4;
  options.extra = "texts_every: 2\ntexts_facts: 3\ntexts_tokens: 14\n";
  Workspace work(test::load_config(test::write_tiny_world(world.path(), options)), world.path() / "out");
  const auto cell = core::GridCell::from_name("ft-c/tiny-gpt2/sample0");
  RecordingMonitor monitor;
  ASSERT_TRUE(run_cell(work, cell, monitor));
  const auto loaded = work.model(cell.model);
  CellReplay replay(work, cell, loaded);
  for (const std::int64_t edits : {2, 4}) {
    replay.move_to(edits);
    auto requests = work.requests(cell);
    requests.resize(static_cast<std::size_t>(std::min<std::int64_t>(edits, 3)));
    const auto prompts = metrics::text_prompts(requests);
    auto edited = metrics::write_texts(replay.network(), loaded->tokenizer, prompts, 14, work.config().seed);
    auto unedited = metrics::write_texts(loaded->unedited, loaded->tokenizer, prompts, 14, work.config().seed);
    const auto by_edited = metrics::text_nlls(replay.network(), loaded->tokenizer, prompts, unedited);
    const auto by_unedited = metrics::text_nlls(loaded->unedited, loaded->tokenizer, prompts, unedited);
    const auto records = part_after(work, cell, edits, core::ReductionPart::kTexts).texts;
    ASSERT_EQ(records.size(), prompts.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      edited[i].nll_unedited = by_edited[i];
      unedited[i].nll_unedited = by_unedited[i];
      EXPECT_EQ(records[i],
                (core::TextsRecord{prompts[i].edit, prompts[i].case_id, prompts[i].text, edited[i], unedited[i]}));
    }
  }
}

TEST(MonitorOfACell, IsOfTheModelOfTheCheckpointAndTheUneditedOne) {
  const test::TemporaryFolder world;
  test::TinyWorldOptions options;
  options.edits = 4;
  options.extra = "monitor_every: 2\nmonitor_text: corpus.txt\nmonitor_tokens: 150\n";
  Workspace work(test::load_config(test::write_tiny_world(world.path(), options)), world.path() / "out");
  for (const char* name : {"rome/tiny-gpt2/sample0", "ft-c/tiny-gptj/sample0"}) {
    const auto cell = core::GridCell::from_name(name);
    RecordingMonitor monitor;
    ASSERT_TRUE(run_cell(work, cell, monitor));
    const auto loaded = work.model(cell.model);
    data::CorpusReader reader(world.path() / "corpus.txt");
    const auto text = metrics::cut_text([&] { return reader.next(); }, 150, loaded->tokenizer,
                                        loaded->unedited.architecture(), "corpus.txt");
    const auto unedited = metrics::document_nlls(loaded->unedited, text);
    CellReplay replay(work, cell, loaded);
    for (const std::int64_t edits : {2, 4}) {
      replay.move_to(edits);
      const auto contents = part_after(work, cell, edits, core::ReductionPart::kMonitor);
      EXPECT_EQ(contents.provenance.at(storage::kMonitorText), "corpus.txt");
      const auto edited = metrics::document_nlls(replay.network(), text);
      ASSERT_EQ(contents.monitor.text.size(), text.num_tokens.size());
      std::int64_t num_tokens = 0;
      for (std::size_t i = 0; i < edited.size(); ++i) {
        EXPECT_EQ(contents.monitor.text[i], (core::DocumentNll{text.num_tokens[i], edited[i], unedited[i]}));
        EXPECT_NE(edited[i], unedited[i]);
        num_tokens += text.num_tokens[i];
      }
      EXPECT_EQ(num_tokens, 150);
      const auto parameters = replay.network().edited_parameters();
      const auto distances = part_after(work, cell, edits, core::ReductionPart::kDistance).distances;
      ASSERT_EQ(contents.monitor.norms.size(), parameters.size());
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        const auto& norms = contents.monitor.norms[i];
        const auto wide = [](const torch::Tensor& tensor) {
          return tensor.to(torch::kCPU, torch::kFloat64).reshape({tensor.size(0), -1});
        };
        const auto weight = wide(replay.network().parameter(parameters[i]));
        const auto base = wide(loaded->unedited.parameter(parameters[i]));
        EXPECT_EQ(norms.parameter, parameters[i]);
        EXPECT_NEAR(norms.update_spectral, at::linalg_svdvals(weight - base)[0].item<double>(), 1e-11);
        EXPECT_NEAR(norms.base_spectral, at::linalg_svdvals(base)[0].item<double>(), 1e-11);
        EXPECT_NEAR(norms.frobenius, weight.square().sum().sqrt().item<double>(), 1e-11);
        EXPECT_NEAR(norms.base_frobenius, base.square().sum().sqrt().item<double>(), 1e-11);
        EXPECT_LE(norms.update_spectral, distances[i].frobenius * (1.0 + 1e-12));
      }
    }
  }
}

/// A folder that was finished before anybody asked for a monitor.
TEST(MonitorOfACell, IsAllThatAFinishedCellIsAskedForLater) {
  const test::TemporaryFolder world;
  test::TinyWorldOptions options;
  options.edits = 4;
  const auto cell = core::GridCell::from_name("rome/tiny-gpt2/sample0");
  RecordingMonitor before;
  Workspace plain(test::load_config(test::write_tiny_world(world.path(), options)), world.path() / "out");
  ASSERT_TRUE(run_cell(plain, cell, before));
  options.extra = "monitor_every: 2\nmonitor_text: corpus.txt\n";
  Workspace work(test::load_config(test::write_tiny_world(world.path(), options)), world.path() / "out");
  RecordingMonitor after;
  ASSERT_TRUE(run_cell(work, cell, after));
  ASSERT_EQ(after.files.size(), 2U);
  for (const auto& file : after.files) EXPECT_TRUE(file.starts_with("monitor-")) << file;
}

/// Asks to stop once a number of batches has been asked.
class StopAtBatch final : public TaskMonitor {
 public:
  explicit StopAtBatch(int batches) : batches_(batches) {}

  void progress(std::string_view stage, std::int64_t, std::int64_t, double) override { batches_ -= stage == "ask"; }
  void committed(const fs::path&, std::int64_t) override { ++num_committed_; }
  [[nodiscard]] bool should_stop() const override { return batches_ <= 0; }
  [[nodiscard]] int num_committed() const { return num_committed_; }

 private:
  int batches_;
  int num_committed_ = 0;
};

TEST(ReductionToldToStop, LeavesBetweenBatchesAndGoesOnToTheSameFiles) {
  const test::TemporaryFolder world;
  test::TinyWorldOptions options;
  options.edits = 6;
  options.extra =
      "scores_every: 6\ntexts_every: 6\ntexts_facts: 3\ntexts_tokens: 14\n"
      "monitor_every: 6\nmonitor_text: corpus.txt\nmonitor_tokens: 50\n";
  const auto config = test::write_tiny_world(world.path(), options);
  const auto cell = core::GridCell::from_name("rome/tiny-gpt2/sample0");
  Workspace whole(test::load_config(config), world.path() / "whole");
  RecordingMonitor undisturbed;
  ASSERT_TRUE(run_cell(whole, cell, undisturbed));
  fs::copy(world.path() / "whole", world.path() / "out", fs::copy_options::recursive);
  Workspace work(test::load_config(config), world.path() / "out");
  const auto parts = core::parts_due(work.config(), cell, 6);
  ASSERT_EQ(parts.size(), 6U);
  for (const auto& file : ledger::scan_cell(work.cell_folder(cell)).reductions) {
    if (file.edits == 6) fs::remove(file.file.path);
  }
  int num_stops = 0;
  std::size_t num_committed = 0;
  for (int batches = 0, is_complete = false; !is_complete; ++batches) {
    ASSERT_LT(batches, 1000);
    ReductionRunner runner(work);
    StopAtBatch monitor(batches);
    is_complete = runner.run({cell, 6, parts}, monitor);
    num_stops += !is_complete;
    num_committed += static_cast<std::size_t>(monitor.num_committed());
  }
  EXPECT_EQ(num_committed, parts.size());
  EXPECT_GE(num_stops, 8);  // in each part but the distance, and twice where two models are asked
  RecordingMonitor monitor;
  EXPECT_TRUE(compare_sweeps(world.path() / "whole", world.path() / "out", monitor).problems.empty());
}

}  // namespace
}  // namespace lethe::worker
