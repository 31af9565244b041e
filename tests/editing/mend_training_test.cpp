#include "editing/mend/mend_training.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/editing/editing_fixture.h"

namespace lethe::editing {
namespace {

using test::lively_network;
using test::request_of;

MendConfig training_config() {
  MendConfig config;
  config.layers = {1, 2};
  config.pad_class = false;
  auto& training = config.training;
  training.rank = 4;
  training.initial_rate = -1e-3;
  training.learning_rate = 3e-3;
  training.rate_learning_rate = 1e-4;
  training.accumulate = 4;
  training.max_iterations = 61;
  training.validation_every = 20;
  training.validation_edits = 4;
  training.validation_texts = 2;
  training.validation_share = 0.25;
  return config;
}

std::vector<data::EditRequest> training_records() {
  std::vector<data::EditRequest> all;
  for (int i = 0; i < 8; ++i) {
    data::EditRequest record = request_of("{} is in", std::string("Su") + static_cast<char>('a' + i) + "o",
                                          std::string(1, static_cast<char>('A' + i % 3)));
    record.case_id = i;
    record.paraphrase_prompts = {"Well. " + record.subject + " lives in"};
    record.neighborhood_prompts = {"Nado is in", "Mira lives in"};
    all.push_back(record);
  }
  return all;
}

MendData data_of(const MendConfig& config) {
  return {config.training, training_records(), {"A document.", "Another one!"}, test::byte_tokenizer(), 96};
}

TEST(MendTrainer, GradientMatchesFiniteDifferences) {
  for (const model::FamilySpec* family : {&model::kGpt2, &model::kGptj, &model::kLlama}) {
    const model::Network network = lively_network(family, torch::kFloat64);
    const MendConfig config = training_config();
    const MendData data = data_of(config);
    MendTrainingState state = initial_training_state(config, network);
    state.editor.networks[0].moments = RunningMoments::none(80).absorbed(test::uniform_matrix("a", 9, 80));
    state.editor.networks[1].moments = RunningMoments::none(80).absorbed(test::uniform_matrix("b", 9, 80));
    for (const auto& [name, tensor] : state.editor.trained()) {
      tensor.add_(test::uniform_matrix(name, 1, tensor.numel()).view(tensor.sizes()) * (name == "rates" ? 1e-4 : 0.1));
    }
    const MendExample example = data.training(3);
    MendTrainer trainer(network, config, data, state);
    const auto gradients = trainer.gradients_of(example);
    const auto trained = state.editor.trained();
    ASSERT_EQ(gradients.size(), trained.size());
    const double h = 1e-6;
    for (std::size_t i = 0; i < trained.size(); ++i) {
      const std::int64_t entry = (trained[i].second.numel() * 2) / 3;
      const auto loss_at = [&](double offset) {
        MendTrainingState moved = state;
        moved.editor = copied(state.editor);
        moved.editor.trained()[i].second.view({-1})[entry] += offset;
        return MendTrainer(network, config, data, moved).run_example(example, false).total;
      };
      const double expected = (loss_at(h) - loss_at(-h)) / (2 * h);
      EXPECT_NEAR(gradients[i].reshape({-1})[entry].item<double>(), expected, 1e-7 * (1 + std::abs(expected)))
          << trained[i].first;
    }
  }
}

TEST(MendTrainer, UntrainedEditorIsPlainNormalisedGradientDescent) {
  const model::Network network = lively_network(&model::kGpt2, torch::kFloat64);
  MendConfig config = training_config();
  config.training.initial_rate = 0.0;
  const MendData data = data_of(config);
  MendTrainer trainer(network, config, data, initial_training_state(config, network));
  const MendLosses losses = trainer.run_example(data.training(0), true);
  EXPECT_NEAR(losses.locality, 0.0, 1e-12) << "a rate of 0 changes nothing";
  EXPECT_NEAR(losses.total, 0.1 * losses.edit, 1e-12);
}

TEST(MendTrainer, LowersTheValidationLoss) {
  const model::Network network = lively_network(&model::kGptj);
  const MendConfig config = training_config();
  const MendData data = data_of(config);
  MendTrainer trainer(network, config, data, initial_training_state(config, network));
  trainer.iterate();
  const double first = trainer.validation().total;
  EXPECT_EQ(trainer.state().best_iteration, 0);
  while (!trainer.is_finished()) trainer.iterate();
  EXPECT_LT(trainer.state().best_loss, first);
  EXPECT_EQ(trainer.state().next_iteration, 61);
  EXPECT_EQ(trainer.state().networks.num_steps, 15) << "one step for four iterations, the first after iteration 4";
}

void expect_same(const MendEditor& a, const MendEditor& b) {
  const auto left = tensors_of(a);
  const auto right = tensors_of(b);
  ASSERT_EQ(left.size(), right.size());
  for (const auto& [name, tensor] : left) EXPECT_TRUE(at::equal(tensor, right.at(name))) << name;
}

TEST(MendTrainer, GoesOnBitForBitFromAnyStep) {
  const model::Network network = lively_network(&model::kGpt2);
  const MendConfig config = training_config();
  const MendData data = data_of(config);
  MendTrainer whole(network, config, data, initial_training_state(config, network));
  while (!whole.is_finished()) whole.iterate();
  for (const std::int64_t stop : {1, 5, 30, 60}) {
    MendTrainer first(network, config, data, initial_training_state(config, network));
    while (first.state().next_iteration < stop || !first.is_between_steps()) first.iterate();
    MendTrainer second(network, config, data, first.state());
    while (!second.is_finished()) second.iterate();
    expect_same(second.state().editor, whole.state().editor);
    expect_same(second.state().best, whole.state().best);
    EXPECT_EQ(second.state().best_loss, whole.state().best_loss);
  }
}

TEST(MendTrainer, LeavesOutGradientsThatAreNotFinite) {
  const model::Network sound = lively_network(&model::kGpt2);
  model::Network network = sound;
  const std::string name = "transformer.ln_f.bias";
  network.set_parameter(name, at::full_like(network.parameter(name), std::numeric_limits<float>::infinity()));
  const MendConfig config = training_config();
  const MendData data = data_of(config);
  MendTrainer trainer(network, config, data, initial_training_state(config, network));
  const at::Tensor before = trainer.state().editor.rates_P.detach().clone();
  for (int i = 0; i < 9; ++i) trainer.iterate();
  EXPECT_TRUE(at::equal(trainer.state().editor.rates_P, before));
  EXPECT_EQ(trainer.state().networks.num_steps, 0);
}

TEST(MendTrainer, StopsWhenPatienceEnds) {
  const model::Network network = lively_network(&model::kGpt2);
  MendConfig config = training_config();
  config.training.learning_rate = 1e-12;  // nothing gets better
  config.training.rate_learning_rate = 0.0;
  config.training.validation_every = 3;
  config.training.patience = 6;
  const MendData data = data_of(config);
  MendTrainer trainer(network, config, data, initial_training_state(config, network));
  while (!trainer.is_finished()) trainer.iterate();
  EXPECT_LT(trainer.state().next_iteration, 61);
  EXPECT_GE(trainer.state().next_iteration - 1 - trainer.state().best_iteration, 6);
}

TEST(MendData, SplitsBySubjectAndDrawsByNumberAlone) {
  const MendConfig config = training_config();
  const MendData data = data_of(config);
  EXPECT_EQ(data.num_validation_records(), 2U);
  EXPECT_EQ(data.num_training_records(), 6U);
  const MendExample once = data.training(11);
  const MendExample again = data.training(11);
  EXPECT_EQ(once.inner.ids, again.inner.ids);
  EXPECT_EQ(once.texts, again.texts);
  EXPECT_EQ(once.outer.target_ids, once.inner.target_ids);
  EXPECT_EQ(data.validation(0).texts.size(), 2U);
  bool differs = false;
  for (int i = 0; i < 8; ++i) differs = differs || data.training(i).inner.ids != once.inner.ids;
  EXPECT_TRUE(differs);
}

TEST(MendData, RefusesRecordsThatCannotTrain) {
  const MendConfig config = training_config();
  auto one = training_records();
  one.resize(1);
  EXPECT_THROW(MendData(config.training, one, {"text"}, test::byte_tokenizer(), 96), core::DataError);
  auto bare = training_records();
  bare[2].neighborhood_prompts.clear();
  EXPECT_THROW(MendData(config.training, bare, {}, test::byte_tokenizer(), 96), core::DataError);
  EXPECT_NO_THROW(MendData(config.training, bare, {"text"}, test::byte_tokenizer(), 96));
}

}  // namespace
}  // namespace lethe::editing
