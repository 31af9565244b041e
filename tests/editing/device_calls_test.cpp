#include <cstdlib>

#include <gtest/gtest.h>

#include <torch/types.h>

#include "editing/edit_method.h"
#include "metrics/rewrite_scores.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/foreign_device.h"

// How often an edit makes the host wait for a GPU, and how many operations it asks of it, counted on the stand-in for
// one. What a launch or a wait costs is paid so many times, whatever the model's width (docs/benchmarks.md, "Asked of a
// GPU").

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

ForeignCounts operator-(const ForeignCounts& after, const ForeignCounts& before) {
  return {after.operators - before.operators, after.waits - before.waits, after.uploads - before.uploads};
}

/// Of one edit of the lively network, which has three blocks; the first edit of a method is not counted.
ForeignCounts counts_of(const core::MethodConfig& config, int layer) {
  const model::Network network = test::lively_network(&kGpt2);
  const auto method = make_method(config, test::inputs_of(network, layer));
  const auto request = test::request_of("Who is {}", "Suao", "ab");
  static_cast<void>(method->compute(network, {&request, 1}));
  const auto before = test::foreign_counts();
  const auto outcome = method->compute(network, {&request, 1});
  EXPECT_TRUE(std::holds_alternative<EditStep>(outcome));
  return test::foreign_counts() - before;
}

ForeignCounts rome_counts(int layer, int num_losses) {
  RomeConfig config = test::rome_config(layer);
  config.v_num_grad_steps = num_losses;
  config.early_stop_loss = 0.0;
  return counts_of(method_config(config), layer);
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
  std::vector<data::EditRequest> requests(40, test::request_of("Who is {}", "Suao", "ab"));
  for (auto& request : requests) request.target_true = "cd";
  const auto waits = [&](std::size_t num_requests) {
    const auto before = test::foreign_counts();
    static_cast<void>(
        metrics::score_requests(network, test::byte_tokenizer(), std::span(requests).first(num_requests)));
    return (test::foreign_counts() - before).waits;
  };
  waits(1);
  EXPECT_LE(waits(40), 6) << "one batch";
}

}  // namespace
}  // namespace lethe::editing
