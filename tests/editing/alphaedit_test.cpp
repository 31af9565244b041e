#include "editing/alphaedit/alphaedit.h"

#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "editing/edit_prompts.h"
#include "editing/memit/memit.h"
#include "editing/subject_walk.h"
#include "editing/value_forward.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/test_device.h"

namespace lethe::editing {
namespace {

using test::lively_network;
using test::request_of;

const std::vector<int> kLayers{0, 1};

template <typename Config>
Config with_layers(double clamp = 0.75) {
  Config config;
  config.layers = kLayers;
  config.clamp_norm_factor = clamp;
  config.v_num_grad_steps = 5;
  return config;
}

MemitSeqConfig memit_seq_config() {
  auto config = with_layers<MemitSeqConfig>();
  config.mom2_update_weight = 5;
  return config;
}

/// The upper half of each layer's eigenvalues is protected.
std::shared_ptr<const Artifact> projectors_of(const model::Network& network) {
  NullSpaces spaces;
  for (const int layer : kLayers) {
    const auto moment = test::some_moments(network, layer, 200).at(layer);
    const auto values = std::get<0>(at::linalg_eigh(moment.moment_FF));
    const double middle = values[values.size(0) / 2].item<double>();
    spaces.emplace(layer, NullSpace(moment, layer, middle, network.device()));
  }
  return std::make_shared<const ArtifactOf<NullSpaces>>(std::move(spaces));
}

AlphaEditConfig alphaedit_config() {
  auto config = with_layers<AlphaEditConfig>();
  config.l2 = 0.1;
  return config;
}

AlphaEditMethod alphaedit_of(const model::Network& network) {
  auto inputs = test::inputs_of(network, kLayers);
  inputs.artifacts.emplace(kProjectorKind, projectors_of(network));
  return {alphaedit_config(), inputs};
}

const LowRankUpdate& factors_of(const Continuation& done, std::size_t index) {
  return std::get<LowRankUpdate>(std::get<EditStep>(done.outcome).updates.at(index).change);
}

const std::vector<data::EditRequest>& facts() {
  static const std::vector<data::EditRequest> all{
      request_of("{} is in", "Suao", "Qed"), request_of("{} was", "Nado", "R"), request_of("{} is in", "Lirt", "Zab")};
  return all;
}

TEST(MemitSeq, FirstStepIsMemits) {
  const auto network = lively_network(&model::kGpt2);
  auto memit_config = with_layers<MemitConfig>();
  memit_config.mom2_update_weight = 5;
  const auto inputs = test::inputs_of(network, kLayers);
  const MemitMethod memit(memit_config, inputs);
  const MemitSeqMethod seq(memit_seq_config(), inputs);
  const auto history = seq.begin();
  const auto expected = memit.compute_after(nullptr, network, facts());
  const auto actual = seq.compute_after(history.get(), network, facts());
  for (std::size_t i = 0; i < kLayers.size(); ++i) {
    EXPECT_LT(test::relative_difference(factors_of(actual, i).right_IR, factors_of(expected, i).right_IR), 1e-5);
    EXPECT_LT(test::relative_difference(factors_of(actual, i).left_OR, factors_of(expected, i).left_OR), 1e-5);
  }
}

TEST(AlphaEdit, UpdatesLieInTheNullSpace) {
  const auto network = lively_network(&model::kGptj);
  const auto method = alphaedit_of(network);
  const auto done = method.compute_after(method.begin().get(), network, facts());
  const auto projectors = projectors_of(network);
  const auto& holder = dynamic_cast<const ArtifactOf<NullSpaces>&>(*projectors);
  for (std::size_t i = 0; i < kLayers.size(); ++i) {
    const auto right = factors_of(done, i).right_IR;
    EXPECT_EQ(right.size(1), 3) << "a rank for each fact";
    EXPECT_GT(right.norm().item<double>(), 0.0);
    EXPECT_LT(test::relative_difference(holder.value.at(kLayers[i]).apply(right), right.to(at::kDouble)), 1e-5);
  }
}

/// dW k of an earlier edit's key is smaller the better its key is held in place.
double change_at(const Continuation& second, const Continuation& first) {
  const auto& update = factors_of(second, 0);
  const auto key_NF = first.increment.rows.at("keys.layer_0");
  return update.left_OR.mm(update.right_IR.t().mm(key_NF.t())).norm().item<double>();
}

template <typename Method>
void expect_earlier_keys_are_held(const Method& method, const model::Network& network) {
  const auto history = method.begin();
  const auto first = method.compute_after(history.get(), network, std::span(facts()).first(1));
  auto edited = network;
  apply_updates(edited, std::get<EditStep>(first.outcome).updates);
  const auto forgetful = method.compute_after(history.get(), edited, std::span(facts()).subspan(1, 1));
  method.fold(*history, first.increment);
  const auto mindful = method.compute_after(history.get(), edited, std::span(facts()).subspan(1, 1));
  EXPECT_LT(change_at(mindful, first), 0.9 * change_at(forgetful, first));
}

TEST(AlphaEdit, HoldsEarlierKeysInPlace) {
  const auto network = lively_network(&model::kGpt2);
  expect_earlier_keys_are_held(alphaedit_of(network), network);
}

TEST(MemitSeq, HoldsEarlierKeysInPlace) {
  const auto network = lively_network(&model::kGpt2);
  expect_earlier_keys_are_held(MemitSeqMethod(memit_seq_config(), test::inputs_of(network, kLayers)), network);
}

/// Keys [N,F] of the facts at each edited layer, as a step's own forwards read them of a model: rows with their targets
/// for the lowest layer, and on from its inputs up to the subject for those above.
std::vector<at::Tensor> own_keys(const model::Network& network, const SpreadConfig& config) {
  std::vector<std::vector<at::Tensor>> keys(kLayers.size());
  for (const auto& fact : facts()) {
    const auto prompts = make_edit_prompts(config, test::some_contexts(), fact, test::byte_tokenizer(), 96);
    const auto forward = suffix_forward(network, prompts, kLayers.back(), {ValueSite::kBlockOutput, kLayers.front()});
    const auto& states = forward->subject_states();
    SubjectWalk walk(states.inputs_CTD, {prompts.subject_last.begin(), prompts.subject_last.end() - 1},
                     kLayers.front());
    keys.front().push_back(weighted_key(states.keys_CF, config.key_weights));
    for (std::size_t i = 1; i < kLayers.size(); ++i) {
      const auto reading = walk.ascend(network, kLayers[i], kLayers.back());
      keys[i].push_back(weighted_key(reading.keys_CF, config.key_weights));
    }
  }
  std::vector<at::Tensor> stacked;
  for (const auto& of_layer : keys) stacked.push_back(at::stack(of_layer));
  return stacked;
}

/// The same keys at one layer, as plain forwards of whole rows read them, one for each fact's contexts.
at::Tensor plain_keys(const model::Network& network, const SpreadConfig& config, int layer) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> keys;
  for (const auto& fact : facts()) {
    const auto prompts = make_edit_prompts(config, test::some_contexts(), fact, test::byte_tokenizer(), 96);
    const auto positions_C = at::tensor(prompts.subject_last, at::kLong).narrow(0, 0, prompts.key_rows.size());
    std::vector<model::Tap> taps{{layer, model::Site::kProjectionInput, test::on_test_device(positions_C), {}}};
    model::ForwardOptions options;
    options.taps = taps;
    const auto rows = model::pad_rows(prompts.key_rows, network.device());
    static_cast<void>(network.forward_layers(network.embed(rows.ids_BT), options));
    keys.push_back(weighted_key(taps.front().value, config.key_weights));
  }
  return at::stack(keys);
}

/// The published programs compute the keys of their cache again after the step.
void expect_keys_of_the_edited_model(const KeyedSpreadMethod& method, const SpreadConfig& config,
                                     const model::Network& network) {
  const auto done = method.compute_after(method.begin().get(), network, facts());
  const auto& updates = std::get<EditStep>(done.outcome).updates;
  auto edited = network;
  apply_updates(edited, updates);
  const auto again = own_keys(edited, config);
  auto below = network;  // with the layers below edited, as the step was when it read a layer's keys
  for (std::size_t i = 0; i < kLayers.size(); ++i) {
    SCOPED_TRACE("layer " + std::to_string(kLayers[i]));
    const auto& of_step_NF = done.increment.rows.at("keys.layer_" + std::to_string(kLayers[i]));
    EXPECT_TRUE(at::equal(again[i], of_step_NF)) << "read by the same forwards";
    const auto plain_NF = plain_keys(edited, config, kLayers[i]);
    EXPECT_TRUE(at::equal(plain_keys(below, config, kLayers[i]), plain_NF)) << "read before and after by plain ones";
    EXPECT_LT(test::relative_difference(plain_NF, of_step_NF), 2e-6) << "rounding of other shapes";
    const double moved = test::relative_difference(plain_keys(network, config, kLayers[i]), plain_NF);
    EXPECT_TRUE(i == 0 ? moved == 0.0 : moved > 0.1) << "the edit moved them by " << moved;
    apply_update(below, updates[i]);
  }
}

TEST(AlphaEdit, KeysOfTheEditedModelAreThoseOfTheStepBitForBit) {
  for (const auto* family : {&model::kGpt2, &model::kGptj, &model::kLlama}) {
    SCOPED_TRACE(family->name);
    const auto network = lively_network(family);
    expect_keys_of_the_edited_model(alphaedit_of(network), alphaedit_config(), network);
  }
}

TEST(MemitSeq, KeysOfTheEditedModelAreThoseOfTheStepBitForBit) {
  for (const auto* family : {&model::kGpt2, &model::kGptj, &model::kLlama}) {
    SCOPED_TRACE(family->name);
    const auto network = lively_network(family);
    const MemitSeqMethod method(memit_seq_config(), test::inputs_of(network, kLayers));
    expect_keys_of_the_edited_model(method, memit_seq_config(), network);
  }
}

TEST(AlphaEdit, AHistoryFoldedAgainGivesTheSameBits) {
  const auto network = lively_network(&model::kGptj);
  const auto method = alphaedit_of(network);
  const auto history = method.begin();
  const auto again = method.begin();
  std::vector<Increment> increments;
  auto edited = network;
  for (const auto& fact : facts()) {
    const auto done = method.compute_after(history.get(), edited, std::span(&fact, 1));
    apply_updates(edited, std::get<EditStep>(done.outcome).updates);
    method.fold(*history, done.increment);
    increments.push_back(done.increment);
  }
  for (const auto& increment : increments) method.fold(*again, increment);
  const auto next = method.compute_after(history.get(), edited, facts());
  const auto resumed = method.compute_after(again.get(), edited, facts());
  for (std::size_t i = 0; i < kLayers.size(); ++i) {
    EXPECT_TRUE(at::equal(factors_of(next, i).right_IR, factors_of(resumed, i).right_IR));
    EXPECT_TRUE(at::equal(factors_of(next, i).left_OR, factors_of(resumed, i).left_OR));
  }
}

TEST(AlphaEdit, AFailedStepIsNotRemembered) {
  auto network = lively_network(&model::kGpt2);
  const auto method = alphaedit_of(network);
  const std::string name = "transformer.ln_f.bias";
  network.set_parameter(name, at::full_like(network.parameter(name), std::numeric_limits<float>::quiet_NaN()));
  const auto done = method.compute_after(method.begin().get(), network, std::span(facts()).first(1));
  EXPECT_TRUE(std::holds_alternative<EditFailure>(done.outcome));
  EXPECT_TRUE(done.increment.rows.empty());
}

TEST(AlphaEdit, RefusesWhatItCannotWorkWith) {
  const auto network = lively_network(&model::kGpt2);
  EXPECT_THROW(AlphaEditMethod(alphaedit_config(), test::inputs_of(network, kLayers)), core::DataError)
      << "no projector";
  const auto method = alphaedit_of(network);
  auto increment = method.compute_after(method.begin().get(), network, std::span(facts()).first(1)).increment;
  increment.rows.erase("keys.layer_1");
  EXPECT_THROW(method.fold(*method.begin(), increment), core::DataError) << "a layer's keys are missing";
  increment.rows["keys.layer_1"] = at::zeros({1, 3});
  EXPECT_THROW(method.fold(*method.begin(), increment), core::DataError) << "keys of another width";
}

}  // namespace
}  // namespace lethe::editing
