// Token for token what Hugging Face `tokenizers` gives: golden/tokenizer.json, written by golden/record_tokenizer.py.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/counterfact.h"
#include "data/unicode.h"
#include "model/tokenizer/tokenizer.h"
#include "tests/model/crc32.h"
#include "tests/support/reference_data.h"

namespace lethe::model {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const json& golden() {
  static const json contents =
      json::parse(std::ifstream(std::string(LETHE_SOURCE_DIR) + "/tests/model/golden/tokenizer.json"));
  return contents;
}

/// `context` with every "{}" replaced by a character.
std::string filled(std::string context, char32_t code_point) {
  std::string character;
  data::append_utf8(code_point, character);
  for (auto slot = context.find("{}"); slot != std::string::npos; slot = context.find("{}", slot)) {
    context.replace(slot, 2, character);
  }
  return context;
}

/// Both vocabularies: the small world's own, and GPT-2's, which is no part of this repository.
class TokenizerGolden : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const bool is_small = GetParam() == std::string("small");
    const fs::path folder =
        is_small ? fs::path(LETHE_SOURCE_DIR) / "assets/small-gpt2" : test::reference_data() / "tokenizer";
    if (!is_small && !fs::exists(folder)) GTEST_SKIP() << "no reference data at " << folder;
    tokenizer_.emplace(Tokenizer::from_folder(folder));
  }
  [[nodiscard]] const json& expected() const { return golden().at(GetParam()); }

  std::optional<Tokenizer> tokenizer_;
};

TEST_P(TokenizerGolden, EncodesHardText) {
  EXPECT_EQ(tokenizer_->vocab_size(), expected().at("vocab_size"));
  for (const json& entry : expected().at("encoded")) {
    const auto text = entry.at("text").get<std::string>();
    EXPECT_EQ(tokenizer_->encode_prompt(text), entry.at("ids").get<std::vector<TokenId>>()) << entry.at("text");
    EXPECT_EQ(tokenizer_->decode(tokenizer_->encode_prompt(text)), text);
  }
}

TEST_P(TokenizerGolden, DecodesBrokenAndSpecialTokens) {
  for (const json& entry : expected().at("decoded")) {
    const auto ids = entry.at("ids").get<std::vector<TokenId>>();
    EXPECT_EQ(tokenizer_->decode(ids), entry.at("text").get<std::string>()) << entry.at("ids");
    EXPECT_EQ(tokenizer_->decode(ids, true), entry.at("skipped").get<std::string>()) << entry.at("ids");
    EXPECT_EQ(tokenizer_->decode_cleaned(ids), entry.at("cleaned").get<std::string>()) << entry.at("ids");
  }
}

TEST_P(TokenizerGolden, EncodesEveryCodePointInEveryContext) {
  const auto contexts = golden().at("contexts").get<std::vector<std::string>>();
  const auto block_size = golden().at("code_points_per_checksum").get<char32_t>();
  for (const json& block : expected().at("code_point_checksums")) {
    const auto first = block.at("first").get<char32_t>();
    Crc32 checksum;
    for (char32_t value = first; value < first + block_size; ++value) {
      if (value >= 0xD800 && value <= 0xDFFF) continue;
      for (const std::string& context : contexts) {
        const auto ids = tokenizer_->encode_prompt(filled(context, value));
        checksum.add(static_cast<std::uint32_t>(ids.size()));
        for (const TokenId id : ids) checksum.add(static_cast<std::uint32_t>(id));
      }
    }
    EXPECT_EQ(checksum.value(), block.at("crc32")) << "code points from " << static_cast<std::uint32_t>(first);
  }
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, TokenizerGolden, testing::Values("small", "gpt2"),
                         [](const auto& parameter) { return std::string(parameter.param); });

/// algorithms.md 0: on all CounterFact records each target is one token, and these are the mean lengths.
TEST(TokenizerOnCounterfact, TargetsAreSingleTokens) {
  const fs::path folder = test::reference_data();
  if (!fs::exists(folder)) GTEST_SKIP() << "no reference data at " << folder;
  const Tokenizer tokenizer = Tokenizer::from_folder(folder / "tokenizer");
  EXPECT_EQ(tokenizer.vocab_size(), 50257);
  EXPECT_EQ(tokenizer.end_of_text(), 50256);
  const auto records = data::read_counterfact(folder / "counterfact/counterfact_rebuilt.jsonl");
  double prompt_tokens = 0;
  double subject_tokens = 0;
  int prompts_unlike_their_parts = 0;
  for (const data::EditRequest& record : records) {
    EXPECT_EQ(tokenizer.encode_prompt(" " + record.target_new).size(), 1U) << record.target_new;
    EXPECT_EQ(tokenizer.encode_prompt(" " + record.target_true).size(), 1U) << record.target_true;
    const auto slot = record.prompt.find("{}");
    const auto prompt = tokenizer.encode_prompt(record.edit_prompt());
    const auto subject = tokenizer.encode_prompt((slot == 0 ? "" : " ") + record.subject);
    prompt_tokens += static_cast<double>(prompt.size());
    subject_tokens += static_cast<double>(subject.size());
    std::vector<TokenId> parts = tokenizer.encode_prompt(record.prompt.substr(0, slot == 0 ? 0 : slot - 1));
    parts.insert(parts.end(), subject.begin(), subject.end());
    const auto suffix = tokenizer.encode_prompt(record.prompt.substr(slot + 2));
    parts.insert(parts.end(), suffix.begin(), suffix.end());
    prompts_unlike_their_parts += parts == prompt ? 0 : 1;
  }
  const auto count = static_cast<double>(records.size());
  EXPECT_NEAR(prompt_tokens / count, 7.9, 0.05);
  EXPECT_NEAR(subject_tokens / count, 4.15, 0.01);
  EXPECT_EQ(prompts_unlike_their_parts, 35);
}

}  // namespace
}  // namespace lethe::model
