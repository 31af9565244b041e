#include <cstdlib>
#include <vector>

#include <gtest/gtest.h>

#include "editing/edit_method.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/counted_work.h"

// How what an edit and scores ask of a GPU grows, with steps, blocks and records, counted on the stand-in for one. What
// a launch or a wait costs is paid so many times, whatever the model's width (docs/benchmarks.md, "Asked of a GPU").

namespace lethe::editing {
namespace {

using model::kGpt2;
using test::ForeignCounts;

/// A block's forward and backward: 42 with LibTorch 1.13. Versions differ in what they compose.
constexpr double kMostOperatorsABlock = 48;
/// What a step asks for beside blocks (head, losses, optimiser): 82.
constexpr double kMostOperatorsAStep = 95;

/// Before anything asks for the device.
const bool kIsForeign = setenv("LETHE_TEST_DEVICE", "privateuseone", 1) == 0;

/// Of one edit of the lively network, which has three blocks.
ForeignCounts rome_counts(int layer, int num_losses) {
  RomeConfig config = test::rome_config(layer);
  config.v_num_grad_steps = num_losses;
  config.early_stop_loss = 0.0;
  const model::Network network = test::lively_network(&kGpt2);
  const auto method = make_method(method_config(config), test::inputs_of(network, layer));
  const auto edit = test::count_edit(*method, network, test::request_of("Who is {}", "Suao", "ab"));
  EXPECT_TRUE(edit.is_made);
  return edit.asked;
}

TEST(DeviceCalls, RomeWaitsOnceALossAndTwelveTimesBeside) {
  ASSERT_TRUE(kIsForeign);
  const auto few = rome_counts(0, 5);
  const auto many = rome_counts(0, 15);
  EXPECT_EQ(many.waits - few.waits, 10);
  EXPECT_LE(few.waits - 5, 12);
  EXPECT_LE(many.uploads, 8);
  EXPECT_EQ(many.uploads, few.uploads) << "nothing is sent from step to step";
}

/// A turn is a pass through the blocks above the edited one and back.
TEST(DeviceCalls, RomesTurnsAskForNoMoreOperatorsABlockThanTheyDid) {
  const auto a_step = [](int layer) {
    return static_cast<double>(rome_counts(layer, 15).operators - rome_counts(layer, 5).operators) / 10.0;
  };
  const double two_blocks = a_step(0);
  const double one_block = a_step(1);
  EXPECT_LE(two_blocks - one_block, kMostOperatorsABlock);
  EXPECT_LE(one_block - (two_blocks - one_block), kMostOperatorsAStep);
}

TEST(DeviceCalls, ScoresWaitAFewTimesWhateverTheirNumber) {
  const model::Network network = test::lively_network(&kGpt2);
  auto request = test::request_of("Who is {}", "Suao", "ab");
  request.target_true = "cd";
  const std::vector<data::EditRequest> requests(40, request);
  EXPECT_LE(test::count_scores(network, test::byte_tokenizer(), requests).waits, 6) << "one batch";
}

}  // namespace
}  // namespace lethe::editing
