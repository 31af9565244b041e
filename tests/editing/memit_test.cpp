#include "editing/memit/memit.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/error.h"
#include "editing/value_forward.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

using test::all_variants;
using test::byte_tokenizer;
using test::lively_network;
using test::memit_config;
using test::relative_difference;
using test::request_of;
using test::Variant;

// Subjects end their prompts, so that a value at the last layer's output has a say in the target.
const std::vector<data::EditRequest> kRequests{request_of("The home of {}", "Suao", "B"),
                                               request_of("{}", "Kelmo", "Cd"),
                                               request_of("We know that {}", "Ra", "E")};

EditStep step_of(const MemitMethod& method, const model::Network& network,
                 std::span<const data::EditRequest> requests) {
  EditOutcome outcome = method.compute(network, requests);
  return std::get<EditStep>(std::move(outcome));
}

at::Tensor product(const ParameterUpdate& update) {
  const auto& factors = std::get<LowRankUpdate>(update.change);
  return at::matmul(factors.left_OR, factors.right_IR.t());
}

EditPrompts prompts_of(const MemitConfig& config, const EditContexts& contexts, const data::EditRequest& request) {
  return make_edit_prompts(config, contexts, request, byte_tokenizer(), 96);
}

/// What a site holds at the subject's last token of every context row, one full forward a row.
at::Tensor plain_reading(const model::Network& network, const EditPrompts& prompts, int layer, model::Site site) {
  std::vector<at::Tensor> values;
  for (std::size_t row = 0; row < prompts.num_contexts(); ++row) {
    std::vector<model::Tap> taps{{layer, site, at::tensor(std::vector<std::int64_t>{prompts.subject_last[row]}), {}}};
    model::ForwardOptions options;
    options.taps = taps;
    const std::vector<std::vector<model::TokenId>> rows{prompts.key_rows[row]};
    static_cast<void>(
        network.forward_layers(network.embed(model::pad_rows(rows, test::test_device()).ids_BT), options));
    values.push_back(taps.front().value.squeeze(0));
  }
  return at::stack(values);
}

at::Tensor value_of(const model::Network& network, const MemitConfig& config, const EditPrompts& prompts) {
  const auto forward = suffix_forward(network, prompts, config.layers.back(), {ValueSite::kBlockOutput, -1});
  return optimize_value(network, config, prompts, *forward).value_D;
}

/// The published formula as it stands: a dense solve a layer, everything read by full forwards of changed weights.
std::vector<at::Tensor> plain_updates(const model::Network& network, const MemitConfig& config,
                                      const MethodInputs& inputs, std::span<const data::EditRequest> requests) {
  const at::NoGradGuard no_grad;
  std::vector<EditPrompts> prompts;
  std::vector<at::Tensor> values;
  for (const data::EditRequest& request : requests) {
    prompts.push_back(prompts_of(config, inputs.contexts, request));
    values.push_back(value_of(network, config, prompts.back()));
  }
  model::Network changed = network;
  std::vector<at::Tensor> updates;
  for (std::size_t index = 0; index < config.layers.size(); ++index) {
    const int layer = config.layers[index];
    std::vector<at::Tensor> keys;
    std::vector<at::Tensor> residuals;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      const at::Tensor keys_CF = plain_reading(changed, prompts[i], layer, model::Site::kProjectionInput);
      const at::Tensor prefixed = keys_CF.narrow(0, 1, keys_CF.size(0) - 1);
      keys.push_back(0.5 * keys_CF[0] + 0.5 * prefixed.mean(0));
      residuals.push_back(values[i] -
                          plain_reading(changed, prompts[i], config.layers.back(), model::Site::kBlockOutput)[0]);
    }
    const at::Tensor K = at::stack(keys, 1).to(at::kDouble);
    const at::Tensor R = at::stack(residuals, 1).to(at::kDouble) / static_cast<double>(config.layers.size() - index);
    const at::Tensor moment = test::on_test_device(inputs.second_moments.at(layer).moment_FF);
    const at::Tensor A = at::linalg_solve(config.mom2_update_weight * moment + K.mm(K.t()), K);
    updates.push_back(R.mm(A.t()));
    const std::string name = network.architecture().down_projection(layer).weight;
    changed.set_parameter(name, changed.parameter(name) + updates.back().to(network.dtype()));
  }
  return updates;
}

