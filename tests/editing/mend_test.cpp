#include "editing/mend/mend.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/error.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/invented_family.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

using test::lively_network;
using test::relative_difference;
using test::request_of;
using test::uniform_matrix;

const data::EditRequest kFact = request_of("The home of {} is", "Suao", "Xy");

MendConfig mend_config() {
  MendConfig config;
  config.layers = {1, 2};
  config.training.rank = 3;
  return config;
}

/// An editor whose every tensor matters, of a config.
std::shared_ptr<MendEditor> lively_editor(const MendConfig& config, const model::Network& network) {
  auto editor = std::make_shared<MendEditor>(
      initial_editor(config, network.architecture(), test::test_device(), network.dtype()));
  std::uint64_t index = 0;
  for (const auto& [name, tensor] : editor->trained()) {
    const at::Tensor noise = uniform_matrix("editor" + std::to_string(index++), 1, tensor.numel());
    tensor.add_(noise.view(tensor.sizes()).to(tensor.scalar_type()) * (name == "rates" ? 5e-5 : 0.2));
  }
  for (EditorNetwork& each : editor->networks) {
    const std::int64_t width = each.num_inputs + each.num_outputs;
    each.moments = RunningMoments::none(width).absorbed(uniform_matrix("rows" + std::to_string(width), 9, width));
  }
  return editor;
}

MethodInputs inputs_with(const model::Network& network, const std::shared_ptr<const MendEditor>& editor) {
  MethodInputs inputs{network, test::byte_tokenizer(), {}, {}};
  if (editor != nullptr) inputs.artifacts[kEditorKind] = std::make_shared<ArtifactOf<MendEditor>>(*editor);
  return inputs;
}

const LowRankUpdate& stored_factors(const EditStep& step, std::size_t index) {
  return std::get<LowRankUpdate>(step.updates.at(index).change);
}

TEST(RunningMoments, EqualWelfordRowByRowInTheOrderOfHistory) {
  const at::Tensor rows = uniform_matrix("welford", 23, 5) * 3.0 + 100.0;
  RunningMoments merged = RunningMoments::none(5);
  for (const auto& [first, count] : {std::pair{0, 1}, {1, 7}, {8, 15}})
    merged = merged.absorbed(rows.narrow(0, first, count));
  at::Tensor mean = at::zeros({5}, rows.options());
  at::Tensor squares = at::zeros({5}, rows.options());
  for (int i = 0; i < 23; ++i) {
    const at::Tensor next = mean + (rows[i] - mean) / (i + 1);
    squares = squares + (rows[i] - mean) * (rows[i] - next);
    mean = next;
  }
  EXPECT_EQ(merged.count, 23);
  EXPECT_LT(relative_difference(merged.mean_Z, mean), 1e-14);
  EXPECT_LT(relative_difference(merged.squares_Z, squares), 1e-11);
  EXPECT_LT(relative_difference(merged.squares_Z / 22.0, rows.var(0, true)), 1e-11);
  const at::Tensor expected = (rows - rows.mean(0)) / (rows.std(0, true) + 1e-7);
  EXPECT_LT(relative_difference(merged.normalized(rows), expected), 1e-10);
}

TEST(RunningMoments, DependOnWhatCameBefore) {
  const at::Tensor rows = uniform_matrix("history", 6, 4);
  const auto early = RunningMoments::none(4).absorbed(rows.narrow(0, 0, 3));
  const auto late = early.absorbed(rows.narrow(0, 3, 3));
  EXPECT_GT(relative_difference(early.normalized(rows), late.normalized(rows)), 1e-3);
  EXPECT_EQ(early.count, 3) << "a value: absorbing gives another";
  EXPECT_THROW(RunningMoments::none(4).absorbed(rows.narrow(0, 0, 1)).normalized(rows), std::logic_error);
}

