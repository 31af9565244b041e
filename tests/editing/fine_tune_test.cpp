#include "editing/fine_tune/fine_tune.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/error.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/invented_family.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

using test::all_variants;
using test::ids_of;
using test::inputs_of;
using test::lively_network;
using test::relative_difference;
using test::request_of;
using test::Variant;

const data::EditRequest kRequest = request_of("The home of {} is", "Suao", "Xy");

EditStep step_of(const FineTuneConfig& config, const model::Network& network,
                 const data::EditRequest& request = kRequest) {
  const FineTuneMethod method(config, inputs_of(network, config.layer));
  EditOutcome outcome = method.compute(network, std::span(&request, 1));
  return std::get<EditStep>(std::move(outcome));
}

const at::Tensor& value(const EditStep& step, std::size_t index) {
  return std::get<DenseUpdate>(step.updates.at(index).change).value;
}

model::ParameterNames projection(const model::Network& network, int layer) {
  return network.architecture().down_projection(layer);
}

/// A family may have no bias there to be tuned.
FineTuneConfig config_of(const model::Network& network, int layer) {
  FineTuneConfig config = test::fine_tune_config(layer);
  config.tune_bias = projection(network, layer).bias.has_value();
  return config;
}

std::size_t num_tuned(const model::Network& network) { return projection(network, 0).bias ? 2 : 1; }

/// The projection's bias moved by 0.2; undefined without one.
at::Tensor moved_bias(const model::Network& network, int layer) {
  const auto name = projection(network, layer).bias;
  return name ? network.parameter(*name) + 0.2 : at::Tensor();
}

/// -mean log p of the target's tokens, through the plain forward.
double plain_loss(const model::Network& network, const std::string& text, const std::vector<std::int64_t>& positions,
                  const std::string& target) {
  const std::vector<std::vector<model::TokenId>> rows{ids_of(text)};
  const at::Tensor log_probs = network.forward(model::pad_rows(rows, test::test_device()))[0].log_softmax(1);
  double sum = 0.0;
  for (std::size_t j = 0; j < positions.size(); ++j) {
    sum -= log_probs[positions[j]][static_cast<unsigned char>(target[j])].item<double>();
  }
  return sum / static_cast<double>(positions.size());
}

class FineTune : public testing::TestWithParam<Variant> {};
INSTANTIATE_TEST_SUITE_P(AllVariants, FineTune, testing::ValuesIn(all_variants()),
                         [](const auto& param) { return test::variant_name(param.param); });

TEST_P(FineTune, CachedLossEqualsThePlainForward) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  for (int layer = 0; layer < 3; ++layer) {
    const std::vector<TargetRow> rows{{ids_of("The home of Suao is"), {18, 18, 18}, ids_of(" Xy")}};
    const FineTuneObjective objective(network, layer, rows);
    const model::ParameterNames names = projection(network, layer);
    const at::Tensor weight = network.parameter(names.weight) * 1.3;
    const at::Tensor bias = moved_bias(network, layer);
    model::Network changed = network;
    changed.set_parameter(names.weight, weight);
    if (names.bias) changed.set_parameter(*names.bias, bias);
    const double expected = plain_loss(changed, "The home of Suao is", {18, 18, 18}, " Xy");
    EXPECT_NEAR(objective.loss(weight, bias).item<double>(), expected,
                expected * (GetParam().dtype == torch::kFloat32 ? 1e-5 : 1e-10))
        << "layer " << layer;
  }
}

TEST_P(FineTune, BoundHoldsForEveryWeightAndBias) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  const FineTuneConfig config = config_of(network, 0);
  const EditStep step = step_of(config, network);
  ASSERT_EQ(step.updates.size(), num_tuned(network));
  for (std::size_t index = 0; index < num_tuned(network); ++index) {
    const at::Tensor& start = network.parameter(step.updates[index].parameter);
    const double change = (value(step, index) - start).abs().max().item<double>();
    EXPECT_GT(change, 0.5e-3);
    EXPECT_LE(change, 1e-3 * (GetParam().dtype == torch::kFloat32 ? 1.0 + 1e-3 : 1.0 + 1e-12));
  }
  EXPECT_NEAR(step.diagnostics.at("delta_max"), 1e-3, 1e-6);
  EXPECT_LT(step.losses.back(), step.losses.front());
}