TEST(WeightedKey, HalvesOrAveragesByHand) {
  const at::Tensor keys =
      test::on_test_device(at::tensor(std::vector<double>{8, 0, 2, 3, 4, 5}, at::kDouble).view({3, 2}));
  const at::Tensor groups = weighted_key(keys, KeyWeights::kGroupMeans);
  EXPECT_EQ(groups[0].item<double>(), 5.5);  // (8 + (2 + 4) / 2) / 2
  EXPECT_EQ(groups[1].item<double>(), 2.0);  // (0 + (3 + 5) / 2) / 2
  const at::Tensor plain = weighted_key(keys, KeyWeights::kPlain);
  EXPECT_NEAR(plain[0].item<double>(), 14.0 / 3.0, 1e-15);
  EXPECT_TRUE(at::equal(weighted_key(keys.narrow(0, 0, 1), KeyWeights::kGroupMeans), keys[0]));
}

class Memit : public testing::TestWithParam<Variant> {};
INSTANTIATE_TEST_SUITE_P(AllVariants, Memit, testing::ValuesIn(all_variants()),
                         [](const auto& param) { return test::variant_name(param.param); });

TEST_P(Memit, SpreadsTheResidualAsThePublishedFormulaDoes) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  const bool is_float = GetParam().dtype == torch::kFloat32;
  for (const std::vector<int>& layers : {std::vector<int>{0, 1, 2}, {0, 2}, {1}, {0, 1}}) {
    const MemitConfig config = memit_config(layers);
    const MethodInputs inputs = test::inputs_of(network, layers);
    const MemitMethod method(config, inputs);
    for (const std::size_t num_requests : {1U, 3U}) {
      const auto requests = std::span(kRequests).first(num_requests);
      const auto expected = plain_updates(network, config, inputs, requests);
      const EditStep step = step_of(method, network, requests);
      ASSERT_EQ(step.updates.size(), layers.size());
      for (std::size_t i = 0; i < layers.size(); ++i) {
        EXPECT_EQ(step.updates[i].parameter, method.edited_parameters()[i]);
        EXPECT_EQ(std::get<LowRankUpdate>(step.updates[i].change).left_OR.size(1),
                  static_cast<std::int64_t>(num_requests));
        EXPECT_LT(relative_difference(product(step.updates[i]), expected[i]), is_float ? 1e-3 : 1e-9)
            << num_requests << " requests, layer " << layers[i];
      }
    }
  }
}

TEST(MemitMethod, WithoutObservedTokensTheKeysGetTheirValues) {
  for (const model::FamilySpec* family : {&model::kGpt2, &model::kGptj, &model::kLlama}) {
    const model::Network network = lively_network(family, torch::kFloat64);
    MemitConfig config = memit_config({1});
    config.mom2_update_weight = 1e-9;
    MethodInputs inputs = test::inputs_of(network, config.layers);
    inputs.contexts.templates = {"{}"};  // so that each key is that of the prompt which is asked
    model::Network edited = network;
    apply_updates(edited, step_of(MemitMethod(config, inputs), network, kRequests).updates);
    for (const data::EditRequest& request : kRequests) {
      const EditPrompts prompts = prompts_of(config, inputs.contexts, request);
      const at::Tensor output = plain_reading(edited, prompts, 1, model::Site::kBlockOutput)[0];
      EXPECT_LT(relative_difference(output, value_of(network, config, prompts)), 1e-6);
    }
  }
}

TEST_P(Memit, ObservedTokensHoldTheEditBack) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  double before = std::numeric_limits<double>::infinity();
  for (const double weight : {0.01, 1.0, 100.0}) {
    MemitConfig config = memit_config({0, 1});
    config.mom2_update_weight = weight;
    const EditStep step =
        step_of(MemitMethod(config, test::inputs_of(network, config.layers)), network, std::span(kRequests).first(1));
    EXPECT_LT(step.diagnostics.at("delta_norm"), before);
    before = step.diagnostics.at("delta_norm");
  }
}

