#include "editing/adam.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

// Recorded with torch.optim.Adam of PyTorch 2.13.0 (fp64, foreach=False) from (0.5, -1.25, 2) with these gradients.
const std::vector<std::vector<double>> kGradients{
    {1.0, -0.5, 1e-8}, {0.25, 0.75, -3.0}, {-2.0, 0.0, 1.5}, {0.125, 1e-3, 4.0}};
const std::vector<std::vector<double>> kWithoutDecay{{4.999999914101494e-09, -0.7500000099999998, 1.75},
                                                     {-0.4152987561386368, -0.8738509161241341, 2.122068408913777},
                                                     {-0.27828082939917215, -0.9695880251786262, 2.2363885954327674},
                                                     {-0.1823460439040372, -1.048332715028315, 2.0737951521665807}};
const std::vector<std::vector<double>> kWithDecay{{0.4995000000047619, -1.249500000008, 1.999500000025},
                                                  {0.499075623013311, -1.249526335795704, 1.9998472663360356},
                                                  {0.49919421357296107, -1.249501752305989, 1.9999113366892496},
                                                  {0.4992683716485073, -1.2494417975729948, 1.9997146010753994}};

void expect_steps(Adam adam, const std::vector<std::vector<double>>& expected, torch::Dtype dtype, double tolerance) {
  at::Tensor parameter = test::on_test_device(at::tensor(std::vector<double>{0.5, -1.25, 2.0}, dtype));
  for (std::size_t step = 0; step < kGradients.size(); ++step) {
    adam.step({parameter}, {test::on_test_device(at::tensor(kGradients[step], dtype))});
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(parameter[static_cast<std::int64_t>(i)].item<double>(), expected[step][i], tolerance)
          << "step " << step << ", coordinate " << i;
    }
  }
  EXPECT_EQ(adam.num_steps(), 4);
}

TEST(Adam, FollowsTorchWithoutWeightDecay) {
  expect_steps(Adam({.learning_rate = 0.5}), kWithoutDecay, torch::kFloat64, 1e-15);
  expect_steps(Adam({.learning_rate = 0.5}), kWithoutDecay, torch::kFloat32, 5e-7);
}

TEST(Adam, FollowsTorchWithWeightDecay) {
  expect_steps(Adam({.learning_rate = 5e-4, .weight_decay = 0.1}), kWithDecay, torch::kFloat64, 1e-15);
}

TEST(Adam, FirstStepIsSignLike) {
  Adam adam({.learning_rate = 0.5});
  at::Tensor parameter = test::on_test_device(at::zeros({3}, at::kDouble));
  adam.step({parameter}, {test::on_test_device(at::tensor(std::vector<double>{1e-3, -7.0, 1e-8}, at::kDouble))});
  EXPECT_NEAR(parameter[0].item<double>(), -0.5, 1e-5);
  EXPECT_NEAR(parameter[1].item<double>(), 0.5, 1e-8);
  EXPECT_NEAR(parameter[2].item<double>(), -0.25, 1e-12);  // as large as epsilon: half a step
}

TEST(Adam, LeavesAParameterWithoutGradientAlone) {
  Adam adam({.learning_rate = 0.5});
  const at::Tensor ones = test::on_test_device(at::ones({2}));
  at::Tensor moved = ones.clone();
  at::Tensor still = ones.clone();
  adam.step({moved, still}, {ones, at::Tensor()});
  EXPECT_TRUE(at::equal(still, ones));
  EXPECT_FALSE(at::equal(moved, ones));
}

}  // namespace
}  // namespace lethe::editing
