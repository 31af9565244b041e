#include "metrics/weight_distance.h"

#include <gtest/gtest.h>

#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"

namespace lethe::metrics {
namespace {

TEST(WeightDistance, IsTheFrobeniusNormOfTheChange) {
  const auto architecture = test::tiny_architecture(&model::kGpt2);
  model::Network network(model::random_weights(architecture, 1, test::test_device()));
  const auto name = architecture.down_projection(1).weight;
  auto changed = network.parameter(name).clone().contiguous();
  changed[0][0] += 3.0;
  changed[1][2] -= 4.0;
  network.set_parameter(name, changed);
  const auto records = weight_distances(network, std::vector<std::string>{name});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].parameter, name);
  EXPECT_NEAR(records[0].frobenius, 5.0, 1e-6);
  EXPECT_EQ(records[0].num_weights, 16 * 64);
}

TEST(WeightDistance, IsZeroForAnUneditedParameter) {
  const auto architecture = test::tiny_architecture(&model::kGptj);
  const model::Network network(model::random_weights(architecture, 1, test::test_device()));
  const auto records =
      weight_distances(network, std::vector<std::string>{architecture.down_projection(0).bias.value()});
  EXPECT_EQ(records.at(0).frobenius, 0.0);
}

}  // namespace
}  // namespace lethe::metrics
