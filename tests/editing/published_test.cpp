// Against numbers recorded from the published programs: golden/README.md.

#include <fstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "editing/edit_method.h"
#include "editing/value_forward.h"
#include "editing/value_optimization.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

using nlohmann::json;
using test::byte_tokenizer;
using test::lively_network;
using test::relative_difference;

const json& published() {
  static const json recorded = json::parse(std::ifstream(LETHE_SOURCE_DIR "/tests/editing/golden/published.json"));
  return recorded;
}

at::Tensor tensor_of(const json& values) { return at::tensor(values.get<std::vector<double>>(), at::kDouble); }

data::EditRequest request_of(const json& recorded) {
  return test::request_of(recorded.at("prompt"), recorded.at("subject"), recorded.at("target"));
}

SecondMoment recorded_moment() {
  const at::Tensor rows = test::uniform_matrix("second moment", 200, 64).cpu();
  return {.moment_FF = at::matmul(rows.t(), rows) / 200 + 0.05 * at::eye(64, at::kDouble), .count = 200, .factor = {}};
}

MethodInputs recorded_inputs(const model::Network& network) {
  return {network,
          byte_tokenizer(),
          {published().at("contexts").get<std::vector<std::string>>()},
          {{published().at("rome_layer").get<int>(), recorded_moment()}}};
}

class PublishedCode : public testing::TestWithParam<const model::FamilySpec*> {
 protected:
  [[nodiscard]] const json& recorded() const { return published().at("models").at(std::string(GetParam()->name)); }
  const model::Network network_ = lively_network(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Families, PublishedCode, testing::Values(&model::kGpt2, &model::kGptj),
                         [](const auto& param) { return std::string(param.param->name); });

TEST_P(PublishedCode, ModelsAreTheSame) {
  const std::vector<std::vector<model::TokenId>> rows{test::ids_of("The home of Suao is")};
  const at::Tensor logits = network_.forward(model::pad_rows(rows, test::test_device()))[0][-1].narrow(0, 0, 8);
  EXPECT_LT(relative_difference(logits, tensor_of(recorded().at("logits"))), 1e-5);
}

TEST_P(PublishedCode, RomeFindsTheSameKeysAndDirection) {
  RomeConfig config = test::rome_config(published().at("rome_layer"));
  for (const json& edit : recorded().at("rome")) {
    const data::EditRequest request = request_of(edit);
    const EditPrompts prompts =
        make_edit_prompts(config, recorded_inputs(network_).contexts, request, byte_tokenizer(), 96);
    const auto forward = suffix_forward(network_, prompts, config.layer);
    EXPECT_LT(relative_difference(forward->subject_states().keys_CF[0], tensor_of(edit.at("k0"))), 1e-5);
    EXPECT_LT(relative_difference(forward->subject_states().outputs_CD[0], tensor_of(edit.at("y0"))), 1e-5);
    const auto outcome = make_method(config, recorded_inputs(network_))->compute(network_, std::span(&request, 1));
    const auto& factors = std::get<LowRankUpdate>(std::get<EditStep>(outcome).updates.at(0).change);
    EXPECT_LT(relative_difference(factors.right_IR.squeeze(1), tensor_of(edit.at("u"))), 1e-4);
  }
}

TEST_P(PublishedCode, RomeWalksDownTheSameLosses) {
  const RomeConfig config = test::rome_config(published().at("rome_layer"));
  for (const json& edit : recorded().at("rome")) {
    const EditPrompts prompts =
        make_edit_prompts(config, recorded_inputs(network_).contexts, request_of(edit), byte_tokenizer(), 96);
    const auto forward = suffix_forward(network_, prompts, config.layer);
    const OptimizedValue value = optimize_value(network_, config, prompts, *forward);
    const json& terms = edit.at("loss_terms");
    ASSERT_EQ(value.losses.size(), terms.size());
    for (std::size_t step = 0; step < terms.size(); ++step) {
      // Rounding grows with every Adam step; the first four must agree closely.
      const double expected = terms[step][0].get<double>();
      EXPECT_NEAR(value.losses[step], expected, expected * (step < 4 ? 1e-4 : 1e-2)) << "step " << step;
    }
    EXPECT_NEAR(value.nll, terms.back()[1].get<double>(), 1e-2 * terms.back()[1].get<double>());
    EXPECT_NEAR(value.kl, terms.back()[2].get<double>(), 1e-2 * terms.back()[0].get<double>());
  }
}

TEST_P(PublishedCode, RomeMakesTheSameUpdate) {
  const RomeConfig config = test::rome_config(published().at("rome_layer"));
  for (const json& edit : recorded().at("rome")) {
    const data::EditRequest request = request_of(edit);
    const auto outcome = make_method(config, recorded_inputs(network_))->compute(network_, std::span(&request, 1));
    const auto& factors = std::get<LowRankUpdate>(std::get<EditStep>(outcome).updates.at(0).change);
    EXPECT_LT(relative_difference(factors.left_OR.squeeze(1), tensor_of(edit.at("right"))), 1e-2);
  }
}

TEST_P(PublishedCode, FineTuningTakesTheSameSteps) {
  FineTuneConfig config = test::fine_tune_config(published().at("fine_tune_layer"));
  config.linf_bound = published().at("linf_bound").get<double>();
  for (const json& edit : recorded().at("fine_tune")) {
    const data::EditRequest request = request_of(edit);
    const auto outcome = make_method(config, recorded_inputs(network_))->compute(network_, std::span(&request, 1));
    const auto& step = std::get<EditStep>(outcome);
    const json& losses = edit.at("losses");
    ASSERT_EQ(step.losses.size(), losses.size());
    for (std::size_t index = 0; index < losses.size(); ++index) {
      EXPECT_NEAR(step.losses[index], losses[index].get<double>(), 1e-4 * losses[index].get<double>()) << index;
    }
    const auto change_of = [&](std::size_t index) {
      const ParameterUpdate& update = step.updates.at(index);
      return std::get<DenseUpdate>(update.change).value.to(at::kDouble) -
             network_.parameter(update.parameter).to(at::kDouble);
    };
    EXPECT_NEAR(change_of(0).norm().item<double>(), edit.at("weight_delta_norm").get<double>(),
                1e-3 * edit.at("weight_delta_norm").get<double>());
    EXPECT_LT(relative_difference(change_of(0).narrow(0, 0, 2).flatten(), tensor_of(edit.at("weight_delta_rows"))),
              2e-2);
    EXPECT_LT(relative_difference(change_of(1), tensor_of(edit.at("bias_delta"))), 2e-2);
  }
}

}  // namespace
}  // namespace lethe::editing