TEST(EditorNetwork, ComputesWhatIsWrittenByHand) {
  // Z = 2, R = 1, two weights of the shape.
  const auto matrix = [](std::vector<double> values, std::int64_t rows) {
    return test::on_test_device(at::tensor(values, at::kDouble).view({rows, -1}));
  };
  EditorLayer layer;
  layer.left_ZR = matrix({2, -1}, 2);
  layer.right_RZ = matrix({1, 3}, 1);
  layer.bias_Z = test::on_test_device(at::tensor({0.5, 1.0}, at::kDouble));
  layer.scale_MZ = matrix({1, 1, 2, -1}, 2);
  layer.shift_MZ = matrix({0, 0, 0.25, 7}, 2);
  const EditorNetwork network{1, 1, {layer, layer}, {}};
  const at::Tensor z = matrix({1, -0.5}, 1);
  // right z = -0.5; left * -0.5 + bias = (-0.5, 1.5). Mode 0: z + (0, 1.5) = (1, 1); then right z = 4: (8.5, -3).
  EXPECT_TRUE(at::allclose(network.transform(z, 0), matrix({9.5, 1.0}, 1)));
  // Mode 1: (-1 + 0.25, -1.5 + 7) -> z + (0, 5.5) = (1, 5); then right z = 16: (32.5, -15) -> (65.25, 22).
  EXPECT_TRUE(at::allclose(network.transform(z, 1), matrix({66.25, 27.0}, 1)));
}

TEST(MendEditor, IsTheIdentityBeforeItIsTrained) {
  const model::Network network = lively_network(&model::kGpt2);
  const MendEditor editor = initial_editor(mend_config(), network.architecture(), test::test_device(), torch::kFloat32);
  for (const EditorNetwork& each : editor.networks) {
    const at::Tensor z = uniform_matrix("identity", 4, each.num_inputs + each.num_outputs).to(at::kFloat);
    EXPECT_TRUE(at::equal(each.transform(z, 1), z));
    EXPECT_NEAR(each.layers[0].right_RZ.std().item<double>(), 1.0, 0.15);
  }
  EXPECT_FALSE(at::equal(editor.networks[0].layers[0].right_RZ, editor.networks[0].layers[1].right_RZ));
}

TEST(InnerParameters, StandInThePublishedOrder) {
  const auto names = [](const model::FamilySpec* family) {
    std::vector<std::string> all;
    for (const auto& one : inner_parameters({}, test::lively_architecture(family))) {
      all.push_back(one.name.substr(family->block_prefix.size()) + " " + std::to_string(one.network) +
                    std::to_string(one.mode) + std::to_string(one.rate_as_read));
    }
    return all;
  };
  EXPECT_EQ(names(&model::kGpt2),
            (std::vector<std::string>{"0.mlp.c_proj.weight 001", "0.mlp.c_fc.weight 100", "1.mlp.c_proj.weight 013",
                                      "1.mlp.c_fc.weight 112", "2.mlp.c_proj.weight 025", "2.mlp.c_fc.weight 124"}));
  EXPECT_EQ(names(&model::kGptj).front(), "0.mlp.fc_in.weight 000");
  EXPECT_EQ(names(&model::kGptj).back(), "2.mlp.fc_out.weight 125");
  EXPECT_THAT(
      names(&model::kLlama),
      testing::ElementsAre("0.mlp.gate_proj.weight 000", "0.mlp.up_proj.weight 011", "0.mlp.down_proj.weight 102",
                           "1.mlp.gate_proj.weight 023", "1.mlp.up_proj.weight 034", "1.mlp.down_proj.weight 115",
                           "2.mlp.gate_proj.weight 046", "2.mlp.up_proj.weight 057", "2.mlp.down_proj.weight 128"))
      << "gate and up share the network of their shape";
  EXPECT_THROW(inner_parameters({3}, test::lively_architecture(&model::kGpt2)), core::ConfigError);
}

/// Loss of a row under a network.
double row_loss(const model::Network& network, const LabelledRow& row) {
  const at::NoGradGuard no_grad;
  const auto rows = model::pad_rows(std::vector<std::vector<model::TokenId>>{row.ids}, test::test_device());
  return mean_label_nll(network, network.forward_layers(network.embed(rows.ids_BT)), std::span(&row, 1)).item<double>();
}

