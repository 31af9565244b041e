// Matrices held in a narrower type than the one that is computed in.

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "tests/model/tiny_networks.h"

namespace lethe::model {
namespace {

/// A value, its gradient, and a gradient of that gradient, as methods take them.
std::vector<torch::Tensor> value_and_gradients(const Network& network) {
  const std::vector<std::vector<TokenId>> texts{testing::token_row(1, 5), testing::token_row(2, 5)};
  const auto rows = pad_rows(texts, testing::test_device());
  auto hidden = network.embed(rows.ids_BT).requires_grad_();
  const auto value = network.logits(network.forward_layers(hidden)).log_softmax(-1).select(-1, 7).sum();
  const auto first = torch::autograd::grad({value}, {hidden}, {}, true, true).front();
  const auto second = torch::autograd::grad({first.square().sum()}, {hidden}).front();
  return {value.detach(), first.detach(), second};
}

TEST(HeldAsStored, GivesTheBitsOfWidenedWeightsThroughGradients) {
  for (const auto* family : all_families()) {
    const auto full = testing::formula_weights(family, torch::kFloat32);
    for (const auto dtype : {torch::kFloat16, torch::kBFloat16}) {
      std::map<std::string, torch::Tensor> narrow;
      std::map<std::string, torch::Tensor> widened;
      for (const auto& [name, tensor] : full->all_held()) {
        // Projections in the layout of a family that stores them turned, too.
        const auto turned = tensor.dim() == 2 ? tensor.t().contiguous().t() : tensor;
        narrow.emplace(name, tensor.dim() == 2 ? turned.to(dtype) : turned.to(dtype).to(torch::kFloat32));
        widened.emplace(name, turned.to(dtype).to(torch::kFloat32));
      }
      const auto stored = value_and_gradients(Network(std::make_shared<Weights>(full->architecture(), narrow)));
      const auto plain = value_and_gradients(Network(std::make_shared<Weights>(full->architecture(), widened)));
      for (std::size_t i = 0; i < plain.size(); ++i) {
        EXPECT_GT(plain[i].abs().max().item<double>(), 0.0);
        EXPECT_TRUE(torch::equal(stored[i], plain[i])) << family->name << " " << dtype << " " << i;
      }
    }
  }
}

TEST(HeldAsStored, RefusesAGradientOfABiasBesideSuchAWeight) {
  const auto weight = torch::ones({2, 3}, torch::kBFloat16);
  const auto bias = torch::zeros({2}).requires_grad_();
  EXPECT_THROW(linear(torch::ones({1, 3}), {weight, bias}), std::logic_error);
}

}  // namespace
}  // namespace lethe::model
