#include "metrics/downstream.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"
#include "tests/support/toy_task.h"

namespace lethe::metrics {
namespace {

using test::toy_task_config;

data::TaskExamples toy_examples() { return test::toy_task_examples({"abc", "abd and more", "a", "zz top"}); }

TEST(MatchAnswer, ReadsAfterTheLastMarkerInTheOrderOfTheAnswers) {
  const auto config = toy_task_config();
  EXPECT_EQ(match_answer(config, "Say : positive\nq Say : negative"), 0);
  EXPECT_EQ(match_answer(config, "q Say : negative positive"), 1);  // the first answer word is searched first
  EXPECT_EQ(match_answer(config, "q Say :  unpositively"), 1);      // substring rule
  EXPECT_EQ(match_answer(config, "q Say : neither"), -1);
  EXPECT_EQ(match_answer(config, "no marker positive"), -1);
}

TEST(PrepareTask, SharesTheLongestCommonTokenPrefixAndLeavesEveryRowAToken) {
  test::TemporaryFolder folder;
  test::write_tiny_model(folder.path(), &model::kGpt2, 3);
  const auto tokenizer = model::Tokenizer::from_folder(folder.path());
  auto examples = toy_examples();
  examples[3].fields["sentence"] = "ab";
  const auto task = prepare_task(toy_task_config(), examples, tokenizer, test::tiny_architecture(&model::kGpt2));
  const std::string shared = "Say : x\na";
  EXPECT_EQ(tokenizer.decode(task.shared_prefix), shared);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    EXPECT_EQ(shared + tokenizer.decode(task.rows[i]), "Say : x\n" + examples[i].fields.at("sentence") + " Say :");
  }
  const data::TaskExamples single{examples[0], examples[0]};
  const auto same = prepare_task(toy_task_config(), single, tokenizer, test::tiny_architecture(&model::kGpt2));
  EXPECT_EQ(same.rows[0].size(), 1U);
}

TEST(PrepareTask, RefusesAnExampleThatAnswersItself) {
  test::TemporaryFolder folder;
  test::write_tiny_model(folder.path(), &model::kGpt2, 3);
  const auto tokenizer = model::Tokenizer::from_folder(folder.path());
  const auto architecture = test::tiny_architecture(&model::kGpt2);
  auto config = toy_task_config();
  config.query = "Say : {sentence} ?";
  auto examples = toy_examples();
  EXPECT_EQ(prepare_task(config, examples, tokenizer, architecture).labels.size(), 4U);
  examples[2].fields["sentence"] = "a negative";
  examples[2].place = "task.json: entry 2";
  const auto message =
      test::message_of<core::DataError>([&] { prepare_task(config, examples, tokenizer, architecture); });
  EXPECT_EQ(message.find("task.json: entry 2: its text stands behind the marker of task toy"), 0U) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST(PrepareTask, RefusesAPromptBeyondTheModelsPositions) {
  test::TemporaryFolder folder;
  test::write_tiny_model(folder.path(), &model::kGpt2, 3);
  const auto tokenizer = model::Tokenizer::from_folder(folder.path());
  auto config = toy_task_config();
  config.prefix = std::string(60, 'x');
  EXPECT_THROW(prepare_task(config, toy_examples(), tokenizer, test::tiny_architecture(&model::kGpt2)),
               core::DataError);
  EXPECT_THROW(prepare_task(toy_task_config(), {}, tokenizer, test::tiny_architecture(&model::kGpt2)), core::DataError);
}

/// The published procedure: one example at a time, the whole prompt again for every token.
std::vector<model::TokenId> plain_answer(const model::Network& network, std::vector<model::TokenId> row, int count,
                                         model::TokenId end_of_text) {
  std::vector<model::TokenId> answer;
  for (int i = 0; i < count; ++i) {
    const auto logits_BTV =
        network.forward(model::pad_rows(std::vector<std::vector<model::TokenId>>{row}, test::test_device()));
    const auto next = static_cast<model::TokenId>(logits_BTV[0][-1].argmax().item<std::int64_t>());
    if (next == end_of_text) break;
    answer.push_back(next);
    row.push_back(next);
  }
  return answer;
}

class EvaluateTask : public testing::TestWithParam<const model::FamilySpec*> {};

TEST_P(EvaluateTask, GeneratesTheTokensOfThePublishedProcedure) {
  const torch::NoGradGuard no_grad;
  test::TemporaryFolder folder;
  test::write_tiny_model(folder.path(), GetParam(), 3);
  const auto tokenizer = model::Tokenizer::from_folder(folder.path());
  const model::Network network(model::load_weights(folder.path(), test::test_device()));
  const auto task = prepare_task(toy_task_config(), toy_examples(), tokenizer, network.architecture());
  const auto record = evaluate_task(network, tokenizer, task);
  ASSERT_EQ(record.generated_ids.size(), 4U);
  EXPECT_EQ(record.labels, (std::vector<std::int32_t>{0, 1, 0, 1}));
  for (std::size_t i = 0; i < 4; ++i) {
    auto row = task.shared_prefix;
    row.insert(row.end(), task.rows[i].begin(), task.rows[i].end());
    EXPECT_EQ(record.generated_ids[i], plain_answer(network, row, 3, tokenizer.end_of_text()));
  }
}

INSTANTIATE_TEST_SUITE_P(Families, EvaluateTask, testing::Values(&model::kGpt2, &model::kGptj),
                         [](const auto& instance) { return std::string(instance.param->name); });

}  // namespace
}  // namespace lethe::metrics