TEST(InnerGradients, ProductOfFactorsIsTheGradientOfEachWeight) {
  for (const model::FamilySpec* family : {&model::kGpt2, &model::kGptj, &model::kLlama}) {
    const model::Network network = lively_network(family, torch::kFloat64);
    const auto parameters = inner_parameters({1, 2}, network.architecture());
    const LabelledRow row = labelled_row(kFact, test::byte_tokenizer(), 96);
    const InnerGradients gradients = inner_gradients(network, parameters, std::span(&row, 1));
    EXPECT_NEAR(gradients.loss, row_loss(network, row), 1e-10);
    const double h = 1e-5;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const at::Tensor gradient_OI = at::matmul(gradients.factors[i].gradients_KO.t(), gradients.factors[i].inputs_KI);
      for (const auto& [o, in] : {std::pair{0, 0}, {7, 11}, {15, 3}}) {
        const auto at_offset = [&, o = o, in = in](double offset) {
          model::Network moved = network;
          at::Tensor weight = network.parameter(parameters[i].name).clone();
          weight[o][in] += offset;
          moved.set_parameter(parameters[i].name, weight);
          return row_loss(moved, row);
        };
        EXPECT_NEAR(gradient_OI[o][in].item<double>(), (at_offset(h) - at_offset(-h)) / (2 * h), 1e-8)
            << parameters[i].name;
      }
    }
  }
}

TEST(InnerGradients, KeepOnlyTokensThatCount) {
  const model::Network network = lively_network(&model::kGpt2, torch::kFloat64);
  const auto parameters = inner_parameters({1, 2}, network.architecture());
  const LabelledRow row = labelled_row(kFact, test::byte_tokenizer(), 96);
  ASSERT_EQ(row.target_ids.size(), 3U);  // " Xy"
  const InnerGradients gradients = inner_gradients(network, parameters, std::span(&row, 1));
  // Below the top every position but the last token's; at the top those that predict the target.
  EXPECT_EQ(gradients.factors[0].inputs_KI.size(0), static_cast<std::int64_t>(row.ids.size()));
  EXPECT_EQ(gradients.factors[2].inputs_KI.size(0), 3);
  EXPECT_FALSE(gradients.factors[0].gradients_KO.requires_grad());
  // A batch: the mean over all labelled tokens, padding left out.
  const std::vector<LabelledRow> rows{row,
                                      labelled_row(request_of("{} is in", "Nado", "Q"), test::byte_tokenizer(), 96)};
  const InnerGradients both = inner_gradients(network, parameters, rows);
  EXPECT_NEAR(both.loss, (3 * row_loss(network, rows[0]) + 2 * row_loss(network, rows[1])) / 5, 1e-10);
  EXPECT_EQ(both.factors[2].inputs_KI.size(0), 5);
}

TEST(TrialUpdates, EqualTheEditedNetwork) {
  for (const model::FamilySpec* family : {&model::kGpt2, &model::kGptj, &model::kLlama}) {
    const model::Network network = lively_network(family, torch::kFloat64);
    const auto parameters = inner_parameters({1, 2}, network.architecture());
    std::vector<TrialUpdate> updates;
    model::Network edited = network;
    for (const auto& parameter : parameters) {
      const at::Tensor& weight = network.parameter(parameter.name);
      updates.push_back({uniform_matrix(parameter.name + "x", 4, weight.size(1)) * 0.1,
                         uniform_matrix(parameter.name + "d", 4, weight.size(0)) * 0.1});
      apply_update(edited,
                   {parameter.name, LowRankUpdate{updates.back().outputs_KO.t(), updates.back().inputs_KI.t()}});
    }
    const auto rows =
        model::pad_rows(std::vector<std::vector<model::TokenId>>{test::ids_of("Some text.")}, test::test_device());
    model::ForwardOptions options;
    options.modify_mlp = with_trial_updates(parameters, updates);
    const at::Tensor trial = network.forward_layers(network.embed(rows.ids_BT), options);
    EXPECT_LT(relative_difference(trial, edited.forward_layers(edited.embed(rows.ids_BT))), 1e-12);
  }
}

