#include "model/tokenizer/tokenizer.h"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/model/tokenizer_folder.h"

namespace lethe::model {
namespace {

using testing::ElementsAre;

// Hand-computed: bytes have ids 0..255; the fixture's merges are
// 256 "Ġ t", 257 "h e", 258 "Ġt he", 259 "a b", 260 "ab c", 261 "b c", 262 "l l", 263 "' ll".
class TokenizerByHand : public testing::Test {
 protected:
  TokenizerFolder folder_;
  Tokenizer tokenizer_ = Tokenizer::from_folder(folder_.path());
};

TEST_F(TokenizerByHand, MergesByRankThenFromTheLeft) {
  EXPECT_THAT(tokenizer_.encode_prompt(" the"), ElementsAre(258));
  EXPECT_THAT(tokenizer_.encode_prompt("the"), ElementsAre('t', 257));
  EXPECT_THAT(tokenizer_.encode_prompt("abc"), ElementsAre(260));
  EXPECT_THAT(tokenizer_.encode_prompt("bcabc"), ElementsAre(261, 260));
  EXPECT_THAT(tokenizer_.encode_prompt("lll"), ElementsAre(262, 'l'));
}

TEST_F(TokenizerByHand, TokensThatMergingCannotReachAreNotUsed) {
  // "Ġ tx" is in the vocabulary as 264, but no merge makes it.
  EXPECT_THAT(tokenizer_.encode_prompt(" tx"), ElementsAre(256, 'x'));
  EXPECT_EQ(tokenizer_.decode(std::vector<TokenId>{264}), " tx");
}

TEST_F(TokenizerByHand, ContractionsArePiecesOfTheirOwn) {
  EXPECT_THAT(tokenizer_.encode_prompt("a'll"), ElementsAre('a', 263));
  EXPECT_THAT(tokenizer_.encode_prompt("a'LL"), ElementsAre('a', '\'', 'L', 'L'));
}

TEST_F(TokenizerByHand, EndOfTextIsFoundInTheText) {
  EXPECT_EQ(tokenizer_.end_of_text(), 265);
  EXPECT_THAT(tokenizer_.encode_prompt("a<|endoftext|>bc"), ElementsAre('a', 265, 261));
  EXPECT_THAT(tokenizer_.encode_prompt("<<|endoftext|>>"), ElementsAre('<', 265, '>'));
  EXPECT_EQ(tokenizer_.decode(tokenizer_.encode_prompt("a<|endoftext|>b")), "a<|endoftext|>b");
  EXPECT_EQ(tokenizer_.decode(tokenizer_.encode_prompt("a<|endoftext|>b"), true), "ab");
}

TEST_F(TokenizerByHand, EmptyTextHasNoTokens) {
  EXPECT_TRUE(tokenizer_.encode_prompt("").empty());
  EXPECT_EQ(tokenizer_.decode({}), "");
}

TEST_F(TokenizerByHand, InvalidUtf8IsReadAsReplacementCharacters) {
  EXPECT_EQ(tokenizer_.encode_prompt("a\xFF b\xE2\x82"), tokenizer_.encode_prompt("a\xEF\xBF\xBD b\xEF\xBF\xBD"));
  EXPECT_THAT(tokenizer_.encode_prompt("\x80"), ElementsAre(0xEF, 0xBF, 0xBD));
}

TEST_F(TokenizerByHand, BrokenBytesDecodeToReplacementCharacters) {
  EXPECT_EQ(tokenizer_.decode(std::vector<TokenId>{'a', 0xC3}), "a\xEF\xBF\xBD");
  EXPECT_EQ(tokenizer_.decode(std::vector<TokenId>{0xC3, 0xA9}), "é");
}

TEST_F(TokenizerByHand, IdsWithoutATokenAreLeftOut) {
  EXPECT_EQ(tokenizer_.decode(std::vector<TokenId>{'a', -1, 100000, 'b'}), "ab");
}

TEST_F(TokenizerByHand, VeryLongWordsAreNotQuadratic) {
  const std::string word(400'000, 'l');
  const auto ids = tokenizer_.encode_prompt(word);
  EXPECT_EQ(ids, std::vector<TokenId>(200'000, 262));
  EXPECT_EQ(tokenizer_.decode(ids), word);
}

TEST_F(TokenizerByHand, IsSafeToShareBetweenThreads) {
  std::string text;
  for (int word = 0; word < 2000; ++word) text += " the abc" + std::to_string(word) + "'ll bcé<|endoftext|>";
  const auto expected = tokenizer_.encode_prompt(text);
  std::vector<std::vector<TokenId>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { result = tokenizer_.encode_prompt(text); });
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

}  // namespace
}  // namespace lethe::model
