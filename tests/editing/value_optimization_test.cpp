#include "editing/value_optimization.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "tests/editing/editing_fixture.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

using test::byte_tokenizer;
using test::lively_network;
using test::relative_difference;
using test::request_of;
using test::some_contexts;

const data::EditRequest kRequestToValue = request_of("The home of {} is", "Suao", "Xy");

EditPrompts prompts_of(const RomeConfig& config) {
  return make_edit_prompts(config, some_contexts(), kRequestToValue, byte_tokenizer(), 96);
}

at::Tensor some_delta() { return test::on_test_device(at::linspace(-0.8, 1.1, 16, at::kDouble).sin()); }

class ValueOptimization : public testing::TestWithParam<const model::FamilySpec*> {};
INSTANTIATE_TEST_SUITE_P(Families, ValueOptimization,
                         testing::Values(&model::kGpt2, &model::kGptj, &model::kLlama, &model::kQwen2, &model::kQwen3),
                         [](const auto& param) { return std::string(param.param->name); });

TEST_P(ValueOptimization, GradientMatchesFiniteDifferences) {
  const model::Network network = lively_network(GetParam(), torch::kFloat64);
  for (const DecayNorm norm : {DecayNorm::kPlain, DecayNorm::kSquared}) {
    RomeConfig config = test::rome_config(1);
    config.decay_norm = norm;
    config.kl_factor = 0.7;
    const EditPrompts prompts = prompts_of(config);
    const auto forward = suffix_forward(network, prompts, 1);
    ValueObjective objective(network, config, prompts, *forward);
    static_cast<void>(objective.evaluate(at::zeros_like(some_delta())));
    const at::Tensor delta = some_delta().requires_grad_();
    const at::Tensor gradient = torch::autograd::grad({objective.evaluate(delta).total}, {delta}).front();
    const at::NoGradGuard no_grad;
    const double h = 1e-5;
    for (std::int64_t i = 0; i < 16; ++i) {
      at::Tensor step = at::zeros_like(some_delta());
      step[i] = h;
      const double up = objective.evaluate(some_delta() + step).total.item<double>();
      const double down = objective.evaluate(some_delta() - step).total.item<double>();
      EXPECT_NEAR(gradient[i].item<double>(), (up - down) / (2 * h), 1e-8) << "coordinate " << i;
    }
  }
}

TEST_P(ValueOptimization, LossIsTheSumOfItsHandComputedTerms) {
  const model::Network network = lively_network(GetParam(), torch::kFloat64);
  const RomeConfig config = test::rome_config(1);
  const EditPrompts prompts = prompts_of(config);
  const auto forward = plain_forward(network, prompts, 1);
  ValueObjective objective(network, config, prompts, *forward);
  const at::Tensor zero = at::zeros_like(some_delta());
  const at::Tensor original = network.logits(forward->scored_hidden(zero)).log_softmax(1);
  const at::Tensor changed = network.logits(forward->scored_hidden(some_delta())).log_softmax(1);
  static_cast<void>(objective.evaluate(zero));
  const ValueLoss loss = objective.evaluate(some_delta());

  const auto num_targets = static_cast<std::int64_t>(prompts.target_ids.size());
  ASSERT_EQ(num_targets, 3);
  double nll = 0.0;
  for (std::int64_t row = 0; row < 4; ++row) {
    for (std::int64_t j = 0; j < num_targets; ++j) {
      nll -= changed[row * num_targets + j][prompts.target_ids[static_cast<std::size_t>(j)]].item<double>();
    }
  }
  EXPECT_NEAR(loss.nll.item<double>(), nll / 12, 1e-12);
  double kl = 0.0;
  for (std::int64_t v = 0; v < 257; ++v) {
    const double log_p = changed[12][v].item<double>();
    kl += std::exp(log_p) * (log_p - original[12][v].item<double>());
  }
  EXPECT_GT(kl, 1e-4);
  EXPECT_NEAR(loss.kl.item<double>(), 0.0625 * kl, 1e-12);
  const double norm0 = forward->initial_value().norm().item<double>();
  EXPECT_NEAR(loss.decay.item<double>(), 0.5 * some_delta().norm().item<double>() / (norm0 * norm0), 1e-12);
  EXPECT_NEAR(loss.total.item<double>(), (loss.nll + loss.kl + loss.decay).item<double>(), 1e-14);
}

TEST_P(ValueOptimization, FastAndPlainPathsFindTheSameValue) {
  const model::Network network = lively_network(GetParam(), torch::kFloat64);
  const RomeConfig config = test::rome_config(1);
  const EditPrompts prompts = prompts_of(config);
  const OptimizedValue fast = optimize_value(network, config, prompts, *suffix_forward(network, prompts, 1));
  const OptimizedValue plain = optimize_value(network, config, prompts, *plain_forward(network, prompts, 1));
  EXPECT_EQ(fast.num_updates, plain.num_updates);
  EXPECT_LT(relative_difference(fast.value_D, plain.value_D), 1e-10);
}