TEST(MendMethod, DeltaIsTheRateTimesTheProductOfTheTransformedFactors) {
  const model::Network network = lively_network(&model::kGpt2, torch::kFloat64);
  MendConfig config = mend_config();
  config.running_statistics = RunningStatistics::kLoaded;
  config.learning_rate_order = LearningRateOrder::kPaper;
  config.lr_scale = 2.0;
  const auto editor = lively_editor(config, network);
  const MendMethod method(config, inputs_with(network, editor));
  const auto step = std::get<EditStep>(method.compute(network, std::span(&kFact, 1)));
  ASSERT_EQ(step.updates.size(), 4U);
  const LabelledRow row = labelled_row(kFact, test::byte_tokenizer(), 96);
  const InnerGradients gradients = inner_gradients(network, editor->parameters, std::span(&row, 1));
  double squares = 0.0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& parameter = editor->parameters[i];
    const EditorNetwork& each = editor->networks[parameter.network];
    const at::Tensor rows = at::cat({gradients.factors[i].inputs_KI, gradients.factors[i].gradients_KO}, 1);
    const at::Tensor z = each.transform(each.moments.normalized(rows), parameter.mode);
    at::Tensor expected = at::zeros({each.num_outputs, each.num_inputs}, z.options());
    for (std::int64_t t = 0; t < z.size(0); ++t) {
      expected += at::outer(z[t].narrow(0, each.num_inputs, each.num_outputs), z[t].narrow(0, 0, each.num_inputs));
    }
    expected = expected * editor->rates_P[static_cast<std::int64_t>(i)] * 2.0;
    const auto& factors = stored_factors(step, i);
    const at::Tensor delta = at::matmul(factors.left_OR, factors.right_IR.t());
    EXPECT_LT(relative_difference(delta, expected), 1e-11) << parameter.name;
    squares += expected.square().sum().item<double>();
    EXPECT_TRUE(factors.left_OR.is_contiguous() && factors.right_IR.is_contiguous());
  }
  EXPECT_NEAR(step.diagnostics.at("delta_norm"), std::sqrt(squares), 1e-9 * std::sqrt(squares));
  EXPECT_NEAR(step.losses.at(0), row_loss(network, row), 1e-5);
}

TEST(MendMethod, SignAndRateOrderAreAsTheConfigSays) {
  const auto first_weight = [](const model::FamilySpec* family, const MendConfig& config) {
    const model::Network network = lively_network(family, torch::kFloat64);
    const auto editor = lively_editor(config, network);
    const auto outcome = MendMethod(config, inputs_with(network, editor)).compute(network, std::span(&kFact, 1));
    const auto& factors = stored_factors(std::get<EditStep>(outcome), 0);
    const at::Tensor ratio = editor->rates_P[1] / editor->rates_P[0];
    return std::pair(at::matmul(factors.left_OR, factors.right_IR.t()), ratio.item<double>());
  };
  MendConfig paper = mend_config();
  paper.running_statistics = RunningStatistics::kLoaded;
  paper.learning_rate_order = LearningRateOrder::kPaper;
  MendConfig code = paper;
  code.learning_rate_order = LearningRateOrder::kCode;
  MendConfig minus = paper;
  minus.update_sign = UpdateSign::kMinus;
  const auto [expected, ratio] = first_weight(&model::kGpt2, paper);
  EXPECT_LT(relative_difference(first_weight(&model::kGpt2, code).first, expected * ratio), 1e-12)
      << "c_proj gets c_fc's rate";
  EXPECT_LT(relative_difference(first_weight(&model::kGpt2, minus).first, -expected), 1e-12);
  EXPECT_LT(relative_difference(first_weight(&model::kGptj, code).first, first_weight(&model::kGptj, paper).first),
            1e-12)
      << "GPT-J's orders agree";
}

/// The history after these steps, from a cell's beginning.
std::unique_ptr<History> history_of(const MendMethod& method, const std::vector<Continuation>& steps) {
  auto history = method.begin();
  for (const auto& step : steps) method.fold(*history, step.increment);
  return history;
}

