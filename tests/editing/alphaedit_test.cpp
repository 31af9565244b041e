#include "editing/alphaedit/alphaedit.h"

#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "editing/memit/memit.h"
#include "tests/editing/editing_fixture.h"

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

/// The published programs compute the keys of their cache again after the step.
TEST(AlphaEdit, KeysOfTheEditedModelAreThoseOfTheStepBitForBit) {
  for (const auto* family : {&model::kGpt2, &model::kGptj, &model::kLlama}) {
    const auto network = lively_network(family);
    const auto method = alphaedit_of(network);
    const auto done = method.compute_after(method.begin().get(), network, facts());
    auto edited = network;
    apply_updates(edited, std::get<EditStep>(done.outcome).updates);
    // A step whose values are not optimised reads the same keys of whatever model it is given.
    const auto again = method.compute_after(method.begin().get(), edited, facts());
    EXPECT_TRUE(at::equal(again.increment.rows.at("keys.layer_0"), done.increment.rows.at("keys.layer_0")))
        << "the lowest edited layer's keys do not depend on any edited weight";
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
