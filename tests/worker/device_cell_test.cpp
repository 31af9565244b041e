// Whole cells on a device that is not the CPU.

#include <gtest/gtest.h>

#include "editing/methods/catalogue.h"
#include "storage/reduction.h"
#include "storage/segment.h"
#include "tests/support/foreign_device.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/recording_monitor.h"
#include "worker/commands/cell_command.h"

namespace lethe::worker {
namespace {

// Before any other test's backward pass (foreign_device.h).
const torch::Device kForeign = test::foreign_device();

constexpr auto kOnDevice = core::SecondMomentPlacement::kDevice;
constexpr auto kOnHost = core::SecondMomentPlacement::kHost;

class DeviceCell : public testing::TestWithParam<std::string> {
 protected:
  DeviceCell() {
    options_.methods = "[" + cell_.method + "]";
    config_path_ = test::write_tiny_world(world_.path(), options_);
  }

  ledger::CellFiles run_on(torch::Device device, core::SecondMomentPlacement placement = kOnDevice) {
    auto config = core::load_experiment_config(config_path_, editing::catalogue());
    config.device = c10::DeviceTypeName(device.type(), true);
    for (auto& model : config.models) model.second_moment_placement = placement;
    Workspace work(config, world_.path() / (config.device + (placement == kOnHost ? "-host" : "-device")));
    test::RecordingMonitor monitor;
    EXPECT_TRUE(run_cell(work, cell_, monitor));
    EXPECT_EQ(work.model(cell_.model)->unedited.device(), device);
    for (const int layer : config.method_of(cell_)->second_moment_layers()) {
      EXPECT_EQ(work.moment_factor(cell_.model, layer)->device(), placement == kOnHost ? torch::kCPU : device);
    }
    identity_ = work.facts().cell(cell_).edit_identity;
    return ledger::scan_cell(work.cell_folder(cell_));
  }

  static void expect_same(const ledger::CellFiles& left, const ledger::CellFiles& right) {
    ASSERT_EQ(left.segments.size(), right.segments.size());
    for (std::size_t i = 0; i < right.segments.size(); ++i) {
      expect_same(storage::read_segment(left.segments[i].file.path),
                  storage::read_segment(right.segments[i].file.path));
    }
    ASSERT_FALSE(right.reductions.empty());
    ASSERT_EQ(left.reductions.size(), right.reductions.size());
    for (std::size_t i = 0; i < right.reductions.size(); ++i) {
      expect_same(storage::read_reduction(left.reductions[i].file.path),
                  storage::read_reduction(right.reductions[i].file.path));
    }
  }

  static void expect_same(const storage::SegmentContents& left, const storage::SegmentContents& right) {
    EXPECT_EQ(left.contexts, right.contexts);
    EXPECT_EQ(left.fingerprint_after, right.fingerprint_after);
    EXPECT_EQ(left.method_state, right.method_state);
    ASSERT_EQ(left.edits.size(), right.edits.size());
    for (std::size_t i = 0; i < left.edits.size(); ++i) {
      EXPECT_EQ(left.edits[i].deltas, right.edits[i].deltas) << i;
      EXPECT_EQ(left.edits[i].record.losses, right.edits[i].record.losses) << i;
      EXPECT_EQ(left.edits[i].record.diagnostics, right.edits[i].record.diagnostics) << i;
      EXPECT_EQ(left.edits[i].record.scores, right.edits[i].record.scores) << i;
    }
  }

  static void expect_same(const storage::ReductionContents& left, const storage::ReductionContents& right) {
    ASSERT_EQ(left.distances.size(), right.distances.size());
    for (std::size_t i = 0; i < left.distances.size(); ++i) {
      EXPECT_EQ(left.distances[i].frobenius, right.distances[i].frobenius);
    }
    ASSERT_EQ(left.forgetting.size(), right.forgetting.size());
    for (std::size_t i = 0; i < left.forgetting.size(); ++i) {
      EXPECT_EQ(left.forgetting[i].rewrite, right.forgetting[i].rewrite);
    }
    ASSERT_EQ(left.tasks.size(), right.tasks.size());
    for (std::size_t i = 0; i < left.tasks.size(); ++i) {
      EXPECT_EQ(left.tasks[i].generated_ids, right.tasks[i].generated_ids);
    }
  }

  test::TemporaryFolder world_;
  test::TinyWorldOptions options_;
  std::string identity_;  ///< of the last cell run
  core::GridCell cell_ = core::GridCell::from_name(GetParam());
  std::filesystem::path config_path_;
};

// The stand-in computes with the CPU's kernels, so any difference is data that took another way.
TEST_P(DeviceCell, OnAForeignDeviceEqualsTheCpusBitForBit) { expect_same(run_on(kForeign), run_on(torch::kCPU)); }

TEST_P(DeviceCell, WithSecondMomentsOnTheHostEqualsOneWithThemOnTheDevice) {
  const auto on_cpu = run_on(torch::kCPU);
  const auto identity = identity_;
  expect_same(run_on(torch::kCPU, kOnHost), on_cpu);
  EXPECT_EQ(identity_, identity) << "on the CPU the two are one place";
  // On a real device the bits differ, on the stand-in they do not: the host solves with the same kernels.
  expect_same(run_on(kForeign, kOnHost), on_cpu);
  const auto identity_on_host = identity_;
  static_cast<void>(run_on(kForeign));
  const bool has_moments = !test::load_config(config_path_).method_of(cell_)->second_moment_layers().empty();
  EXPECT_EQ(identity_on_host != identity_, has_moments) << "a resume cannot mix them";
}

INSTANTIATE_TEST_SUITE_P(Cells, DeviceCell,
                         testing::Values("rome/tiny-gptj/sample1", "memit/tiny-gpt2/sample0", "ft-c/tiny-gpt2/sample1",
                                         "mend/tiny-gptj/sample0", "alphaedit/tiny-gptj/sample0",
                                         "memit-seq/tiny-gpt2/sample1"),
                         [](const auto& instance) {
                           auto method = instance.param.substr(0, instance.param.find('/'));
                           std::erase(method, '-');
                           return method == "ftc" ? std::string("ft") : method;
                         });

}  // namespace
}  // namespace lethe::worker