double count_of(const Continuation& done) { return done.increment.latest.at("0.count").item<double>(); }

TEST(MendMethod, ResetStatisticsAreAFoldThatEachEditMovesOn) {
  const model::Network network = lively_network(&model::kGpt2);
  const MendConfig config = mend_config();
  const MendMethod method(config, inputs_with(network, lively_editor(config, network)));
  const data::EditRequest other = request_of("{} is in", "Nado", "Q");
  const auto start = method.begin();
  const auto first = method.compute_after(start.get(), network, std::span(&kFact, 1));
  const auto after_first = history_of(method, {first});
  const auto second = method.compute_after(after_first.get(), network, std::span(&other, 1));
  const auto alone = method.compute_after(start.get(), network, std::span(&other, 1));
  EXPECT_EQ(count_of(alone), count_of(method.compute_after(method.begin().get(), network, std::span(&other, 1))))
      << "compute is pure";
  EXPECT_GT(count_of(second), count_of(first));
  const auto delta = [](const Continuation& done) {
    const auto& factors = stored_factors(std::get<EditStep>(done.outcome), 0);
    return at::matmul(factors.left_OR, factors.right_IR.t());
  };
  EXPECT_GT(relative_difference(delta(second), delta(alone)), 1e-3) << "the same edit after another history";
  EXPECT_TRUE(at::equal(delta(second), delta(method.compute_after(history_of(method, {alone, first}).get(), network,
                                                                  std::span(&other, 1)))))
      << "the latest statistics replace those before";
  // The first weight's statistics are those of its own rows; the second layer's weight sees the first's rows too.
  const LabelledRow row = labelled_row(kFact, test::byte_tokenizer(), 96);
  const auto parameters = inner_parameters({1, 2}, network.architecture());
  const auto factors = inner_gradients(network, parameters, std::span(&row, 1)).factors;
  const at::Tensor both = at::cat({at::cat({factors[0].inputs_KI, factors[0].gradients_KO}, 1),
                                   at::cat({factors[2].inputs_KI, factors[2].gradients_KO}, 1)});
  EXPECT_LT(relative_difference(first.increment.latest.at("0.mean"), both.to(at::kDouble).mean(0)), 1e-12);
}

TEST(MendMethod, LoadedStatisticsHaveNoHistory) {
  const model::Network network = lively_network(&model::kGptj);
  MendConfig config = mend_config();
  config.running_statistics = RunningStatistics::kLoaded;
  const MendMethod method(config, inputs_with(network, lively_editor(config, network)));
  const auto done = method.compute_after(method.begin().get(), network, std::span(&kFact, 1));
  EXPECT_TRUE(done.increment.latest.empty());
  EXPECT_TRUE(done.increment.rows.empty());
  EXPECT_FALSE(method.is_dense());
  EXPECT_EQ(method.edited_parameters().front(), "transformer.h.1.mlp.fc_in.weight");
}

TEST(MendMethod, ALoneRowIsAbsorbedAndRecorded) {
  const model::Network network = lively_network(&model::kGpt2);
  MendConfig config = mend_config();
  config.layers = {2};  // the top layer: one row for one target token
  const auto method = MendMethod(config, inputs_with(network, lively_editor(config, network)));
  data::EditRequest request = request_of("{} is in", "Nado", "Q");
  request.target_new = " ";  // one byte-token
  const auto first = method.compute_after(method.begin().get(), network, std::span(&request, 1));
  EXPECT_EQ(std::get<EditFailure>(first.outcome).status, core::EditStatus::kIllConditioned);
  EXPECT_EQ(count_of(first), 1.0);
  const auto history = history_of(method, {first});
  EXPECT_TRUE(
      std::holds_alternative<EditStep>(method.compute_after(history.get(), network, std::span(&request, 1)).outcome));
}