TEST_P(ValueOptimization, FirstLossesOfBothPathsAgreeInSinglePrecision) {
  const model::Network network = lively_network(GetParam());
  const RomeConfig config = test::rome_config(1);
  const EditPrompts prompts = prompts_of(config);
  const OptimizedValue fast = optimize_value(network, config, prompts, *suffix_forward(network, prompts, 1));
  const OptimizedValue plain = optimize_value(network, config, prompts, *plain_forward(network, prompts, 1));
  for (std::size_t step = 0; step < 4; ++step) {
    EXPECT_NEAR(fast.losses[step], plain.losses[step], 1e-4 * std::abs(plain.losses[step])) << "step " << step;
  }
}

TEST_P(ValueOptimization, MakesOneUpdateFewerThanLossesAndLowersTheLoss) {
  const model::Network network = lively_network(GetParam());
  RomeConfig config = test::rome_config(0);
  config.early_stop_loss = 0.0;
  const EditPrompts prompts =
      make_edit_prompts(config, some_contexts(), request_of("Who is {}", "Suao", " "), byte_tokenizer(), 96);
  const OptimizedValue value = optimize_value(network, config, prompts, *suffix_forward(network, prompts, 0));
  EXPECT_EQ(value.losses.size(), 20U);
  EXPECT_EQ(value.num_updates, 19);
  EXPECT_LT(value.losses.back(), 0.8 * value.losses.front());
  EXPECT_TRUE(value.is_finite);
}

TEST_P(ValueOptimization, StopsBeforeTheStepOnceTheLossIsLow) {
  const model::Network network = lively_network(GetParam());
  RomeConfig config = test::rome_config(0);
  config.early_stop_loss = 1e9;
  const EditPrompts prompts = prompts_of(config);
  const OptimizedValue value = optimize_value(network, config, prompts, *suffix_forward(network, prompts, 0));
  EXPECT_EQ(value.losses.size(), 1U);
  EXPECT_EQ(value.num_updates, 0);
  EXPECT_EQ(value.delta_D.abs().max().item<double>(), 0.0);
}

TEST_P(ValueOptimization, KeepsDeltaWithinItsBall) {
  const model::Network network = lively_network(GetParam(), torch::kFloat64);
  RomeConfig config = test::rome_config(0);
  config.clamp_norm_factor = 0.25;
  const EditPrompts prompts = prompts_of(config);
  const auto forward = suffix_forward(network, prompts, 0);
  const double radius = 0.25 * forward->initial_value().norm().item<double>();
  EXPECT_LE(optimize_value(network, config, prompts, *forward).delta_D.norm().item<double>(), radius * (1 + 1e-12));
  config.v_num_grad_steps = 2;  // the first update leaves the ball, whatever the gradient
  EXPECT_NEAR(optimize_value(network, config, prompts, *forward).delta_D.norm().item<double>(), radius, 1e-12);
}

TEST_P(ValueOptimization, FirstUpdateMovesEveryCoordinateByTheRate) {
  const model::Network network = lively_network(GetParam(), torch::kFloat64);
  RomeConfig config = test::rome_config(0);
  config.v_num_grad_steps = 2;
  config.clamp_norm_factor = 1e6;
  const EditPrompts prompts = prompts_of(config);
  const OptimizedValue value = optimize_value(network, config, prompts, *suffix_forward(network, prompts, 0));
  EXPECT_EQ(value.num_updates, 1);
  EXPECT_NEAR(value.delta_D.norm().item<double>(), 0.5 * 4.0, 1e-4);  // 0.5 sqrt(16)
}

TEST_P(ValueOptimization, QuirksChangeTheLossOnlyWhereTheyAct) {
  const model::Network network = lively_network(GetParam(), torch::kFloat64);
  const auto losses = [&](const RomeConfig& config) {
    const EditPrompts prompts = prompts_of(config);
    return optimize_value(network, config, prompts, *suffix_forward(network, prompts, 1)).losses;
  };
  RomeConfig published = test::rome_config(1);
  published.kl_factor = 1.0;
  published.v_weight_decay = 5.0;
  const auto expected = losses(published);
  RomeConfig kl_last = published;
  kl_last.kl_position = KlPosition::kLast;
  RomeConfig squared = published;
  squared.decay_norm = DecayNorm::kSquared;
  for (const auto& changed : {losses(kl_last), losses(squared)}) {
    EXPECT_EQ(changed[0], expected[0]);  // at delta = 0 both terms are zero
    EXPECT_NE(changed[1], expected[1]);
  }
}

TEST_P(ValueOptimization, ReportsALossThatIsNotFinite) {
  model::Network network = lively_network(GetParam());
  const std::string name = network.architecture().names_of(model::Role::kFinalNorm).weight;
  network.set_parameter(name, at::full_like(network.parameter(name), std::numeric_limits<float>::infinity()));
  const RomeConfig config = test::rome_config(1);
  const EditPrompts prompts = prompts_of(config);
  const OptimizedValue value = optimize_value(network, config, prompts, *suffix_forward(network, prompts, 1));
  EXPECT_FALSE(value.is_finite);
  EXPECT_EQ(value.losses.size(), 1U);
}

TEST_P(ValueOptimization, WorksUnderACallersNoGradGuard) {
  const model::Network network = lively_network(GetParam());
  const RomeConfig config = test::rome_config(1);
  const EditPrompts prompts = prompts_of(config);
  const at::NoGradGuard no_grad;
  EXPECT_GT(optimize_value(network, config, prompts, *suffix_forward(network, prompts, 1)).num_updates, 0);
}

}  // namespace
}  // namespace lethe::editing