TEST_P(FineTune, LowersTheLossOfTheEditedNetwork) {
  model::Network network = lively_network(GetParam().family, GetParam().dtype);
  FineTuneConfig config = config_of(network, 1);
  config.linf_bound.reset();
  config.learning_rate = 0.05;
  const double before = plain_loss(network, "The home of Suao is", {18, 18, 18}, " Xy");
  const EditStep step = step_of(config, network);
  EXPECT_NEAR(step.losses.front(), before, 1e-4 * before);
  apply_updates(network, step.updates);
  EXPECT_LT(plain_loss(network, "The home of Suao is", {18, 18, 18}, " Xy"), before - 1.0);
}

TEST_P(FineTune, LossOfSeveralPromptsIsTheMeanOfTheirLosses) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  const std::vector<TargetRow> rows{{ids_of("The home of Suao is"), {18, 18}, ids_of("Xy")},
                                    {ids_of("Kelmo is"), {7}, ids_of("B")},
                                    {ids_of("We know that Ra likes it"), {20, 21, 22}, ids_of("abc")}};
  const model::ParameterNames names = projection(network, 1);
  const at::Tensor weight = network.parameter(names.weight) * 1.3;
  const at::Tensor bias = moved_bias(network, 1);
  double sum = 0.0;
  for (const TargetRow& row : rows) {
    sum += FineTuneObjective(network, 1, std::span(&row, 1)).loss(weight, bias).item<double>();
  }
  EXPECT_NEAR(FineTuneObjective(network, 1, rows).loss(weight, bias).item<double>(), sum / 3.0,
              GetParam().dtype == torch::kFloat32 ? 1e-5 : 1e-12);
}

TEST_P(FineTune, StepOfSeveralFactsLowersTheirMeanLoss) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  const FineTuneMethod method(config_of(network, 0), inputs_of(network, 0));
  const std::vector<data::EditRequest> requests{request_of("The home of {} is", "Suao", "B"),
                                                request_of("{} is in", "Kelmo", "C"),
                                                request_of("{} is at", "Ra", "D")};
  const EditOutcome outcome = method.compute(network, requests);
  const auto& step = std::get<EditStep>(outcome);
  EXPECT_LT(step.losses.back(), step.losses.front());
  EXPECT_EQ(step.updates.size(), num_tuned(network)) << "one weight and one bias for all";
  EXPECT_EQ(step.trace_of(2).losses, step.losses);
}

TEST_P(FineTune, ChunksTakeOptimiserStepsOfTheirOwn) {
  const model::Network network = lively_network(GetParam().family, GetParam().dtype);
  FineTuneConfig config = config_of(network, 0);
  const std::vector<data::EditRequest> requests{request_of("The home of {} is", "Suao", "B"),
                                                request_of("{} is in", "Kelmo", "C"),
                                                request_of("{} is at", "Ra", "D")};
  const auto num_updates = [&](int chunk_size) {
    config.chunk_size = chunk_size;
    const EditOutcome outcome = FineTuneMethod(config, inputs_of(network, 0)).compute(network, requests);
    const auto& step = std::get<EditStep>(outcome);
    EXPECT_EQ(step.losses.size(), static_cast<std::size_t>(config.num_steps)) << "one mean loss a pass";
    return step.diagnostics.at("num_updates");
  };
  EXPECT_EQ(num_updates(64), config.num_steps);
  EXPECT_EQ(num_updates(2), 2 * config.num_steps);
  EXPECT_EQ(num_updates(1), 3 * config.num_steps);
}

