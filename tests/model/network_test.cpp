#include "model/network.h"

#include <gtest/gtest.h>

#include "model/weights.h"

namespace lethe::model {
namespace {

TEST(Network, PlainForwardGivesLogitsAtEveryPosition) {
  const Architecture architecture{Family::kGptj, 2, 16, 2, 64, 32, 50, 4};
  const Network network(random_weights(architecture, 1, torch::kCPU));
  const auto rows = pad_rows(std::vector<std::vector<TokenId>>{{1, 2, 3}, {4}}, torch::kCPU);
  EXPECT_EQ(network.forward(rows).sizes(), torch::IntArrayRef({2, 3, 50}));
}

}  // namespace
}  // namespace lethe::model