TEST_P(Memit, EditMakesTheTargetLikelier) {
  model::Network network = lively_network(GetParam().family, GetParam().dtype);
  MemitConfig config = memit_config({0, 1});
  config.mom2_update_weight = 0.1;
  config.clamp_norm_factor = 4.0;
  // One target token, predicted at the subject itself: what a network of random weights can be taught.
  const std::vector<data::EditRequest> requests{request_of("Who is {}", "Suao", " ")};
  const auto target_log_prob = [&] {
    const std::vector<std::vector<model::TokenId>> rows{test::ids_of("Who is Suao")};
    return network.forward(model::pad_rows(rows, test::test_device()))[0][-1].log_softmax(0)[' '].item<double>();
  };
  const double before = target_log_prob();
  const MemitMethod method(config, test::inputs_of(network, config.layers));
  apply_updates(network, step_of(method, network, requests).updates);
  EXPECT_GT(target_log_prob(), before + 1.0);
}

TEST_P(Memit, DiagnosticsDescribeEveryLayer) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  const MemitConfig config = memit_config({0, 2});
  const MethodInputs inputs = test::inputs_of(network, config.layers);
  const EditStep step = step_of(MemitMethod(config, inputs), network, std::span(kRequests).first(1));
  const auto& seen = step.diagnostics;
  double squares = 0.0;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string suffix = ".layer_" + std::to_string(config.layers[i]);
    const double norm = product(step.updates[i]).norm().item<double>();
    EXPECT_NEAR(seen.at("delta_norm" + suffix), norm, 1e-5 * norm);
    squares += norm * norm;
  }
  EXPECT_NEAR(seen.at("delta_norm"), std::sqrt(squares), 1e-5 * std::sqrt(squares));
  EXPECT_EQ(seen.at("residual_norm"), seen.at("residual_norm.layer_0"));
  const auto& right = std::get<LowRankUpdate>(step.updates[0].change).right_IR.squeeze(1);
  const at::Tensor bare =
      plain_reading(network, prompts_of(config, inputs.contexts, kRequests[0]), 0, model::Site::kProjectionInput)[0];
  const double dot = (at::dot(bare, right) / right.norm()).item<double>();
  EXPECT_NEAR(seen.at("k0_dot_u.layer_0"), dot, 1e-4 * std::abs(dot));
  EXPECT_FALSE(step.losses.empty());
  EXPECT_TRUE(step.requests.empty());
}

TEST_P(Memit, ComputeIsPureAndValuesDoNotDependOnTheBatch) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  const MemitConfig config = memit_config({0, 1});
  const MemitMethod method(config, test::inputs_of(network, config.layers));
  const EditStep together = step_of(method, network, kRequests);
  const EditStep again = step_of(method, network, kRequests);
  EXPECT_TRUE(network.edited_parameters().empty());
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(at::equal(product(together.updates[i]), product(again.updates[i])));
  ASSERT_EQ(together.requests.size(), 3U);
  EXPECT_TRUE(together.losses.empty());
  for (std::size_t i = 0; i < 3; ++i) {
    const EditStep alone = step_of(method, network, std::span(kRequests).subspan(i, 1));
    EXPECT_EQ(together.trace_of(i).losses, alone.trace_of(0).losses);
    // A norm over one column of three may be summed in another order.
    const double norm = alone.trace_of(0).diagnostics.at("residual_norm");
    EXPECT_NEAR(together.trace_of(i).diagnostics.at("residual_norm"), norm, 1e-12 * norm);
  }
}

