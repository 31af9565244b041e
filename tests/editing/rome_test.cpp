#include "editing/rome/rome.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "editing/value_forward.h"
#include "editing/value_optimization.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

using test::all_variants;
using test::byte_tokenizer;
using test::inputs_of;
using test::lively_network;
using test::relative_difference;
using test::request_of;
using test::Variant;

const data::EditRequest kRequest = request_of("The home of {} is", "Suao", "B");

EditStep step_of(const RomeMethod& method, const model::Network& network, const data::EditRequest& request = kRequest) {
  EditOutcome outcome = method.compute(network, std::span(&request, 1));
  return std::get<EditStep>(std::move(outcome));
}

const LowRankUpdate& factors(const EditStep& step) { return std::get<LowRankUpdate>(step.updates.at(0).change); }

/// Projection input and output of the bare prompt at the subject's last token.
SubjectStates bare_states(const model::Network& network, const data::EditRequest& request, int layer) {
  const EditPrompts prompts = make_edit_prompts({}, {{"{}"}}, request, byte_tokenizer(), 96);
  return plain_forward(network, prompts, layer)->subject_states();
}

class Rome : public testing::TestWithParam<Variant> {};
INSTANTIATE_TEST_SUITE_P(AllVariants, Rome, testing::ValuesIn(all_variants()),
                         [](const auto& param) { return test::variant_name(param.param); });

TEST_P(Rome, EditedProjectionMapsTheKeyToTheValue) {
  model::Network network = lively_network(GetParam().family, GetParam().dtype);
  const RomeMethod method(test::rome_config(1), inputs_of(network, 1));
  const EditStep step = step_of(method, network);
  const SubjectStates before = bare_states(network, kRequest, 1);
  apply_updates(network, step.updates);
  const SubjectStates after = bare_states(network, kRequest, 1);

  // The key of the bare prompt has not moved; its output has, by exactly v* - y0 = right (k0 . u).
  const double tolerance = GetParam().dtype == torch::kFloat32 ? 1e-5 : 1e-12;
  EXPECT_LT(relative_difference(after.keys_CF, before.keys_CF), tolerance);
  const at::Tensor expected = before.outputs_CD[0] + factors(step).left_OR.squeeze(1) * step.diagnostics.at("k0_dot_u");
  EXPECT_LT(relative_difference(after.outputs_CD[0], expected), tolerance);
  EXPECT_NEAR((expected - before.outputs_CD[0]).norm().item<double>(), step.diagnostics.at("residual_norm"),
              1e-4 * step.diagnostics.at("residual_norm"));
  EXPECT_NEAR(expected.norm().item<double>() / before.outputs_CD[0].norm().item<double>(),
              step.diagnostics.at("value_norm_ratio"), 1e-4 * step.diagnostics.at("value_norm_ratio"));
}

TEST_P(Rome, EditMakesTheTargetLikelier) {
  model::Network network = lively_network(GetParam().family, GetParam().dtype);
  const RomeMethod method(test::rome_config(0), inputs_of(network, 0));
  // One target token, predicted at the subject itself: what a network of random weights can be taught.
  const data::EditRequest request = request_of("Who is {}", "Suao", " ");
  const auto target_log_prob = [&] {
    const std::vector<std::vector<model::TokenId>> rows{test::ids_of("Who is Suao")};
    return network.forward(model::pad_rows(rows, test::test_device()))[0][-1].log_softmax(0)[' '].item<double>();
  };
  const double before = target_log_prob();
  apply_updates(network, step_of(method, network, request).updates);
  EXPECT_GT(target_log_prob(), before + 1.0);
}

TEST_P(Rome, DirectionIsTheUnitSolutionOfTheSecondMoment) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  const MethodInputs inputs = inputs_of(network, 1);
  const at::Tensor moment = test::on_test_device(inputs.second_moments.at(1).moment_FF);
  const EditStep step = step_of(RomeMethod(test::rome_config(1), inputs), network);
  const EditPrompts prompts = make_edit_prompts({}, test::some_contexts(), kRequest, byte_tokenizer(), 96);
  const at::Tensor mean_key = plain_forward(network, prompts, 1)->subject_states().keys_CF.mean(0);
  const at::Tensor u = factors(step).right_IR.squeeze(1).to(at::kDouble);
  EXPECT_EQ(factors(step).right_IR.scalar_type(), GetParam().dtype);
  EXPECT_NEAR(u.norm().item<double>(), 1.0, 1e-6);
  const at::Tensor back = at::mv(moment, u);
  EXPECT_LT(relative_difference(back / back.norm(), mean_key / mean_key.norm()), 1e-4);
}

