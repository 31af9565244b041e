#include "metrics/weight_norms.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"

namespace lethe::metrics {
namespace {

class WeightNorms : public testing::Test {
 protected:
  model::Architecture architecture_ = test::tiny_architecture(&model::kGpt2);
  model::Network network_{model::random_weights(architecture_, 1, test::test_device())};
  std::string name_ = architecture_.down_projection(1).weight;

  core::NormRecord norms() const { return weight_norms(network_, name_, base_norms(network_, name_)); }
  void edit(int row, int column, float value) {
    auto changed = network_.parameter(name_).clone().contiguous();
    changed[row][column] += value;
    network_.set_parameter(name_, changed);
  }
};

TEST_F(WeightNorms, AreThoseOfTheWeightItsBaseAndTheirDifference) {
  edit(0, 0, 3.0F);
  edit(1, 2, -4.0F);
  const auto found = norms();
  const auto base = network_.base()->tensor(name_).to(torch::kCPU, torch::kFloat64);
  const auto weight = network_.parameter(name_).to(torch::kCPU, torch::kFloat64);
  EXPECT_EQ(found.parameter, name_);
  EXPECT_NEAR(found.update_spectral, 4.0, 1e-6) << "two elements in rows and columns of their own";
  EXPECT_NEAR(found.base_spectral, at::linalg_svdvals(base)[0].item<double>(), 1e-12);
  EXPECT_NEAR(found.frobenius, weight.square().sum().sqrt().item<double>(), 1e-12);
  EXPECT_NEAR(found.base_frobenius, base.square().sum().sqrt().item<double>(), 1e-12);
}

TEST_F(WeightNorms, OfAnUneditedWeightHaveNoChange) {
  const auto found = norms();
  EXPECT_EQ(found.update_spectral, 0.0);
  EXPECT_EQ(found.frobenius, found.base_frobenius);
}

TEST_F(WeightNorms, OfAWeightThatHasDivergedAreNoNumbersAndItsBaseStillHasThem) {
  edit(3, 3, std::numeric_limits<float>::infinity());
  const auto found = norms();
  EXPECT_TRUE(std::isnan(found.update_spectral));
  EXPECT_FALSE(std::isfinite(found.frobenius));
  EXPECT_TRUE(std::isfinite(found.base_spectral));
}

}  // namespace
}  // namespace lethe::metrics