TEST(FineTuneObjective, GradientsMatchFiniteDifferences) {
  for (const model::FamilySpec* family : {&model::kGpt2, &model::kGptj}) {
    const model::Network network = lively_network(family, torch::kFloat64);
    const std::vector<TargetRow> rows{{ids_of("The home of Suao is X"), {18, 19, 20}, ids_of(" Xy")}};
    const FineTuneObjective objective(network, 1, rows);
    const at::Tensor weight = network.parameter(projection(network, 1).weight).clone().requires_grad_();
    const at::Tensor bias = network.parameter(projection(network, 1).bias.value()).clone().requires_grad_();
    const auto gradients = torch::autograd::grad({objective.loss(weight, bias)}, {weight, bias});
    const at::NoGradGuard no_grad;
    const double h = 1e-5;
    for (const auto& [row, column] : {std::pair{0, 0}, {3, 41}, {15, 63}, {8, 20}}) {
      const auto at_offset = [&, r = row, c = column](double offset) {
        at::Tensor moved = weight.clone();
        moved[r][c] += offset;
        return objective.loss(moved, bias).item<double>();
      };
      EXPECT_NEAR(gradients[0][row][column].item<double>(), (at_offset(h) - at_offset(-h)) / (2 * h), 1e-8);
    }
    for (const int entry : {0, 7, 15}) {
      const auto at_offset = [&](double offset) {
        at::Tensor moved = bias.clone();
        moved[entry] += offset;
        return objective.loss(weight, moved).item<double>();
      };
      EXPECT_NEAR(gradients[1][entry].item<double>(), (at_offset(h) - at_offset(-h)) / (2 * h), 1e-8);
    }
  }
}

TEST(FineTuneMethod, FirstStepMovesWeightsByTheLearningRate) {
  const model::Network network = lively_network(&model::kGpt2, torch::kFloat64);
  FineTuneConfig config = test::fine_tune_config(0);
  config.linf_bound.reset();
  config.num_steps = 1;
  const EditStep step = step_of(config, network);
  const at::Tensor change = (value(step, 0) - network.parameter(step.updates[0].parameter)).abs();
  EXPECT_NEAR(change.max().item<double>(), 5e-4, 1e-8);
  EXPECT_NEAR(change.median().item<double>(), 5e-4, 1e-6);
  EXPECT_EQ(step.diagnostics.at("num_updates"), 1.0);
}

TEST(FineTuneMethod, StopsWithoutAnUpdateWhereTheLossIsLow) {
  const model::Network network = lively_network(&model::kGpt2);
  FineTuneConfig config = test::fine_tune_config(0);
  config.early_stop_loss = 1e9;
  const EditStep step = step_of(config, network);
  EXPECT_EQ(step.losses.size(), 1U);
  EXPECT_EQ(step.diagnostics.at("num_updates"), 0.0);
  EXPECT_TRUE(at::equal(value(step, 0), network.parameter(step.updates[0].parameter)));
}

TEST(FineTuneMethod, MakesAsManyStepsAsConfigured) {
  const EditStep step = step_of(test::fine_tune_config(0), lively_network(&model::kGpt2));
  EXPECT_EQ(step.losses.size(), 25U);
  EXPECT_EQ(step.diagnostics.at("num_updates"), 25.0);
}

TEST(FineTuneMethod, PredictsWhereTheConfigSays) {
  const model::Network network = lively_network(&model::kGpt2, torch::kFloat64);
  FineTuneConfig config = test::fine_tune_config(0);
  EXPECT_NEAR(step_of(config, network).losses[0], plain_loss(network, "The home of Suao is", {18, 18, 18}, " Xy"),
              1e-5);
  config.target_positions = TargetPositions::kTeacherForced;
  EXPECT_NEAR(step_of(config, network).losses[0], plain_loss(network, "The home of Suao is X", {18, 19, 20}, " Xy"),
              1e-5);
}

TEST(FineTuneMethod, BoundsAroundTheUneditedWeightsWhereTheConfigSays) {
  model::Network network = lively_network(&model::kGpt2, torch::kFloat64);
  const std::string name = projection(network, 0).weight;
  FineTuneConfig config = test::fine_tune_config(0);
  const auto drift_after_two = [&](BoundCentre centre) {
    config.bound_centre = centre;
    model::Network edited = network;
    apply_updates(edited, step_of(config, edited).updates);
    apply_updates(edited, step_of(config, edited, request_of("{} is in", "Nado", "Q")).updates);
    return (edited.parameter(name) - network.base()->tensor(name)).abs().max().item<double>();
  };
  EXPECT_LE(drift_after_two(BoundCentre::kUnedited), 1e-3 * (1 + 1e-9));
  EXPECT_GT(drift_after_two(BoundCentre::kEditStart), 1.5e-3);
}

