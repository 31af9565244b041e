// MEND on the shipped models, with the shipped editors, beside what the published programs did: golden/README.md.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "data/corpus.h"
#include "data/counterfact.h"
#include "editing/mend/mend.h"
#include "editing/mend/mend_training.h"
#include "model/weights.h"
#include "tests/parity/published_run.h"
#include "tests/parity/shipped_editor.h"
#include "tests/support/test_device.h"

namespace lethe {
namespace {

using nlohmann::json;
using test::difference;

using PublishedMend = test::OnBothModels;
INSTANTIATE_TEST_SUITE_P(Models, PublishedMend, testing::Values("small-gpt2", "small-gptj"), test::model_test_name);

TEST_P(PublishedMend, ComputesTheSameSequence) {
  const json recorded = test::golden("small-mend.json").at(GetParam());
  const auto mend = test::shipped_mend(GetParam(), run_);
  for (const auto& [parameter, row] : recorded.at("added_row").items()) {
    const char* name = parameter == "wte" ? "transformer.wte.weight" : "lm_head.weight";
    EXPECT_LT(difference(mend.start.parameter(name)[-1], row), 1e-6) << name;
  }
  test::follow({run_.requests(), run_.tokenizer(), mend.start}, *mend.method, recorded,
               [&](const auto& network, auto requests, const auto& step, const json& edit) {
                 const auto row = editing::labelled_row(requests.front(), run_.tokenizer(), 128);
                 const auto seen = editing::inner_gradients(network, mend.editor->parameters, std::span(&row, 1));
                 ASSERT_EQ(step.updates.size(), edit.at("weights").size());
                 for (std::size_t i = 0; i < step.updates.size(); ++i) {
                   SCOPED_TRACE(step.updates[i].parameter);
                   const json& weight = edit.at("weights")[i];
                   EXPECT_LT(difference(seen.factors[i].inputs_KI, weight.at("inputs")), 1e-4);
                   EXPECT_LT(difference(seen.factors[i].gradients_KO, weight.at("gradients")), 1e-4);
                   const auto& update = test::factors_of(step, i);
                   EXPECT_LT(difference(at::matmul(update.left_OR, update.right_IR.t()), weight.at("update")), 1e-4);
                 }
               });
}

/// As the recorded trainings were configured.
editing::MendConfig recorded_training() {
  editing::MendConfig config;
  config.layers = {3, 4, 5};
  auto& training = config.training;
  training.corpus_share = 0.1;
  training.rank = 48;
  training.initial_rate = -1e-4;
  training.learning_rate = 1e-4;
  training.rate_learning_rate = 1e-4;
  training.edit_loss_weight = 0.02;
  training.max_text_tokens = 100;
  training.validation_every = 1'000'000;
  training.validation_edits = 1;
  training.validation_texts = 2;
  return config;
}

void expect_near(double actual, double expected) { EXPECT_NEAR(actual, expected, 1e-7 * std::abs(expected)); }

void expect_step(const editing::MendTrainingState& state, const editing::MendEditor& start, const json& recorded) {
  const auto before = start.trained();
  const auto after = state.editor.trained();
  ASSERT_EQ(after.size(), recorded.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    SCOPED_TRACE(after[i].first);
    const json& tensor = recorded.at(after[i].first);
    const at::Tensor& moment = i == 0 ? state.rates.first_moments.front() : state.networks.first_moments.at(i - 1);
    EXPECT_LT(difference(moment, tensor.at("moment")), 1e-7);
    EXPECT_LT(difference(after[i].second - before[i].second, tensor.at("change")), 1e-7);
  }
}

/// In fp64 on both sides: in fp32 a locality loss of 1e-6 keeps three digits, and a pre-activation near zero its sign
/// or not.
TEST_P(PublishedMend, TakesTheSameStepsInTraining) {
  const json recorded = test::golden("small-mend-training.json").at(GetParam());
  const auto config = recorded_training();
  const model::Network unedited(
      model::load_weights(test::source_path("assets") / GetParam(), test::test_device(), torch::kFloat64));
  const auto network = editing::starting_network(config, unedited, 37);
  const editing::MendData data(config.training, data::read_counterfact(test::source_path("assets/world/train.json")),
                               data::read_corpus(test::source_path("assets/world/corpus.txt"), 2000), run_.tokenizer(),
                               network.architecture().max_positions);
  auto state = editing::initial_training_state(config, network);
  const auto start = editing::copied(state.editor);
  editing::MendTrainer trainer(network, config, data, std::move(state));
  std::size_t num_steps = 0;
  for (std::size_t iteration = 0; iteration < recorded.at("losses").size(); ++iteration) {
    SCOPED_TRACE("iteration " + std::to_string(iteration));
    const json& losses = recorded.at("losses")[iteration];
    const editing::MendLosses actual = trainer.iterate();
    expect_near(actual.edit, losses[0]);
    expect_near(actual.locality, losses[1]);
    expect_near(actual.total, losses[2]);
    if (iteration > 0 && trainer.is_between_steps()) {
      expect_step(trainer.state(), start, recorded.at("steps").at(num_steps++));
    }
  }
  EXPECT_EQ(num_steps, recorded.at("steps").size());
}

}  // namespace
}  // namespace lethe
