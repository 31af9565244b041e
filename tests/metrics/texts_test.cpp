#include "metrics/texts.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "model/generate.h"
#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"

namespace lethe::metrics {
namespace {

using testing::HasSubstr;

data::EditRequest request(std::int64_t case_id, const std::string& subject,
                          std::vector<std::string> generation_prompts) {
  data::EditRequest made;
  made.case_id = case_id;
  made.prompt = "{} is in";
  made.subject = subject;
  made.generation_prompts = std::move(generation_prompts);
  return made;
}

std::vector<data::EditRequest> requests_of_three() {
  return {request(7, "Ana", {"Ana said", "Near Ana", "Ana said"}), request(5, "Bo", {}), request(3, "Cy", {"Cy"})};
}

TEST(TextPrompts, AreTheDistinctOnesOfEachFactOrItsOwn) {
  const auto requests = requests_of_three();
  EXPECT_EQ(text_prompts(requests),
            (std::vector<TextPrompt>{{1, 7, "Ana said"}, {1, 7, "Near Ana"}, {2, 5, "Bo is in"}, {3, 3, "Cy"}}));
  EXPECT_TRUE(text_prompts({}).empty());
}

class Texts : public testing::TestWithParam<const model::FamilySpec*> {
 protected:
  Texts()
      : tokenizer_(tokenizer()),
        network_(model::random_weights(test::tiny_architecture(GetParam()), 3, test::test_device())),
        other_(model::random_weights(test::tiny_architecture(GetParam()), 4, test::test_device())) {}

  static model::Tokenizer tokenizer() {
    const test::TemporaryFolder folder;
    test::write_tiny_model(folder.path(), GetParam(), 3);
    return model::Tokenizer::from_folder(folder.path());
  }

  model::Tokenizer tokenizer_;
  model::Network network_;
  model::Network other_;
};

TEST_P(Texts, ContinueEachPromptToTheSameLength) {
  const auto requests = requests_of_three();
  const auto prompts = text_prompts(requests);
  const auto texts = write_texts(network_, tokenizer_, prompts, 20, 37);
  ASSERT_EQ(texts.size(), prompts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto prompt = tokenizer_.encode_prompt(prompts[i].text);
    EXPECT_EQ(texts[i].greedy.ids.size(), 20 - prompt.size());
    EXPECT_EQ(texts[i].sampled.ids.size(), 20 - prompt.size());
    // Alone, token by token, through the plain forward.
    auto row = prompt;
    for (const auto id : texts[i].greedy.ids) {
      const auto logits_TV =
          network_.forward(model::pad_rows(std::vector<std::vector<model::TokenId>>{row}, test::test_device()))
              .select(0, 0);
      EXPECT_EQ(logits_TV[static_cast<std::int64_t>(row.size()) - 1].argmax().item<std::int64_t>(), id);
      row.push_back(id);
    }
    EXPECT_EQ(texts[i].greedy.text, tokenizer_.decode_continuation(texts[i].greedy.ids));
    EXPECT_EQ(texts[i].sampled.text, tokenizer_.decode_continuation(texts[i].sampled.ids));
  }
}

TEST_P(Texts, FollowTheSeedAlone) {
  const auto requests = requests_of_three();
  const auto prompts = text_prompts(requests);
  const auto texts = write_texts(network_, tokenizer_, prompts, 20, 37);
  EXPECT_EQ(write_texts(network_, tokenizer_, prompts, 20, 37), texts);
  const auto others = write_texts(network_, tokenizer_, prompts, 20, 38);
  EXPECT_NE(others, texts);
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(others[i].greedy, texts[i].greedy);
}

/// More rows than grow beside each other.
TEST_P(Texts, OfManyPromptsAreThoseOfEachBatch) {
  std::vector<data::EditRequest> requests;
  for (int i = 0; i < static_cast<int>(kTextRows) + 3; ++i) requests.push_back(request(i, "S" + std::to_string(i), {}));
  const auto prompts = text_prompts(requests);
  const auto all = write_texts(network_, tokenizer_, prompts, 14, 37);
  const auto first = write_texts(network_, tokenizer_, std::span(prompts).first(kTextRows), 14, 37);
  ASSERT_EQ(all.size(), prompts.size());
  EXPECT_TRUE(std::equal(first.begin(), first.end(), all.begin()));
}

TEST_P(Texts, LikelihoodIsTheMeanOverTheSampledTokens) {
  const auto requests = requests_of_three();
  const auto prompts = text_prompts(requests);
  const auto texts = write_texts(network_, tokenizer_, prompts, 16, 37);
  const auto nlls = text_nlls(other_, tokenizer_, prompts, texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto row = tokenizer_.encode_prompt(prompts[i].text);
    double sum = 0.0;
    for (const auto id : texts[i].sampled.ids) {
      const auto logits_TV =
          other_.forward(model::pad_rows(std::vector<std::vector<model::TokenId>>{row}, test::test_device()))
              .select(0, 0)
              .to(torch::kCPU, torch::kFloat64);
      sum -= logits_TV[static_cast<std::int64_t>(row.size()) - 1].log_softmax(0)[id].item<double>();
      row.push_back(id);
    }
    EXPECT_NEAR(nlls[i], sum / static_cast<double>(texts[i].sampled.ids.size()), 1e-4);
  }
}

TEST_P(Texts, APromptThatFillsThemIsContinuedByNothing) {
  const std::vector<TextPrompt> prompts{{1, 1, "A long prompt about nothing"}, {2, 2, "B"}};
  const auto texts = write_texts(network_, tokenizer_, prompts, 10, 37);
  EXPECT_TRUE(texts[0].greedy.ids.empty());
  EXPECT_TRUE(texts[0].sampled.text.empty());
  EXPECT_FALSE(texts[1].greedy.ids.empty());
  const auto nlls = text_nlls(network_, tokenizer_, prompts, texts);
  EXPECT_TRUE(std::isnan(nlls[0]));
  EXPECT_TRUE(std::isfinite(nlls[1]));
}

TEST_P(Texts, ThatNoModelOfThisShapeCanWriteAreToldByCase) {
  const auto architecture = test::tiny_architecture(GetParam());
  const auto requests = requests_of_three();
  EXPECT_EQ(check_texts(requests[0], architecture.max_positions, tokenizer_, architecture), 0);
  EXPECT_EQ(check_texts(request(1, "x", {"A long prompt about nothing", "B"}), 10, tokenizer_, architecture), 1)
      << "a prompt that leaves no room for a text";
  try {
    check_texts(requests[0], architecture.max_positions + 1, tokenizer_, architecture);
    FAIL() << "more tokens than positions";
  } catch (const core::DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("case 7: generation prompt \"Ana said\""));
    EXPECT_THAT(error.what(), HasSubstr("texts_tokens"));
  }
  EXPECT_THROW(check_texts(request(1, "x", {""}), 10, tokenizer_, architecture), core::DataError);
}

INSTANTIATE_TEST_SUITE_P(Families, Texts, testing::ValuesIn(model::all_families()),
                         [](const auto& family) { return std::string(family.param->name); });

}  // namespace
}  // namespace lethe::metrics
