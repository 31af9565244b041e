#include "editing/update.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

using test::lively_network;

const std::string kWeight = "transformer.h.1.mlp.c_proj.weight";

at::Tensor matrix(std::vector<float> values, std::int64_t rows, std::int64_t columns) {
  return test::on_test_device(at::tensor(values).view({rows, columns}));
}

/// A weight of zeros whose upper left corner is a 3x2 matrix [O,I], so that results can be checked by hand.
at::Tensor with_corner(const at::Tensor& shape_of, const at::Tensor& corner_32) {
  at::Tensor value = at::zeros_like(shape_of);
  value.narrow(0, 0, 3).narrow(1, 0, 2).copy_(corner_32);
  return value;
}

at::Tensor corner(const model::Network& network) { return network.parameter(kWeight).narrow(0, 0, 3).narrow(1, 0, 2); }

at::Tensor column(const at::Tensor& top, std::int64_t size) {
  at::Tensor value = at::zeros({size, top.size(1)}, top.options());
  value.narrow(0, 0, top.size(0)).copy_(top);
  return value;
}

TEST(LowRankUpdate, MatchesHandComputedThreeByTwo) {
  model::Network network = lively_network(&model::kGpt2);
  const at::Tensor base = network.parameter(kWeight);
  network.set_parameter(kWeight, with_corner(base, matrix({1, 2, 3, 4, 5, 6}, 3, 2)));
  const at::Tensor left = column(matrix({1, -2, 0.5}, 3, 1), base.size(0));
  const at::Tensor right = column(matrix({4, 10}, 2, 1), base.size(1));

  apply_update(network, {kWeight, LowRankUpdate{left, right}});

  // W + left right^T: rows scale (4, 10) by 1, -2, 0.5.
  EXPECT_TRUE(at::equal(corner(network), matrix({5, 12, -5, -16, 7, 11}, 3, 2)));
  EXPECT_EQ(network.parameter(kWeight).count_nonzero().item<int>(), 6);
}

TEST(LowRankUpdate, AddsTheRoundedProduct) {
  model::Network network = lively_network(&model::kGpt2);
  const at::Tensor before = network.parameter(kWeight).clone();
  const at::Tensor left = at::linspace(-1.37, 2.11, before.size(0)).unsqueeze(1);
  const at::Tensor right = at::linspace(0.013, 0.71, before.size(1)).unsqueeze(1);

  apply_update(network, {kWeight, LowRankUpdate{left, right}});

  const at::Tensor& after = network.parameter(kWeight);
  for (const auto& [row, entry] : {std::pair{0, 0}, {3, 17}, {15, 63}}) {
    volatile const float product = left[row].item<float>() * right[entry].item<float>();
    volatile const float sum = before[row][entry].item<float>() + product;
    EXPECT_EQ(after[row][entry].item<float>(), sum);
  }
}

TEST(LowRankUpdate, AppliesInOrderOneAtATime) {
  model::Network together = lively_network(&model::kGpt2);
  model::Network apart = lively_network(&model::kGpt2);
  const auto make = [&](double scale) {
    return ParameterUpdate{
        kWeight, LowRankUpdate{at::linspace(-scale, 1.0, 16).unsqueeze(1), at::linspace(0.1, scale, 64).unsqueeze(1)}};
  };
  const std::vector<ParameterUpdate> updates{make(0.7), make(1e-3), make(3.0)};
  apply_updates(together, updates);
  for (const ParameterUpdate& update : updates) {
    apply_update(apart, update);
  }
  EXPECT_TRUE(at::equal(together.parameter(kWeight), apart.parameter(kWeight)));
}

TEST(LowRankUpdate, LeavesTheBaseWeightsAlone) {
  model::Network network = lively_network(&model::kGpt2);
  const at::Tensor before = network.base()->tensor(kWeight).clone();
  apply_update(network, {kWeight, LowRankUpdate{at::ones({16, 1}), at::ones({64, 1})}});
  EXPECT_TRUE(at::equal(network.base()->tensor(kWeight), before));
  EXPECT_FALSE(at::equal(network.parameter(kWeight), before));
  EXPECT_EQ(network.edited_parameters(), std::vector<std::string>{kWeight});
}

TEST(LowRankUpdate, RefusesFactorsOfAnotherShape) {
  model::Network network = lively_network(&model::kGpt2);
  EXPECT_THROW(apply_update(network, {kWeight, LowRankUpdate{at::ones({64, 1}), at::ones({16, 1})}}), core::ModelError);
  EXPECT_THROW(apply_update(network, {kWeight, LowRankUpdate{at::ones({16, 2}), at::ones({64, 1})}}), core::ModelError);
  EXPECT_THROW(apply_update(network, {kWeight, LowRankUpdate{at::ones({16}), at::ones({64})}}), core::ModelError);
  EXPECT_TRUE(network.edited_parameters().empty());
}

TEST(DenseUpdate, StoresACopyOfTheValue) {
  model::Network network = lively_network(&model::kGpt2);
  const at::Tensor value = test::on_test_device(at::rand({16, 64}));
  const at::Tensor expected = value.clone();
  apply_update(network, {kWeight, DenseUpdate{value}});
  value.zero_();
  EXPECT_TRUE(at::equal(network.parameter(kWeight), expected));
}

TEST(DenseUpdate, RefusesAValueOfAnotherShape) {
  model::Network network = lively_network(&model::kGpt2);
  EXPECT_THROW(apply_update(network, {kWeight, DenseUpdate{at::ones({64, 16})}}), core::ModelError);
}

}  // namespace
}  // namespace lethe::editing