TEST(MemitValue, GradientsAtTheBlockOutputMatchFiniteDifferences) {
  for (const model::FamilySpec* family : {&model::kGpt2, &model::kGptj, &model::kLlama}) {
    const model::Network network = lively_network(family, torch::kFloat64);
    const MemitConfig config = memit_config({0, 1});
    const EditPrompts prompts = prompts_of(config, test::some_contexts(), kRequests[1]);
    const auto forward = suffix_forward(network, prompts, 1, {ValueSite::kBlockOutput, 0});
    ValueObjective objective(network, config, prompts, *forward);
    static_cast<void>(objective.evaluate(test::on_test_device(at::zeros(16, at::kDouble))));
    const at::Tensor delta = (test::uniform_matrix("delta", 1, 16)[0] * 0.3).requires_grad_();
    const at::Tensor gradient = torch::autograd::grad({objective.evaluate(delta).total}, {delta}).front();
    const at::NoGradGuard no_grad;
    for (std::int64_t i = 0; i < 16; ++i) {
      constexpr double kStep = 1e-6;
      const auto loss_at = [&](double shift) {
        at::Tensor moved = delta.detach().clone();
        moved[i] += shift;
        return objective.evaluate(moved).total.item<double>();
      };
      EXPECT_NEAR(gradient[i].item<double>(), (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep), 1e-7);
    }
  }
}

TEST(MemitMethod, RecordsAnOptimisationThatIsNotFiniteForAllItsRequests) {
  model::Network network = lively_network(&model::kGpt2);
  const MemitConfig config = memit_config({0, 1});
  const MemitMethod method(config, test::inputs_of(network, config.layers));
  const std::string name = "transformer.ln_f.bias";
  network.set_parameter(name, at::full_like(network.parameter(name), std::numeric_limits<float>::quiet_NaN()));
  const EditOutcome outcome = method.compute(network, kRequests);
  const auto& failure = std::get<EditFailure>(outcome);
  EXPECT_EQ(failure.status, core::EditStatus::kNonFinite);
  EXPECT_THAT(failure.reason, testing::HasSubstr("optimisation"));
  EXPECT_EQ(failure.trace_of(0).losses.size(), 1U);
  EXPECT_TRUE(failure.trace_of(2).losses.empty()) << "was not begun";
}

TEST(MemitMethod, RecordsFactorsThatAreNotFinite) {
  model::Network network = lively_network(&model::kGpt2);
  MemitConfig config = memit_config({0, 1});
  config.v_num_grad_steps = 1;
  config.mom2_update_weight = 1e-300;
  const MemitMethod method(config, test::inputs_of(network, config.layers));
  // Keys so small that what maps them onto a value exceeds single precision.
  for (const char* part : {"weight", "bias"}) {
    const std::string name = std::string("transformer.h.1.mlp.c_fc.") + part;
    network.set_parameter(name, at::full_like(network.parameter(name), part[0] == 'w' ? 0.0 : 1e-42));
  }
  const EditOutcome outcome = method.compute(network, std::span(kRequests).first(1));
  ASSERT_TRUE(std::holds_alternative<EditFailure>(outcome));
  EXPECT_THAT(std::get<EditFailure>(outcome).reason, testing::HasSubstr("factors of layer 1"));
}

TEST(MemitMethod, RefusesWhatItCannotWorkWith) {
  const model::Network network = lively_network(&model::kGpt2);
  const MethodInputs inputs = test::inputs_of(network, std::vector<int>{0, 1});
  for (const std::vector<int>& layers : {std::vector<int>{}, {1, 0}, {1, 1}, {0, 3}, {-1, 0}}) {
    EXPECT_THROW(MemitMethod(memit_config(layers), inputs), core::ConfigError);
  }
  EXPECT_THROW(MemitMethod(memit_config({0, 2}), inputs), core::DataError);  // no moments of layer 2
  MethodInputs no_bare = inputs;
  no_bare.contexts.templates = {"A. {}"};
  EXPECT_THROW(MemitMethod(memit_config({0, 1}), no_bare), core::DataError);
  const MemitMethod method(memit_config({0, 1}), inputs);
  EXPECT_THROW(static_cast<void>(method.compute(network, {})), std::invalid_argument);
  const std::vector<data::EditRequest> lost{request_of("{} is", " ", "B")};
  EXPECT_THROW(static_cast<void>(method.compute(network, lost)), core::DataError);
  EXPECT_FALSE(method.is_dense());
}

}  // namespace
}  // namespace lethe::editing
