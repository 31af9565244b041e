#include "metrics/zsre_scores.h"

#include <gtest/gtest.h>

#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"

namespace lethe::metrics {
namespace {

/// The published rule by the plain forward, one prompt at a time: the answer's pieces, each after the ones before it.
std::vector<bool> plain_answers(const model::Network& network, const model::Tokenizer& tokenizer,
                                const std::string& prompt, const std::string& target) {
  std::vector<bool> answers;
  const auto answer = tokenizer.encode_continuation(" " + target);
  for (std::size_t i = 0; i < answer.size(); ++i) {
    const auto before = tokenizer.decode_cleaned(std::span(answer).first(i));
    const auto ids = tokenizer.encode_prompt(prompt + (i == 0 ? "" : before));
    const auto logits_TV =
        network.forward(model::pad_rows(std::vector<std::vector<model::TokenId>>{ids}, test::test_device()))
            .select(0, 0);
    const auto wanted =
        tokenizer.encode_continuation(tokenizer.decode_continuation(std::span(answer).subspan(i, 1))).front();
    answers.push_back(logits_TV[static_cast<std::int64_t>(ids.size()) - 1].argmax().item<std::int64_t>() == wanted);
  }
  return answers;
}

/// What the network says after a prompt, `count` tokens, so that some answers are right.
std::string greedy(const model::Network& network, const model::Tokenizer& tokenizer, std::string prompt, int count) {
  const auto begin = prompt.size();
  for (int i = 0; i < count; ++i) {
    const auto ids = tokenizer.encode_prompt(prompt);
    const auto logits_TV =
        network.forward(model::pad_rows(std::vector<std::vector<model::TokenId>>{ids}, test::test_device()))
            .select(0, 0);
    const auto next = static_cast<model::TokenId>(
        logits_TV[static_cast<std::int64_t>(ids.size()) - 1].narrow(0, 33, 90).argmax().item<std::int64_t>() + 33);
    prompt += tokenizer.decode(std::span(&next, 1));
  }
  return prompt.substr(begin);
}

TEST(ZsreScores, AskTokenByTokenAsPublished) {
  const test::TemporaryFolder folder;
  test::write_tiny_model(folder.path(), &model::kGpt2, 3);
  const auto tokenizer = model::Tokenizer::from_folder(folder.path());
  const model::Network network(model::load_weights(folder.path(), test::test_device()));
  std::vector<data::EditRequest> records(3);
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto& record = records[i];
    record.prompt = "Where is {}?";
    record.subject = std::string("Ana") + static_cast<char>('a' + i);
    record.target_new = i == 0 ? "Rom" : greedy(network, tokenizer, record.edit_prompt() + " ", 3);
    record.target_true = "<|endoftext|>";
    record.paraphrase_prompts = {"What place holds " + record.subject + "?", "Short?"};
    record.neighborhood_prompts = {"nq question: who?"};
    if (i == 1) record.neighborhood_target = "Jo";
  }
  const auto all = score_zsre(network, tokenizer, records, /*batch_tokens=*/64);
  ASSERT_EQ(all.size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& record = records[i];
    EXPECT_EQ(all[i].rewrite, plain_answers(network, tokenizer, record.edit_prompt(), record.target_new));
    auto paraphrase = plain_answers(network, tokenizer, record.paraphrase_prompts[0], record.target_new);
    const auto second = plain_answers(network, tokenizer, record.paraphrase_prompts[1], record.target_new);
    paraphrase.insert(paraphrase.end(), second.begin(), second.end());
    EXPECT_EQ(all[i].paraphrase, paraphrase);
    const auto neighbor = i == 1 ? record.neighborhood_target : record.target_true;
    EXPECT_EQ(all[i].neighborhood, plain_answers(network, tokenizer, record.neighborhood_prompts[0], neighbor));
  }
  EXPECT_EQ(all[0].rewrite.size(), 4U) << "a space and three letters, a byte each";
}

}  // namespace
}  // namespace lethe::metrics
