// Cells of the methods that remember keys, stopped where the history changes its form: from some number of keys on they
// are folded into a dense factor (editing/key_history.h), and a resumed cell must fold where the undisturbed one did.

#include <algorithm>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "editing/key_history_cost.h"
#include "ledger/sweep_folder.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/cell_names.h"
#include "tests/worker/recording_monitor.h"
#include "worker/commands/cell_command.h"
#include "worker/commands/verify.h"

namespace lethe::worker {
namespace {

using test::RecordingMonitor;

constexpr int kBatch = 8;
constexpr int kEdits = 64;
constexpr int kEditsAtFold = 32;

/// Steps of eight facts; the fourth of eight fills the history.
class FoldedKeysCell : public testing::TestWithParam<std::string> {
 protected:
  FoldedKeysCell() : cell_(core::GridCell::from_name(GetParam())) {
    test::TinyWorldOptions options;
    options.methods = "[" + cell_.method + "]";
    options.models = "[" + cell_.model + "]";
    options.batch_size = kBatch;
    options.num_records = kEdits;
    options.edits = kEdits;
    // Segments of an undisturbed run end after 24, 48 and 64 edits: the fold after 32 lies inside one.
    options.checkpoint_every = 3 * kBatch;
    options.forgetting_every = kEdits;
    options.tasks_every = kEdits;
    config_path_ = test::write_tiny_world(world_.path(), options);
  }

  /// Runs the cell; true if it came to its end.
  bool run(const std::string& out, int stop_after_steps = -1) {
    Workspace work(test::load_config(config_path_), world_.path() / out);
    RecordingMonitor monitor(stop_after_steps);
    return run_cell(work, cell_, monitor);
  }
  std::int64_t num_edits(const std::string& out) {
    Workspace work(test::load_config(config_path_), world_.path() / out);
    return ledger::scan_cell(work.cell_folder(cell_)).num_edits();
  }
  std::string first_problem(const std::string& left, const std::string& right) {
    RecordingMonitor monitor;
    const auto result = compare_sweeps(world_.path() / left, world_.path() / right, monitor);
    return result.problems.empty() ? "" : result.problems.front();
  }

  test::TemporaryFolder world_;
  core::GridCell cell_;
  std::filesystem::path config_path_;
};

TEST_P(FoldedKeysCell, ResumedBeforeAtAndAfterTheFoldEqualsAnUninterruptedRun) {
  const auto width = test::tiny_architecture(&model::kGpt2).inner_width;
  for (const auto& [edits, num_folds] : {std::pair{kEditsAtFold - kBatch, 0}, {kEditsAtFold, 1}, {kEdits, 2}}) {
    ASSERT_EQ((editing::KeyHistoryShape{width, edits, kBatch}.num_folds()), num_folds) << edits << " edits";
  }
  ASSERT_TRUE(run("whole"));
  for (const int edits : {kEditsAtFold - kBatch, kEditsAtFold, kEditsAtFold + kBatch}) {
    const auto out = "stopped" + std::to_string(edits);
    EXPECT_FALSE(run(out, edits / kBatch));
    EXPECT_EQ(num_edits(out), edits);
    EXPECT_TRUE(run(out));
    EXPECT_EQ(first_problem("whole", out), "") << "stopped after " << edits << " edits";
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, FoldedKeysCell,
                         testing::Values("alphaedit/tiny-gpt2/sample0", "alphaedit/tiny-llama/sample1",
                                         "memit-seq/tiny-gpt2/sample1", "memit-seq/tiny-gptj/sample0"),
                         kNameOfCell);

}  // namespace
}  // namespace lethe::worker