TEST(FineTuneMethod, TunesTheBiasOnlyWhereTheConfigSays) {
  const model::Network network = lively_network(&model::kGptj);
  FineTuneConfig config = test::fine_tune_config(0);
  EXPECT_EQ(FineTuneMethod(config, inputs_of(network, 0)).edited_parameters(),
            (std::vector<std::string>{"transformer.h.0.mlp.fc_out.weight", "transformer.h.0.mlp.fc_out.bias"}));
  config.tune_bias = false;
  EXPECT_EQ(FineTuneMethod(config, inputs_of(network, 0)).edited_parameters(),
            std::vector<std::string>{"transformer.h.0.mlp.fc_out.weight"});
  EXPECT_EQ(step_of(config, network).updates.size(), 1U);
  EXPECT_TRUE(FineTuneMethod(config, inputs_of(network, 0)).is_dense());
}

TEST(FineTuneMethod, EditsAProjectionWithoutABias) {
  const model::Network network = lively_network(&test::kInventedFamily, torch::kFloat64);
  FineTuneConfig config = test::fine_tune_config(0);
  EXPECT_THROW(FineTuneMethod(config, inputs_of(network, 0)), core::ConfigError);
  config.tune_bias = false;
  const EditStep step = step_of(config, network);
  ASSERT_EQ(step.updates.size(), 1U);
  EXPECT_EQ(step.updates.front().parameter, "net.layers.0.wide.down.weight");
  EXPECT_LT(step.losses.back(), step.losses.front());
}

TEST(FineTuneMethod, WeightDecayPullsTowardsZero) {
  const model::Network network = lively_network(&model::kGpt2, torch::kFloat64);
  FineTuneConfig config = test::fine_tune_config(0);
  config.linf_bound.reset();
  config.weight_decay = 1e4;  // drowns the loss: every weight moves against its sign
  config.num_steps = 1;
  const EditStep step = step_of(config, network);
  const at::Tensor& start = network.parameter(step.updates[0].parameter);
  const at::Tensor moved = (value(step, 0) - start) * start.sign();
  EXPECT_LT(moved.median().item<double>(), -4e-4);
}

TEST(FineTuneMethod, ComputeLeavesTheNetworkAloneAndRepeats) {
  const model::Network network = lively_network(&model::kGpt2);
  const at::Tensor before = network.parameter(projection(network, 0).weight).clone();
  const EditStep first = step_of(test::fine_tune_config(0), network);
  const EditStep second = step_of(test::fine_tune_config(0), network);
  EXPECT_TRUE(at::equal(network.parameter(projection(network, 0).weight), before));
  EXPECT_TRUE(at::equal(value(first, 0), value(second, 0)));
  EXPECT_EQ(first.losses, second.losses);
}

TEST(FineTuneMethod, RecordsALossThatIsNotFinite) {
  model::Network network = lively_network(&model::kGpt2);
  const FineTuneMethod method(test::fine_tune_config(0), inputs_of(network, 0));
  const std::string name = "transformer.ln_f.bias";
  network.set_parameter(name, at::full_like(network.parameter(name), std::numeric_limits<float>::quiet_NaN()));
  const EditOutcome outcome = method.compute(network, std::span(&kRequest, 1));
  EXPECT_EQ(std::get<EditFailure>(outcome).status, core::EditStatus::kNonFinite);
  EXPECT_EQ(std::get<EditFailure>(outcome).losses.size(), 1U);
}

TEST(FineTuneMethod, RefusesWhatItCannotWorkWith) {
  const model::Network network = lively_network(&model::kGpt2);
  EXPECT_THROW(FineTuneMethod(test::fine_tune_config(-1), inputs_of(network, 0)), core::ConfigError);
  EXPECT_THROW(step_of(test::fine_tune_config(0), network, request_of("{}", std::string(97, 'a'), "B")),
               core::DataError);
  EXPECT_THROW(step_of(test::fine_tune_config(0), network, request_of("{} is", "Suao", "")), core::DataError);
}

}  // namespace
}  // namespace lethe::editing