TEST_P(Rome, WithoutAdjustmentDirectionIsTheMeanKey) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  RomeConfig config = test::rome_config(1);
  config.mom2_adjustment = false;
  MethodInputs inputs = inputs_of(network, 1);
  inputs.second_moments.clear();
  const EditStep step = step_of(RomeMethod(config, inputs), network);
  const EditPrompts prompts = make_edit_prompts({}, test::some_contexts(), kRequest, byte_tokenizer(), 96);
  const at::Tensor mean_key = plain_forward(network, prompts, 1)->subject_states().keys_CF.mean(0);
  EXPECT_LT(relative_difference(factors(step).right_IR.squeeze(1), mean_key / mean_key.norm()), 1e-5);
}

TEST_P(Rome, ContextMeanUsesOneKeyThroughout) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  RomeConfig config = test::rome_config(1);
  const EditStep published = step_of(RomeMethod(config, inputs_of(network, 1)), network);
  config.residual_key = ResidualKey::kContextMean;
  const EditStep corrected = step_of(RomeMethod(config, inputs_of(network, 1)), network);
  EXPECT_TRUE(at::equal(factors(published).right_IR, factors(corrected).right_IR));
  EXPECT_FALSE(at::equal(factors(published).left_OR, factors(corrected).left_OR));
  EXPECT_EQ(published.losses, corrected.losses);
  EXPECT_NEAR(corrected.diagnostics.at("key_cosine"), 1.0, 1e-6);
  EXPECT_LT(published.diagnostics.at("key_cosine"), 1.0 - 1e-6);

  // The mean key, not the bare one, is mapped to v* from the mean output.
  const EditPrompts prompts = make_edit_prompts({}, test::some_contexts(), kRequest, byte_tokenizer(), 96);
  const SubjectStates states = plain_forward(network, prompts, 1)->subject_states();
  const double key_dot_u = at::dot(states.keys_CF.mean(0), factors(corrected).right_IR.squeeze(1)).item<double>();
  EXPECT_NEAR(corrected.diagnostics.at("k0_dot_u"), key_dot_u, 1e-5 * std::abs(key_dot_u));
}

TEST_P(Rome, RandomPrefixFormMapsTheMeanKeyToTheValue) {
  model::Network network = lively_network(GetParam().family, GetParam().dtype);
  RRomeConfig config;
  config.layer = 1;
  const RomeMethod method(config, inputs_of(network, 1));
  const EditStep step = step_of(method, network);
  const EditPrompts prompts = make_edit_prompts({}, test::some_contexts(), kRequest, byte_tokenizer(), 96);
  const auto forward = suffix_forward(network, prompts, 1);
  const at::Tensor value = optimize_value(network, config, prompts, *forward).value_D;
  const at::Tensor mean_key = plain_forward(network, prompts, 1)->subject_states().keys_CF.mean(0);
  apply_updates(network, step.updates);
  const model::ParameterNames names = network.architecture().down_projection(1);
  at::Tensor output = at::mv(network.parameter(names.weight), mean_key);
  if (names.bias) output = output + network.parameter(*names.bias);
  EXPECT_LT(relative_difference(output, value), GetParam().dtype == torch::kFloat32 ? 1e-4 : 1e-10);
  EXPECT_NEAR(step.diagnostics.at("key_cosine"), 1.0, 1e-6);
}

TEST_P(Rome, PromptKeysFormUsesTheBareKeyThroughout) {
  model::Network network = lively_network(GetParam().family, GetParam().dtype);
  RRomeConfig config;
  config.layer = 1;
  config.form = RRomeForm::kPromptKeys;
  const MethodInputs inputs = inputs_of(network, 1);
  const EditStep step = step_of(RomeMethod(config, inputs), network);
  const SubjectStates before = bare_states(network, kRequest, 1);
  const at::Tensor expected_u = at::linalg_solve(test::on_test_device(inputs.second_moments.at(1).moment_FF),
                                                 before.keys_CF[0].to(at::kDouble).unsqueeze(1))
                                    .squeeze(1);
  const bool is_float = GetParam().dtype == torch::kFloat32;
  EXPECT_LT(relative_difference(factors(step).right_IR.squeeze(1), expected_u / expected_u.norm()),
            is_float ? 1e-3 : 1e-8);
  EXPECT_NEAR(step.diagnostics.at("key_cosine"), 1.0, 1e-6);
  // W_new k0 + b = v*, and v* - y0 is delta, whose length is the residual's.
  apply_updates(network, step.updates);
  const at::Tensor change = bare_states(network, kRequest, 1).outputs_CD[0] - before.outputs_CD[0];
  EXPECT_NEAR(change.norm().item<double>(), step.diagnostics.at("residual_norm"),
              1e-4 * step.diagnostics.at("residual_norm"));
}

