// What a tokenizer.json may say, and how what is not followed is named.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "tests/model/tokenizer_files.h"

namespace lethe::model {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(TokenizerFiles, SettingsOfTokenizerJsonAreRefusedByName) {
  struct Case {
    const char* pointer;
    json value;
    const char* reason;
  };
  const json start = {{"SpecialToken", {{"id", "<|endoftext|>"}}}};
  const json text = {{"Sequence", {{"id", "A"}}}};
  const auto processor = [](const json& single, int id) {
    const json tokens = {{"<|endoftext|>", {{"id", "<|endoftext|>"}, {"ids", {id}}}}};
    return json{{"type", "TemplateProcessing"}, {"single", single}, {"special_tokens", tokens}};
  };
  const json with_bos = processor(json::array({start, text}), 265);
  const auto split = [](const json& pattern) {
    return json{{"type", "Split"}, {"pattern", pattern}, {"behavior", "Isolated"}};
  };
  const json byte_level = {{"type", "ByteLevel"}};
  const json digits = {{"type", "Digits"}};
  const json metaspace = {{"type", "Metaspace"}, {"replacement", "_"}};
  const json bert = {{"type", "BertPreTokenizer"}};
  const auto sequence = [](const json& parts) { return json{{"type", "Sequence"}, {"pretokenizers", parts}}; };
  const Case cases[] = {
      {"/normalizer", {{"type", "Lowercase"}}, "\"normalizer.type\": \"Lowercase\" is not supported"},
      {"/normalizer", {{"type", "NFC"}, {"x", 1}}, "\"normalizer.x\": 1 is not supported"},
      {"/normalizer", {{"type", "Prepend"}}, "\"normalizer.prepend\": null is not supported"},
      {"/post_processor", processor(json::array({start, text}), 5), "\"post_processor.special_tokens\""},
      {"/post_processor", processor(json::array({text, start}), 265), "\"post_processor.single\": a list"},
      {"/post_processor", processor(json::array({start, start, text}), 265), "\"post_processor.single\": a list"},
      {"/post_processor",
       {{"type", "Sequence"}, {"processors", {with_bos, with_bos}}},
       "\"post_processor.processors[1]\": \"TemplateProcessing\" is not supported: a second token"},
      {"/post_processor", {{"type", "RobertaProcessing"}}, "\"RobertaProcessing\" is not supported"},
      {"/pre_tokenizer/use_regex", "no", "\"pre_tokenizer.use_regex\": \"no\" is not supported: true or false"},
      {"/pre_tokenizer/add_prefix_space", true, "\"pre_tokenizer.add_prefix_space\": true"},
      {"/pre_tokenizer/behavior", "Removed", "\"pre_tokenizer.behavior\": \"Removed\" is not supported"},
      {"/pre_tokenizer", nullptr, "\"decoder\": null"},
      {"/pre_tokenizer", split({{"String", ""}}), "\"pre_tokenizer.pattern\": "},
      {"/pre_tokenizer", split("a"), "\"pre_tokenizer.pattern\": \"a\""},
      {"/pre_tokenizer", split({{"Regex", "a("}}), "\"pre_tokenizer.pattern.Regex\": \"a(\" is not supported: a paren"},
      {"/pre_tokenizer", sequence(json::array({digits, metaspace})),
       "\"pre_tokenizer.pretokenizers[1]\": \"Metaspace\""},
      {"/pre_tokenizer/type", nullptr, "\"pre_tokenizer.type\": null"},
      {"/pre_tokenizer", sequence(json::array()), "\"decoder\": null"},
      {"/pre_tokenizer", sequence(json::array({byte_level, digits})), "\"pre_tokenizer.pretokenizers[1]\": \"Digits\""},
      {"/pre_tokenizer", sequence(json::array({bert, byte_level})), "\"pre_tokenizer.pretokenizers[0].type\": \"Bert"},
      {"/pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", 5}}, "\"pre_tokenizer.pretokenizers\": 5"},
      {"/decoder", {{"type", "WordPiece"}}, "\"decoder.type\": \"WordPiece\""},
      {"/model/type", "Unigram", "\"model.type\": \"Unigram\""},
      {"/model/dropout", 0.1, "\"model.dropout\": 0.1"},
      {"/model/ignore_merges", 1, "\"model.ignore_merges\": 1"},
      {"/model/byte_fallback", "yes", "\"model.byte_fallback\": \"yes\""},
      {"/model/end_of_word_suffix", "</w>", "\"model.end_of_word_suffix\": \"</w>\""},
  };
  for (const auto& [pointer, value, reason] : cases) {
    json contents = tokenizer_json();
    contents[json::json_pointer(pointer)] = value;
    write_only_tokenizer_json(contents);
    EXPECT_THAT(error(), HasSubstr(reason)) << pointer;
  }
  json contents = tokenizer_json();
  contents["post_processor"] = {{"type", "ByteLevel"}, {"trim_offsets", false}};
  contents["decoder"] = {{"type", "ByteLevel"}};
  contents["truncation"] = {{"max_length", 512}};
  write_only_tokenizer_json(contents);
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode_prompt(" the"), ElementsAre(258));
}

