// Which keys of tokenizer_config.json and special_tokens_map.json make tokens special.
#include <gmock/gmock.h>

#include <string>

#include "tests/model/tokenizer_files.h"

namespace lethe::model {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

json token_object(const char* content) {
  return {{"content", content}, {"lstrip", false}, {"rstrip", false}, {"single_word", false}, {"normalized", false}};
}
json marked(const char* content) {
  json token = token_object(content);
  token["__type"] = "AddedToken";
  return token;
}

/// "abc" is one token, unless "bc" is looked for in the text.
class SpecialTokensOfAFolder : public TokenizerFiles {
 protected:
  static constexpr const char* kConfig = "tokenizer_config.json";

  std::vector<TokenId> ids_with(const json& config) {
    folder_.write(kConfig, config.dump());
    return Tokenizer::from_folder(folder_.path()).encode_prompt("abc");
  }
  [[nodiscard]] std::string digest() const { return Tokenizer::from_folder(folder_.path()).digest().hex(); }
};

/// Every form in which transformers 5.24 takes special tokens, of one token.
std::vector<json> forms_of(const char* content) {
  return {{{"mask_token", content}},
          {{"image_token", content}},
          {{"image_token", marked(content)}},
          {{"additional_special_tokens", {content}}},
          {{"extra_special_tokens", {content}}},
          {{"extra_special_tokens", json::array({marked(content)})}},
          {{"extra_special_tokens", {{"image_token", content}}}},
          {{"model_specific_special_tokens", {{"image", content}}}}};
}

// Ids as transformers 5.24 gives them.
TEST_F(SpecialTokensOfAFolder, AreFollowedUnderEveryKeyAndBelongToTheIdentity) {
  const std::string without = digest();
  for (const json& config : forms_of("bc")) {
    EXPECT_THAT(ids_with(config), ElementsAre('a', 261)) << config;
    EXPECT_NE(digest(), without) << config;
  }
  folder_.remove(kConfig);
  folder_.write("special_tokens_map.json", json{{"image_token", token_object("bc")}}.dump());
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode_prompt("abc"), ElementsAre('a', 261));
}

TEST_F(SpecialTokensOfAFolder, WithoutAnIdAreRefusedByKeyAndToken) {
  for (const json& config : forms_of("<image>")) {
    EXPECT_THAT(error_with(kConfig, config.dump()),
                AllOf(HasSubstr("tokenizer_config.json, " + config.begin().key()), HasSubstr("\"<image>\" has no id")));
  }
  EXPECT_THAT(error_with(kConfig, R"({"extra_special_tokens": "bc"})"),
              HasSubstr("extra_special_tokens: a list or an object expected"));
}

TEST_F(SpecialTokensOfAFolder, KeysThatHoldNoneChangeNothing) {
  const std::string without = digest();
  for (const json& config : {json{{"chat_template", "bc"}}, json{{"chat_control_tokens", {"bc"}}}, json{{"note", "bc"}},
                             json{{"tags", {"bc"}}}, json{{"image_token_id", 261}}, json{{"image_token", nullptr}},
                             json{{"image_token", ""}}, json{{"add_eos_token", false}}, json{{"num_image_tokens", 576}},
                             json{{"example", {{{"role", "user"}, {"content", "bc"}}}}},
                             json{{"extra_special_tokens", json::object()}, {"model_max_length", 1e30}}}) {
    EXPECT_THAT(ids_with(config), ElementsAre(260)) << config;
    EXPECT_EQ(digest(), without) << config;
  }
}

TEST_F(SpecialTokensOfAFolder, ThatVersionsOfTransformersDifferAboutMustBeAddedTokensAlready) {
  const std::pair<const char*, json> doubtful[] = {
      {"image_token", {{"image_token", token_object("bc")}}},
      {"audio_tokens", {{"audio_tokens", {"bc"}}}},
      {"wrapper", {{"wrapper", marked("bc")}}},
      {"wrappers", {{"wrappers", {{"first", token_object("bc")}}}}},
      {"additional_special_tokens", {{"extra_special_tokens", {"ll"}}, {"additional_special_tokens", {"bc"}}}},
      {"model_specific_special_tokens", {{"image_token", "ll"}, {"model_specific_special_tokens", {{"a", "bc"}}}}}};
  for (auto [key, config] : doubtful) {
    EXPECT_THAT(error_with(kConfig, config.dump()),
                AllOf(HasSubstr("tokenizer_config.json, " + std::string(key)), HasSubstr("\"bc\" is no added token"),
                      HasSubstr("\"extra_special_tokens\" alone")));
    config["added_tokens_decoder"] = {{"261", token_object("bc")}};
    EXPECT_THAT(ids_with(config), ElementsAre('a', 261)) << config;
  }
  folder_.write(kConfig, R"({"extra_special_tokens": ["ll"]})");
  EXPECT_THAT(error_with("special_tokens_map.json", R"({"additional_special_tokens": ["bc"]})"),
              HasSubstr("special_tokens_map.json, additional_special_tokens: \"bc\" is no added token"));
}

TEST_F(SpecialTokensOfAFolder, SettingsThatReplaceTheVocabularyOrItsSplitAreRefused) {
  for (const json& config :
       {json{{"fix_mistral_regex", true}}, json{{"vocab", {{"a", 0}}}}, json{{"merges", {"a b"}}}}) {
    EXPECT_THAT(error_with(kConfig, config.dump()),
                HasSubstr("tokenizer_config.json: \"" + config.begin().key() + "\": "));
  }
}

TEST_F(SpecialTokensOfAFolder, AnEmptyFileIsCalledSo) {
  for (const char* name :
       {"tokenizer.json", "vocab.json", "tokenizer_config.json", "added_tokens.json", "special_tokens_map.json"}) {
    for (const char* nothing : {"", "\n"}) {
      EXPECT_THAT(error_with(name, nothing), HasSubstr(std::string(name) + ": is empty, as a download that broke off"));
    }
    name == std::string("vocab.json") ? folder_.write(name, folder_.vocabulary().dump()) : folder_.remove(name);
  }
}

}  // namespace
}  // namespace lethe::model