TEST(MendMethod, WhatIsNotFiniteLeavesStateAndWeights) {
  model::Network network = lively_network(&model::kGpt2);
  const MendConfig config = mend_config();
  const MendMethod method(config, inputs_with(network, lively_editor(config, network)));
  const std::string name = "transformer.ln_f.bias";
  network.set_parameter(name, at::full_like(network.parameter(name), std::numeric_limits<float>::quiet_NaN()));
  const auto done = method.compute_after(method.begin().get(), network, std::span(&kFact, 1));
  EXPECT_EQ(std::get<EditFailure>(done.outcome).status, core::EditStatus::kNonFinite);
  EXPECT_EQ(count_of(done), 0.0);
}

TEST(MendMethod, RefusesWhatItCannotWorkWith) {
  const model::Network network = lively_network(&model::kGpt2);
  MendConfig config = mend_config();
  EXPECT_THROW(MendMethod(config, inputs_with(network, nullptr)), core::DataError);
  const auto editor = lively_editor(config, network);
  const MendMethod method(config, inputs_with(network, editor));
  auto foreign = method.compute_after(method.begin().get(), network, std::span(&kFact, 1)).increment;
  foreign.latest["0.mean"] = at::zeros({3}, at::kDouble);
  EXPECT_THROW(method.fold(*method.begin(), foreign), core::DataError);
  EXPECT_THROW(labelled_row(request_of("{}", std::string(97, 'a'), "B"), test::byte_tokenizer(), 96), core::DataError);
  EXPECT_THROW(labelled_row(request_of("{} is", "Suao", ""), test::byte_tokenizer(), 96), core::DataError);
}

MendEditor through_tensors(const std::map<std::string, torch::Tensor>& tensors, const MendConfig& config) {
  return editor_from_tensors(tensors, form_of(mend_config()), config, test::lively_architecture(&model::kGpt2),
                             "editor.h5", test::test_device(), torch::kFloat32);
}