TEST_F(TokenizerFiles, ATokenInFrontIsThatOfPromptsAlone) {
  json contents = tokenizer_json();
  contents["post_processor"] = json::parse(R"({"type": "TemplateProcessing", "special_tokens":
      {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [265], "tokens": ["<|endoftext|>"]}},
      "single": [{"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]})");
  write_only_tokenizer_json(contents);
  const Tokenizer tokenizer = Tokenizer::from_folder(folder_.path());
  EXPECT_THAT(tokenizer.encode_prompt(" the"), ElementsAre(265, 258));
  EXPECT_THAT(tokenizer.encode_prompt(""), ElementsAre(265));
  EXPECT_THAT(tokenizer.encode_continuation(" the"), ElementsAre(258));
  EXPECT_EQ(tokenizer.start_of_text(), 265);
  EXPECT_EQ(tokenizer.last_token_of("x the y", {2, 5}), 2U);
  EXPECT_EQ(tokenizer.last_token_of("x the y", {0, 1}), 1U);
  EXPECT_THAT(error_with("tokenizer_config.json", R"({"add_bos_token": false})"),
              HasSubstr("\"add_bos_token\": false is not supported: tokenizer.json puts \"<|endoftext|>\" in front"));
  EXPECT_THAT(error_with("tokenizer_config.json", R"({"tokenizer_class": "LlamaTokenizer"})"),
              HasSubstr("\"bos_token\""));
  folder_.write("tokenizer_config.json", R"({"tokenizer_class": "LlamaTokenizer", "bos_token": "<|endoftext|>"})");
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode_prompt("a"), ElementsAre(265, 'a'));
  EXPECT_THAT(
      error_with("tokenizer_config.json",
                 R"({"tokenizer_class": "LlamaTokenizer", "bos_token": "<|endoftext|>", "add_prefix_space": false})"),
      HasSubstr("\"add_prefix_space\": false is not supported: transformers would"));
  write_only_tokenizer_json(tokenizer_json());
  EXPECT_THAT(error_with("tokenizer_config.json", R"({"tokenizer_class": "LlamaTokenizer"})"),
              HasSubstr("\"add_bos_token\": null is not supported: the tokenizer's own file puts no token in front"));
}

TEST_F(TokenizerFiles, DigitsAreCutBeforeTheBytes) {
  json vocabulary = folder_.vocabulary();
  vocabulary["12"] = 266;
  const auto ids = [&](const json& pre_tokenizer) {
    json contents = tokenizer_json();
    contents["model"]["vocab"] = vocabulary;
    contents["model"]["merges"] = {"1 2", "Ġ t", "h e", "Ġt he"};
    contents["pre_tokenizer"] = pre_tokenizer;
    write_only_tokenizer_json(contents);
    return Tokenizer::from_folder(folder_.path()).encode_prompt("12 the 12");
  };
  const json digits = {{"type", "Digits"}, {"individual_digits", true}};
  const auto before_bytes = [](const json& first) {
    return json{{"type", "Sequence"}, {"pretokenizers", {first, {{"type", "ByteLevel"}, {"add_prefix_space", false}}}}};
  };
  EXPECT_THAT(ids({{"type", "ByteLevel"}, {"use_regex", true}}), ElementsAre(266, 258, ' ', 266));
  EXPECT_THAT(ids(before_bytes(digits)), ElementsAre('1', '2', 258, ' ', '1', '2'));
  EXPECT_THAT(ids(before_bytes({{"type", "Digits"}})), ElementsAre(266, 258, ' ', 266));
  EXPECT_THAT(ids(before_bytes(before_bytes(digits)["pretokenizers"][0])), ElementsAre('1', '2', 258, ' ', '1', '2'));
}

// Each form's steps around a small vocabulary, values of them replaced at random.
TEST_F(TokenizerFiles, HostilePipelinesNeverDoMoreThanThrow) {
  std::mt19937 random(43);
  const std::vector<json> values{nullptr,
                                 true,
                                 -1,
                                 1e18,
                                 4'000'000'000,
                                 "",
                                 "a",
                                 "\u2581",
                                 "always",
                                 "Removed",
                                 "(a+)+b",
                                 "\\p{L}",
                                 "(",
                                 "Sequence",
                                 "ByteLevel",
                                 json::array(),
                                 json::object(),
                                 json::array({5}),
                                 std::string(9999, '[')};
  const auto forms = std::filesystem::path(LETHE_SOURCE_DIR) / "tests/model/golden/tokenizers";
  for (const auto& form : std::filesystem::directory_iterator(forms)) {
    json contents = json::parse(std::ifstream(form.path() / "tokenizer.json"));
    contents["model"]["vocab"] = {{"a", 0}, {"b", 1}, {"ab", 2}, {"<|endoftext|>", 3}, {"<unk>", 4}, {"<s>", 5}};
    contents["model"]["merges"] = {"a b"};
    contents["added_tokens"] = json::array();
    const json flat = contents.flatten();
    for (int trial = 0; trial < 150; ++trial) {
      json damaged = contents;
      for (auto count = 1 + random() % 3; count > 0; --count) {
        const json::json_pointer place(
            std::next(flat.begin(), static_cast<std::ptrdiff_t>(random() % flat.size())).key());
        if (damaged.contains(place)) damaged[place] = values[random() % values.size()];
      }
      write_only_tokenizer_json(damaged);
      load_or_refuse(folder_);
    }
  }
}

}  // namespace
}  // namespace lethe::model
