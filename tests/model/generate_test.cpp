#include "model/generate.h"

#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "core/error.h"
#include "model/shared_prefix.h"
#include "tests/model/tiny_networks.h"

namespace lethe::model {
namespace {

using testing::EachNetwork;
using testing::token_row;

using Rows = std::vector<std::vector<TokenId>>;

class Generate : public EachNetwork {
 protected:
  /// Greedy continuation by a full forward for every token: what the cache must not change.
  static std::vector<TokenId> continued_plainly(const Network& net, std::vector<TokenId> row, std::size_t total) {
    const torch::NoGradGuard no_grad;
    while (row.size() < total) {
      const auto logits = net.forward(pad_rows(Rows{row}, net.device()))[0];
      row.push_back(static_cast<TokenId>(logits[logits.size(0) - 1].argmax().item<std::int64_t>()));
    }
    return row;
  }
};
LETHE_INSTANTIATE_EACH_NETWORK(Generate);

TEST_P(Generate, GreedyEqualsRepeatedFullForwardsForUnequalPrompts) {
  const auto net = network();
  const Rows prompts{token_row(1, 3), token_row(2, 9), token_row(3, 1), token_row(4, 20), token_row(5, 25)};
  GenerateOptions options;
  options.max_total_tokens = 20;
  core::RandomStream random(1, "test");
  const auto texts = generate(net, prompts, options, random);
  for (std::size_t r = 0; r < prompts.size(); ++r) {
    EXPECT_EQ(texts[r], continued_plainly(net, prompts[r], 20)) << "row " << r;
  }
}

TEST_P(Generate, SharedPrefixAnswersEqualRepeatedFullForwards) {
  const auto net = network();
  const auto shared = token_row(9, 8);
  const Rows rows{token_row(1, 3), token_row(2, 9), token_row(3, 1), token_row(4, 5), token_row(5, 2)};
  for (const auto& [batch_rows, padding_tokens] : {std::pair{1, 256}, {2, 256}, {50, 256}, {50, 0}, {50, 3}}) {
    SharedPrefixOptions options;
    options.max_new_tokens = 4;
    options.batch_rows = batch_rows;
    options.padding_tokens = padding_tokens;
    const auto answers = answer_with_shared_prefix(net, shared, rows, options);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      auto whole = shared;
      whole.insert(whole.end(), rows[r].begin(), rows[r].end());
      const auto expected = continued_plainly(net, whole, whole.size() + 4);
      EXPECT_EQ(answers[r], std::vector<TokenId>(expected.end() - 4, expected.end())) << batch_rows << ", row " << r;
    }
  }
}

TEST_P(Generate, AnswersWithoutASharedPrefix) {
  const auto net = network();
  const Rows rows{token_row(1, 3), token_row(2, 6)};
  const auto answers = answer_with_shared_prefix(net, {}, rows, {});
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto expected = continued_plainly(net, rows[r], rows[r].size() + 3);
    EXPECT_EQ(answers[r], std::vector<TokenId>(expected.end() - 3, expected.end()));
  }
}

TEST_P(Generate, RowsEndBeforeEndOfText) {
  const auto net = network();
  const Rows rows{token_row(1, 3), token_row(2, 6)};
  const auto free_run = answer_with_shared_prefix(net, {}, rows, {});
  SharedPrefixOptions stopping;
  stopping.end_of_text = free_run[0][0];
  const auto stopped = answer_with_shared_prefix(net, {}, rows, stopping);
  EXPECT_TRUE(stopped[0].empty());

  GenerateOptions options;
  options.max_total_tokens = 12;
  options.stop_at_end_of_text = true;
  options.end_of_text = free_run[0][0];
  core::RandomStream random(1, "test");
  EXPECT_EQ(generate(net, rows, options, random)[0], rows[0]);
}

/// A network that ignores its input: the head's bias alone decides.
Network biased_network(const std::vector<float>& bias) {
  auto weights = testing::formula_weights(&kGptj, torch::kFloat32);
  Network net(weights);
  net.set_parameter("lm_head.weight", torch::zeros_like(weights->tensor("lm_head.weight")));
  auto values = torch::full({101}, -20.0F);
  for (std::size_t i = 0; i < bias.size(); ++i) values[static_cast<std::int64_t>(i)] = bias[i];
  net.set_parameter("lm_head.bias", values.to(net.device()));
  return net;
}

TEST(Sampling, DrawsTheLikeliestTokensInProportion) {
  const auto net = biased_network({std::log(0.5F), std::log(0.3F), std::log(0.15F), std::log(0.05F)});
  const Rows prompts(100, {7});
  GenerateOptions options;
  options.max_total_tokens = 41;
  options.top_k = 3;
  core::RandomStream random(5, "sampling");
  std::map<TokenId, int> counts;
  for (const auto& text : generate(net, prompts, options, random)) {
    for (std::size_t i = 1; i < text.size(); ++i) ++counts[text[i]];
  }
  ASSERT_EQ(counts.size(), 3U) << "only the three likeliest";
  // 4000 draws: a standard deviation is below 0.8 %.
  EXPECT_NEAR(counts[0] / 4000.0, 0.5 / 0.95, 0.03);
  EXPECT_NEAR(counts[1] / 4000.0, 0.3 / 0.95, 0.03);
  EXPECT_NEAR(counts[2] / 4000.0, 0.15 / 0.95, 0.03);
}

TEST(Sampling, RepeatsWithItsSeedAndOnlyWithIt) {
  const Network net(testing::formula_weights(&kGpt2, torch::kFloat32));
  const Rows prompts(4, {3});
  GenerateOptions options;
  options.max_total_tokens = 20;
  options.top_k = 5;
  const auto sample = [&](std::uint64_t seed) {
    core::RandomStream random(seed, "sampling");
    return generate(net, prompts, options, random);
  };
  EXPECT_EQ(sample(1), sample(1));
  EXPECT_NE(sample(1), sample(2));
  const auto rows = sample(1);
  EXPECT_GT(std::set(rows.begin(), rows.end()).size(), 1U) << "rows draw for themselves";
}

TEST(GenerateMisuse, IsRefusedWithAReason) {
  const Network net(testing::formula_weights(&kGpt2, torch::kFloat32));
  core::RandomStream random(1, "test");
  GenerateOptions options;
  options.max_total_tokens = 49;
  EXPECT_THROW((void)generate(net, Rows{{1}}, options, random), core::ModelError);
  options.max_total_tokens = 8;
  EXPECT_THROW((void)generate(net, Rows{{1}, {}}, options, random), core::ModelError);
  EXPECT_THROW((void)answer_with_shared_prefix(net, token_row(1, 40), Rows{token_row(2, 8)}, {}), core::ModelError);
  EXPECT_THROW((void)answer_with_shared_prefix(net, token_row(1, 4), Rows{{}}, {}), core::ModelError);
  EXPECT_TRUE(answer_with_shared_prefix(net, token_row(1, 4), Rows{}, {}).empty());
}

}  // namespace
}  // namespace lethe::model
