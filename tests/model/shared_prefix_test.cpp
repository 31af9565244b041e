#include "model/shared_prefix.h"

#include <gtest/gtest.h>

#include "tests/model/tiny_networks.h"

namespace lethe::model {
namespace {

using testing::EachNetwork;
using testing::token_row;

using Rows = std::vector<std::vector<TokenId>>;

constexpr std::int64_t kPlenty = 1'000'000'000;

/// `network` after an edit of one block's projection, another for each `number`.
Network edited(Network network, int block, double number) {
  const auto name = network.architecture().down_projection(block).weight;
  const auto& weight = network.parameter(name);
  const auto left = torch::linspace(-1.0, number, weight.size(0), weight.options()).unsqueeze(1);
  const auto right = torch::linspace(number, 1.0, weight.size(1), weight.options()).sin().unsqueeze(0);
  network.set_parameter(name, weight + 0.5 * left.matmul(right));
  return network;
}

class KeptLowerBlocks : public EachNetwork {
 protected:
  const std::vector<TokenId> shared_ = token_row(9, 8);
  const Rows rows_{token_row(1, 3), token_row(2, 9), token_row(3, 1), token_row(4, 5), token_row(5, 2)};

  std::vector<std::vector<TokenId>> answers(const Network& network, LowerStateCache* cache) const {
    SharedPrefixOptions options;
    options.max_new_tokens = 4;
    options.batch_rows = 2;
    options.cache = cache;
    options.cache_key = "rows";
    return answer_with_shared_prefix(network, shared_, rows_, options);
  }
};
LETHE_INSTANTIATE_EACH_NETWORK(KeptLowerBlocks);

TEST_P(KeptLowerBlocks, ChangeNoAnswer) {
  const auto unedited = this->network();
  LowerStateCache cache(kPlenty);
  for (const int block : {1, 2, 1, 0}) {
    for (const double number : {0.5, 2.0}) {
      const auto network = edited(unedited, block, number);
      const auto expected = answers(network, nullptr);
      EXPECT_EQ(answers(network, &cache), expected) << "block " << block << ", " << number;
      EXPECT_NE(expected, answers(unedited, nullptr)) << "or nothing would be shown";
      EXPECT_EQ(cache.num_bytes() > 0, block > 0);
    }
  }
}

TEST_P(KeptLowerBlocks, AreThoseOfAPlainForwardBitForBit) {
  const torch::NoGradGuard no_grad;
  const auto network = edited(this->network(), 2, 1.0);
  LowerStateCache cache(kPlenty);
  (void)answers(network, &cache);
  const auto* kept = cache.find("rows/shared");
  ASSERT_NE(kept, nullptr);
  KeyValues collected;
  ForwardOptions options;
  options.collected = &collected;
  std::vector<Tap> taps{{1, Site::kBlockOutput, {}, {}}};
  options.taps = taps;
  (void)network.forward_layers(network.embed(pad_rows(Rows{shared_}, network.device()).ids_BT), options);
  EXPECT_TRUE(kept->hidden_BTD.equal(taps[0].value));
  for (const std::size_t block : {0U, 1U}) {
    EXPECT_TRUE(kept->keys_values.keys[block].equal(collected.keys[block]));
    EXPECT_TRUE(kept->keys_values.values[block].equal(collected.values[block]));
  }
  EXPECT_FALSE(kept->keys_values.keys[2].defined());
}

TEST_P(KeptLowerBlocks, AreUsed) {
  const auto network = edited(this->network(), 1, 0.5);
  const auto expected = answers(network, nullptr);
  LowerStateCache cache(kPlenty);
  (void)answers(network, &cache);
  LowerStates wrong = *cache.find("rows/0");
  wrong.hidden_BTD = wrong.hidden_BTD.flip({2}).contiguous();
  cache.clear();
  (void)cache.open(network);
  cache.keep("rows/0", wrong);
  EXPECT_NE(answers(network, &cache), expected);
}

TEST_P(KeptLowerBlocks, BelongToOneModelAndOneDepth) {
  LowerStateCache cache(kPlenty);
  const auto network = this->network();
  EXPECT_EQ(cache.open(network), 0) << "nothing is edited";
  EXPECT_EQ(cache.open(edited(network, 2, 0.5)), 2);
  cache.keep("a", {torch::zeros({1, 2, 3}), {}});
  EXPECT_EQ(cache.open(network), 0);
  EXPECT_EQ(cache.open(edited(network, 2, 0.7)), 2);
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(cache.open(edited(edited(network, 2, 0.5), 1, 0.5)), 1) << "the lowest edit counts";
  EXPECT_EQ(cache.find("a"), nullptr);
  cache.keep("a", {torch::zeros({1, 2, 3}), {}});
  const Network other(testing::formula_weights(family(), dtype()));
  EXPECT_EQ(cache.open(edited(other, 1, 0.5)), 1);
  EXPECT_EQ(cache.find("a"), nullptr) << "another model's";
}

TEST_P(KeptLowerBlocks, StayWithinTheirBytes) {
  const auto network = edited(this->network(), 2, 0.5);
  LowerStateCache all(kPlenty);
  (void)answers(network, &all);
  for (const std::int64_t budget : {std::int64_t{0}, std::int64_t{1}, all.num_bytes() / 2, all.num_bytes()}) {
    LowerStateCache cache(budget);
    EXPECT_EQ(answers(network, &cache), answers(network, nullptr));
    EXPECT_LE(cache.num_bytes(), budget);
    EXPECT_EQ(answers(network, &cache), answers(network, nullptr));
  }
}

TEST_P(KeptLowerBlocks, BeginBelowTheLowestEdit) {
  const auto network = this->network();
  EXPECT_EQ(network.first_edited_block(), 3);
  EXPECT_EQ(edited(network, 1, 0.5).first_edited_block(), 1);
  auto head_only = network;
  const auto norm = network.architecture().names_of(Role::kFinalNorm).weight;
  head_only.set_parameter(norm, network.parameter(norm) + 1.0);
  EXPECT_EQ(head_only.first_edited_block(), 3);
  LowerStateCache cache(kPlenty);
  EXPECT_EQ(answers(head_only, &cache), answers(head_only, nullptr));
  auto embedding = edited(network, 2, 0.5);
  const auto name = network.architecture().embedding().weight;
  embedding.set_parameter(name, network.parameter(name) * 2.0);
  EXPECT_EQ(embedding.first_edited_block(), 0);
}

}  // namespace
}  // namespace lethe::model
