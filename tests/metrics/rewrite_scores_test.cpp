#include "metrics/rewrite_scores.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"

namespace lethe::metrics {
namespace {

using model::FamilySpec;
using model::kGpt2;
using model::kGptj;

struct PlainScore {
  double nll = 0.0;
  bool is_correct = true;
  double margin = 1e30;
  std::vector<double> nlls;           // of each of the target's tokens
  std::vector<std::int64_t> choices;  // likeliest tokens in their places
  std::vector<model::TokenId> ids;
};

/// One prompt and one target through the plain full forward, one row, nothing shared.
PlainScore plain_score(const model::Network& network, const model::Tokenizer& tokenizer, const std::string& prompt,
                       const std::string& target) {
  auto row = tokenizer.encode_prompt(prompt);
  const auto length = static_cast<std::int64_t>(row.size());
  const auto target_ids = tokenizer.encode_continuation(" " + target);
  row.insert(row.end(), target_ids.begin(), target_ids.end());
  const auto logits_TV =
      network.forward(model::pad_rows(std::vector<std::vector<model::TokenId>>{row}, test::test_device())).select(0, 0);
  const auto log_probabilities_TV = logits_TV.log_softmax(1);
  PlainScore score;
  score.ids = target_ids;
  for (std::size_t j = 0; j < target_ids.size(); ++j) {
    const auto position = length - 1 + static_cast<std::int64_t>(j);
    score.nlls.push_back(-log_probabilities_TV[position][target_ids[j]].item<double>());
    score.choices.push_back(logits_TV[position].argmax().item<std::int64_t>());
    score.nll += score.nlls.back() / static_cast<double>(target_ids.size());
    score.is_correct = score.is_correct && score.choices.back() == target_ids[j];
    auto others = logits_TV[position].clone();
    others[target_ids[j]] = -1e30;
    const double margin = (logits_TV[position][target_ids[j]] - others.max()).item<double>();
    score.margin = std::min(score.margin, margin);
  }
  return score;
}

void expect_tokens(const std::vector<core::TargetToken>& tokens, const PlainScore& plain) {
  ASSERT_EQ(tokens.size(), plain.ids.size());
  for (std::size_t j = 0; j < tokens.size(); ++j) {
    EXPECT_EQ(tokens[j].id, plain.ids[j]);
    EXPECT_NEAR(tokens[j].nll, plain.nlls[j], 1e-4);
    EXPECT_EQ(tokens[j].argmax, plain.choices[j]);
  }
}

std::vector<data::EditRequest> some_requests() {
  std::vector<data::EditRequest> requests(3);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    auto& request = requests[i];
    request.case_id = static_cast<std::int64_t>(i);
    request.prompt = i == 1 ? "The city of {} is" : "{} is in";
    request.subject = std::string("Ana") + static_cast<char>('k' + i);
    request.target_new = i == 2 ? "Rom" : "R";
    request.target_true = "Q";
    request.paraphrase_prompts = {"Well, a longer sentence. " + request.subject + " sits in"};
    request.neighborhood_prompts = {"Bo is in", "Cyrano of the hill is in"};
  }
  return requests;
}

class RewriteScores : public testing::TestWithParam<const FamilySpec*> {
 protected:
  RewriteScores()
      : network_(model::random_weights(test::tiny_architecture(GetParam()), 3, test::test_device())),
        tokenizer_(make_tokenizer()) {}

  model::Tokenizer make_tokenizer() {
    test::write_tiny_model(folder_.path(), GetParam(), 3);
    return model::Tokenizer::from_folder(folder_.path());
  }

  test::TemporaryFolder folder_;
  model::Network network_;
  model::Tokenizer tokenizer_;
};

TEST_P(RewriteScores, EqualThePlainForwardPromptByPrompt) {
  const torch::NoGradGuard no_grad;
  const auto requests = some_requests();
  const auto scores = score_requests(network_, tokenizer_, requests);
  ASSERT_EQ(scores.size(), requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto& request = requests[i];
    const std::vector<std::string> prompts{request.edit_prompt(), request.paraphrase_prompts[0],
                                           request.neighborhood_prompts[0], request.neighborhood_prompts[1]};
    ASSERT_EQ(scores[i].size(), prompts.size());
    for (std::size_t p = 0; p < prompts.size(); ++p) {
      const auto& score = scores[i][p];
      const auto on_new = plain_score(network_, tokenizer_, prompts[p], request.target_new);
      const auto on_true = plain_score(network_, tokenizer_, prompts[p], request.target_true);
      const auto& wanted = score.kind == core::PromptKind::kNeighborhood ? on_true : on_new;
      EXPECT_NEAR(score.nll_new, on_new.nll, 1e-4);
      EXPECT_NEAR(score.nll_true, on_true.nll, 1e-4);
      EXPECT_EQ(score.is_correct, wanted.is_correct);
      EXPECT_NEAR(score.margin, wanted.margin, 1e-4);
      expect_tokens(score.tokens_new, on_new);
      expect_tokens(score.tokens_true, on_true);
    }
  }
}

TEST_P(RewriteScores, DoNotDependOnTheBatchBeyondRounding) {
  const auto requests = some_requests();
  ScoreOptions together;
  together.padding_tokens = together.batch_tokens;
  const auto batched = score_requests(network_, tokenizer_, requests, together);
  ScoreOptions alone;
  alone.batch_tokens = 1;
  ScoreOptions by_length;
  by_length.padding_tokens = 0;
  for (const auto& options : {alone, by_length, ScoreOptions{}}) {
    const auto scores = score_requests(network_, tokenizer_, requests, options);
    for (std::size_t i = 0; i < batched.size(); ++i) {
      for (std::size_t p = 0; p < batched[i].size(); ++p) {
        EXPECT_NEAR(batched[i][p].nll_new, scores[i][p].nll_new, 1e-4);
        EXPECT_NEAR(batched[i][p].nll_true, scores[i][p].nll_true, 1e-4);
      }
    }
  }
}

TEST_P(RewriteScores, RewriteOnlyAsksTheEditPromptAlone) {
  ScoreOptions options;
  options.rewrite_only = true;
  const auto scores = score_requests(network_, tokenizer_, some_requests(), options);
  for (const auto& one : scores) {
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one.front().kind, core::PromptKind::kRewrite);
  }
}

TEST_P(RewriteScores, RefusesAnEmptyPrompt) {
  auto requests = some_requests();
  requests[1].paraphrase_prompts = {""};
  EXPECT_THROW(score_requests(network_, tokenizer_, requests), core::DataError);
}

INSTANTIATE_TEST_SUITE_P(Families, RewriteScores, testing::Values(&kGpt2, &kGptj),
                         [](const auto& instance) { return std::string(instance.param->name); });

}  // namespace
}  // namespace lethe::metrics
