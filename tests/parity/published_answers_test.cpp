// Answers to downstream tasks, token by token beside those of the published evaluators: golden/README.md.

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "core/config/experiment_config.h"
#include "data/task_examples.h"
#include "editing/methods/catalogue.h"
#include "metrics/downstream.h"
#include "model/families/families.h"
#include "model/weights.h"
#include "tests/parity/golden.h"
#include "tests/support/reference_data.h"
#include "tests/support/test_device.h"
#include "tests/support/uniform_weights.h"

namespace lethe {
namespace {

using nlohmann::json;
using test::source_path;

void expect_answers(const model::Network& network, const model::Tokenizer& tokenizer, const core::TaskConfig& config,
                    const json& recorded) {
  SCOPED_TRACE(config.name);
  const auto examples = data::read_task_examples(config.examples);
  ASSERT_EQ(examples.size(), recorded.at("ids").size());
  const auto task = metrics::prepare_task(config, examples, tokenizer, network.architecture());
  const core::TaskRecord record = metrics::evaluate_task(network, tokenizer, task);
  for (std::size_t example = 0; example < examples.size(); ++example) {
    SCOPED_TRACE("example " + std::to_string(example));
    EXPECT_EQ(record.generated_ids[example], recorded.at("ids")[example].get<std::vector<std::int32_t>>());
    EXPECT_EQ(record.predictions[example], recorded.at("predictions")[example].get<std::int32_t>());
  }
}

class PublishedAnswers : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Models, PublishedAnswers, testing::Values("small-gpt2", "small-gptj"), [](const auto& param) {
  return std::string(param.param).substr(std::string("small-").size());
});

TEST_P(PublishedAnswers, AreGivenToTheSmallTasks) {
  const std::filesystem::path folder = source_path("assets") / GetParam();
  const model::Network network(model::load_weights(folder, test::test_device()));
  const auto tokenizer = model::Tokenizer::from_folder(folder);
  const json recorded = test::golden("small-answers.json").at(GetParam());
  for (const auto& config :
       core::load_experiment_config(source_path("configs/quickstart.yaml"), editing::catalogue()).tasks) {
    expect_answers(network, tokenizer, config, recorded.at(config.name));
  }
}

/// GPT-2's tokenizer and the paper's 800 examples on a model of two layers, whose every token depends on the whole
/// prompt: right answers are not to be expected, but the same ones.
TEST(PublishedAnswersToThePapersTasks, AreTheSameTokens) {
  const auto data = test::reference_data();
  if (!std::filesystem::exists(data / "glue/paper")) GTEST_SKIP() << "no reference data (LETHE_REFERENCE_DATA)";
  const auto tokenizer = model::Tokenizer::from_folder(data / "tokenizer");
  model::Architecture shape;
  shape.family = &model::kGpt2;
  shape.num_layers = 2;
  shape.width = 64;
  shape.num_heads = 2;
  shape.inner_width = 256;
  shape.max_positions = 512;
  shape.vocab_size = 50257;
  const model::Network network(test::uniform_weights(shape, torch::kFloat32));
  const json recorded = test::golden("paper-answers.json");
  for (auto config : core::load_experiment_config(source_path("configs/paper.yaml"), editing::catalogue()).tasks) {
    config.examples = data / "glue/paper" / (config.name + ".json");
    expect_answers(network, tokenizer, config, recorded.at(config.name));
  }
}

}  // namespace
}  // namespace lethe