TEST_P(Rome, ComputeLeavesTheNetworkAlone) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  const at::Tensor before =
      network.parameter(RomeMethod(test::rome_config(1), inputs_of(network, 1)).edited_parameters()[0]).clone();
  const RomeMethod method(test::rome_config(1), inputs_of(network, 1));
  const EditStep first = step_of(method, network);
  const EditStep second = step_of(method, network);
  EXPECT_TRUE(network.edited_parameters().empty());
  EXPECT_TRUE(at::equal(network.parameter(method.edited_parameters()[0]), before));
  EXPECT_TRUE(at::equal(factors(first).left_OR, factors(second).left_OR));
  EXPECT_EQ(first.losses, second.losses);
  EXPECT_EQ(first.diagnostics, second.diagnostics);
}

TEST(RomeMethod, NamesTheProjectionOfItsLayer) {
  const model::Network gpt2 = lively_network(&model::kGpt2);
  const model::Network gptj = lively_network(&model::kGptj);
  EXPECT_EQ(RomeMethod(test::rome_config(2), inputs_of(gpt2, 2)).edited_parameters(),
            std::vector<std::string>{"transformer.h.2.mlp.c_proj.weight"});
  EXPECT_EQ(RomeMethod(test::rome_config(2), inputs_of(gptj, 2)).edited_parameters(),
            std::vector<std::string>{"transformer.h.2.mlp.fc_out.weight"});
  EXPECT_FALSE(RomeMethod(test::rome_config(2), inputs_of(gptj, 2)).is_dense());
}

TEST(RomeMethod, RecordsAnOptimisationThatIsNotFinite) {
  model::Network network = lively_network(&model::kGpt2);
  const RomeMethod method(test::rome_config(1), inputs_of(network, 1));
  const std::string name = "transformer.ln_f.bias";
  network.set_parameter(name, at::full_like(network.parameter(name), std::numeric_limits<float>::quiet_NaN()));
  const EditOutcome outcome = method.compute(network, std::span(&kRequest, 1));
  const auto& failure = std::get<EditFailure>(outcome);
  EXPECT_EQ(failure.status, core::EditStatus::kNonFinite);
  EXPECT_THAT(failure.reason, testing::HasSubstr("optimisation"));
  EXPECT_EQ(failure.losses.size(), 1U);
}

TEST(RomeMethod, RecordsFactorsThatAreNotFinite) {
  model::Network network = lively_network(&model::kGpt2);
  const RomeMethod method(test::rome_config(1), inputs_of(network, 1));
  // Without inner activations the key is zero, and so is its product with any direction.
  for (const char* part : {"weight", "bias"}) {
    const std::string name = std::string("transformer.h.1.mlp.c_fc.") + part;
    network.set_parameter(name, at::zeros_like(network.parameter(name)));
  }
  const EditOutcome outcome = method.compute(network, std::span(&kRequest, 1));
  const auto& failure = std::get<EditFailure>(outcome);
  EXPECT_EQ(failure.status, core::EditStatus::kNonFinite);
  EXPECT_THAT(failure.reason, testing::HasSubstr("factors"));
  EXPECT_FALSE(failure.losses.empty());
}

TEST(RomeMethod, RefusesWhatItCannotWorkWith) {
  const model::Network network = lively_network(&model::kGpt2);
  EXPECT_THROW(RomeMethod(test::rome_config(3), inputs_of(network, 1)), core::ConfigError);
  EXPECT_THROW(RomeMethod(test::rome_config(0), inputs_of(network, 1)), core::DataError);  // moments of layer 1
  MethodInputs no_bare = inputs_of(network, 1);
  no_bare.contexts.templates = {"A. {}"};
  EXPECT_THROW(RomeMethod(test::rome_config(1), no_bare), core::DataError);
  const RomeMethod method(test::rome_config(1), inputs_of(network, 1));
  const std::vector<data::EditRequest> two{kRequest, kRequest};
  EXPECT_THROW(static_cast<void>(method.compute(network, two)), std::invalid_argument);
}

TEST(RomeMethod, TakesAFactorThatItsCallerKeeps) {
  const model::Network network = lively_network(&model::kGpt2);
  MethodInputs inputs = inputs_of(network, 1);
  const EditStep expected = step_of(RomeMethod(test::rome_config(1), inputs), network);
  SecondMoment& moment = inputs.second_moments.at(1);
  moment.factor = std::make_shared<const MomentFactor>(moment, 1, test::test_device());
  moment.moment_FF = at::Tensor();
  EXPECT_TRUE(at::equal(factors(step_of(RomeMethod(test::rome_config(1), inputs), network)).left_OR,
                        factors(expected).left_OR));
}

}  // namespace
}  // namespace lethe::editing