TEST(EditorTensors, ComeBackAndForeignOnesAreRefused) {
  const model::Network network = lively_network(&model::kGpt2);
  const MendConfig config = mend_config();
  const auto editor = lively_editor(config, network);
  const auto tensors = tensors_of(*editor);
  const auto again = tensors_of(through_tensors(tensors, config));
  ASSERT_EQ(again.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) EXPECT_TRUE(at::equal(again.at(name), tensor)) << name;

  const auto problem = [&](auto change, MendConfig other = mend_config()) -> std::string {
    auto changed = tensors;
    change(changed);
    try {
      through_tensors(changed, other);
    } catch (const core::DataError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(problem([](auto& map) { map.erase("rates"); }).find("editor.h5: has no tensor `rates`"), std::string::npos);
  EXPECT_NE(problem([](auto& map) {
              map["64x16.layer0.right"] = at::zeros({3, 9});
            }).find("shape [3, 9]"),
            std::string::npos);
  EXPECT_NE(problem([](auto& map) { map["64x16.squares"] = -at::ones({80}, at::kDouble); }), "");
  EXPECT_NE(problem([](auto& map) { map["64x16.count"] = at::full({1}, 0.5, at::kDouble); }), "");
  EXPECT_NE(problem([](auto& map) { map["rates"] = at::full({4}, std::nan("")); }).find("not finite"),
            std::string::npos);
  EXPECT_NE(problem([](auto& map) { map["more"] = at::zeros({1}); }), "");
  MendConfig three = mend_config();
  three.layers = {};
  EXPECT_NE(problem([](auto&) {}, three).find("train-mend"), 0U);
  EXPECT_NE(problem([](auto&) {}, three), "") << "an editor of two layers for three";
  MendConfig minus = mend_config();
  minus.update_sign = UpdateSign::kMinus;
  EXPECT_NE(problem([](auto&) {}, minus).find("another form"), std::string::npos);
}

TEST(EditorTensors, APublishedStateDictIsTheSameEditor) {
  const model::Network network = lively_network(&model::kGpt2);
  const MendConfig config = mend_config();
  const auto editor = lively_editor(config, network);
  std::map<std::string, torch::Tensor> state{{"model.edit_lrs", editor->rates_P}};
  for (const EditorNetwork& each : editor->networks) {
    const std::string name =
        "model.gtn.(" + std::to_string(each.num_inputs) + ", " + std::to_string(each.num_outputs) + ").";
    const auto& moments = each.moments;
    const auto split = [&](const char* part, const at::Tensor& values) {
      state[name + "u_" + part] = values.narrow(0, 0, each.num_inputs);
      state[name + "v_" + part] = values.narrow(0, each.num_inputs, each.num_outputs);
    };
    split("mean", moments.mean_Z);
    split("s", moments.squares_Z);
    split("std", (moments.squares_Z / static_cast<double>(moments.count - 1)).sqrt());
    state[name + "k"] = at::full({1}, static_cast<double>(moments.count));
    for (std::size_t layer = 0; layer < each.layers.size(); ++layer) {
      const std::string prefix = name + "mlp.layers." + std::to_string(layer);
      state[prefix + ".u"] = each.layers[layer].left_ZR;
      state[prefix + ".v"] = each.layers[layer].right_RZ;
      state[prefix + ".bias"] = each.layers[layer].bias_Z;
      state[prefix + ".mode_scale.weight"] = each.layers[layer].scale_MZ;
      state[prefix + ".mode_shift.weight"] = each.layers[layer].shift_MZ;
    }
  }
  state["opt.state.0.exp_avg"] = at::zeros({3});
  const auto expected = tensors_of(*editor);
  const auto mapped = tensors_of_published(state, "mend.pt");
  const auto read = tensors_of(through_tensors(mapped, config));
  for (const auto& [name, tensor] : expected) EXPECT_LT(relative_difference(read.at(name), tensor), 1e-6) << name;
  state.erase("model.edit_lrs");
  EXPECT_THROW(tensors_of_published(state, "mend.pt"), core::DataError);
}

TEST(PadClass, AddsOneClassToEverySoftmax) {
  for (const model::FamilySpec* family :
       {&model::kGpt2, &model::kGptj, &model::kQwen2, &model::kQwen3, &test::kInventedFamily}) {
    const std::string embeddings = test::lively_architecture(family).embedding().weight;
    const model::Network network = lively_network(family, torch::kFloat64);
    const model::Network padded = with_pad_class(network, 7);
    const auto rows =
        model::pad_rows(std::vector<std::vector<model::TokenId>>{test::ids_of("Some text.")}, test::test_device());
    const at::Tensor logits = network.forward(rows);
    const at::Tensor more = padded.forward(rows);
    ASSERT_EQ(more.size(2), logits.size(2) + 1);
    EXPECT_LT(relative_difference(more.narrow(2, 0, logits.size(2)), logits), 1e-12);
    EXPECT_TRUE((more.log_softmax(2).narrow(2, 0, logits.size(2)) < logits.log_softmax(2)).all().item<bool>());
    const at::Tensor& embedding = padded.parameter(embeddings);
    // The mean with the row's own small start in it: near the mean of the others, shrunk by V / (V + 1).
    const at::Tensor mean = network.parameter(embeddings).mean(0);
    EXPECT_LT((embedding[257] - mean * 257.0 / 258.0).abs().max().item<double>(), 0.1 / 258.0);
    EXPECT_GT((embedding[257] - mean * 257.0 / 258.0).abs().max().item<double>(), 0.0);
    EXPECT_TRUE(at::equal(with_pad_class(network, 7).parameter(embeddings), embedding));
    EXPECT_FALSE(at::equal(with_pad_class(network, 8).parameter(embeddings), embedding));
    EXPECT_EQ(network.architecture().vocab_size, 257);
  }
}

TEST(PadClass, IsTheStartOfMendCellsAlone) {
  const model::Network network = lively_network(&model::kGpt2);
  MendConfig config = mend_config();
  EXPECT_EQ(starting_network(method_config(config), network, 1).architecture().vocab_size, 258);
  config.pad_class = false;
  EXPECT_EQ(starting_network(method_config(config), network, 1).architecture().vocab_size, 257);
  EXPECT_EQ(starting_network(method_config(test::rome_config(0)), network, 1).architecture().vocab_size, 257);
}

}  // namespace
}  // namespace lethe::editing
