// What a tokenizer's files may hold, and how their faults are named.
#include <gmock/gmock.h>

#include <random>
#include <set>
#include <sstream>
#include <string>

#include "tests/model/tokenizer_files.h"

namespace lethe::model {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(TokenizerFiles, OpenAisNamesAreReadToo) {
  folder_.write("encoder.json", folder_.vocabulary().dump());
  folder_.write("vocab.bpe", folder_.merges());
  folder_.remove("vocab.json");
  folder_.remove("merges.txt");
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode_prompt(" the"), ElementsAre(258));
}

TEST_F(TokenizerFiles, TokenizerJsonAloneIsEnough) {
  write_only_tokenizer_json(tokenizer_json());
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode_prompt(" the<|endoftext|>"), ElementsAre(258, 265));
  json paired = tokenizer_json();
  paired["model"]["merges"] = json::parse(R"([["Ġ", "t"], ["h", "e"], ["Ġt", "he"]])");
  write_only_tokenizer_json(paired);
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode_prompt(" the"), ElementsAre(258));
}

TEST_F(TokenizerFiles, AddedTokensAreFoundInTheTextLongestFirst) {
  folder_.write("added_tokens.json", R"({"<|extra_1|>": 266, "<|extra_1|>2": 267, "<|endoftext|>": 265})");
  const Tokenizer tokenizer = Tokenizer::from_folder(folder_.path());
  EXPECT_THAT(tokenizer.encode_prompt("a<|extra_1|>b<|extra_1|>2<|endoftext|>"), ElementsAre('a', 266, 'b', 267, 265));
  EXPECT_EQ(tokenizer.vocab_size(), 268);
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{266, 265, 299}, true), "<|extra_1|>");
}

TEST_F(TokenizerFiles, WindowsLineEndsAndAMissingLastOneAreFine) {
  folder_.write("merges.txt", "\xEF\xBB\xBF#version: 0.2\r\nĠ t\r\nh e\r\nĠt he");
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode_prompt(" the"), ElementsAre(258));
}

TEST_F(TokenizerFiles, FaultyMergesAreNamedByLine) {
  EXPECT_THAT(error_with("merges.txt", "#version: 0.2\nh e\nhe\n"),
              HasSubstr("merges.txt:3: two tokens with one space"));
  EXPECT_THAT(error_with("merges.txt", "#version: 0.2\nh  e\n"), HasSubstr("merges.txt:2: two tokens"));
  EXPECT_THAT(error_with("merges.txt", "h e\n e\n"), HasSubstr("merges.txt:2: two tokens"));
  EXPECT_THAT(error_with("merges.txt", "h e\nh q\n"), HasSubstr("merges.txt:2: token \"hq\" is not in the vocabulary"));
  EXPECT_THAT(error_with("merges.txt", "h e\nhh e\n"),
              HasSubstr("merges.txt:2: token \"hh\" is not in the vocabulary"));
  EXPECT_THAT(error_with("merges.txt", "h e\nh e\n"), HasSubstr("merges.txt:2: the pair \"h e\" was merged before"));
}

TEST_F(TokenizerFiles, FaultyVocabulariesAreNamedByToken) {
  EXPECT_THAT(error_with("vocab.json", "{\"a\": 1,\n \"b\" 2}"), HasSubstr("vocab.json: line 2, column 6: is no JSON"));
  EXPECT_THAT(error_with("vocab.json", "[1]"),
              HasSubstr("vocab.json: an object {\"token\": id, ...} expected, found a list"));
  EXPECT_THAT(error_with("vocab.json", R"({"a": "1"})"), HasSubstr("vocab.json, token \"a\": a token id from 0 to"));
  EXPECT_THAT(error_with("vocab.json", R"({"a": -1})"), HasSubstr("token \"a\": a token id"));
  EXPECT_THAT(error_with("vocab.json", R"({"a": 99999999999})"), HasSubstr("token \"a\": a token id"));
  EXPECT_THAT(error_with("vocab.json", R"({"a": 1, "b": 1})"), HasSubstr("tokens \"a\" and \"b\" share id 1"));
}

TEST_F(TokenizerFiles, EndOfTextIsRequired) {
  json vocabulary = folder_.vocabulary();
  vocabulary.erase("<|endoftext|>");
  EXPECT_THAT(error_with("vocab.json", vocabulary.dump()), HasSubstr("has no token \"<|endoftext|>\""));
}

TEST_F(TokenizerFiles, AFolderWithoutTokenizerSaysWhatWasLookedFor) {
  folder_.remove("merges.txt");
  EXPECT_THAT(error(),
              HasSubstr("holds no tokenizer: vocab.json + merges.txt, encoder.json + vocab.bpe, or tokenizer.json"));
}

TEST_F(TokenizerFiles, OtherTokenizersAreRefused) {
  EXPECT_THAT(error_with("tokenizer_config.json", R"({"add_prefix_space": true})"), HasSubstr("is not supported"));
  folder_.remove("tokenizer_config.json");
  json contents = tokenizer_json();
  contents["pre_tokenizer"]["type"] = "Whitespace";
  write_only_tokenizer_json(contents);
  EXPECT_THAT(error(), HasSubstr("\"pre_tokenizer.type\": \"Whitespace\" is not supported"));
  contents = tokenizer_json();
  contents["added_tokens"][0]["lstrip"] = true;
  write_only_tokenizer_json(contents);
  EXPECT_THAT(error(), HasSubstr("\"lstrip\": true is not supported"));
  contents = tokenizer_json();
  contents["model"]["merges"][1] = 5;
  write_only_tokenizer_json(contents);
  EXPECT_THAT(error(), HasSubstr("model.merges[1]: two tokens expected, found 5"));
  for (const char* key : {"model", "pre_tokenizer"}) {
    contents = tokenizer_json();
    contents[key] = json::array();
    write_only_tokenizer_json(contents);
    EXPECT_THAT(error(), HasSubstr("tokenizer.json")) << key;
  }
}

TEST_F(TokenizerFiles, AddedTokensMustAgreeWithTheVocabulary) {
  EXPECT_THAT(error_with("added_tokens.json", R"({"he": 12})"),
              HasSubstr("token \"he\" has id 12 here, but 257 in the vocabulary"));
  EXPECT_THAT(error_with("added_tokens.json", R"({"": 12})"), HasSubstr("an added token is empty"));
  EXPECT_THAT(error_with("added_tokens.json", "[]"), HasSubstr("added_tokens.json: an object"));
}

json mask_token(const char* flag = nullptr) {
  json token = {{"content", "<mask>"}, {"lstrip", false}, {"rstrip", false}, {"single_word", false}, {"special", true}};
  if (flag != nullptr) token[flag] = true;
  return token;
}

TEST_F(TokenizerFiles, EveryFileThatAddsTokensIsFollowed) {
  const auto ids = [&] { return Tokenizer::from_folder(folder_.path()).encode_prompt("a<mask>b"); };
  folder_.write("added_tokens.json", R"({"<mask>": 266})");
  EXPECT_THAT(ids(), ElementsAre('a', 266, 'b'));
  folder_.remove("added_tokens.json");
  folder_.write("tokenizer_config.json", json{{"added_tokens_decoder", {{"266", mask_token()}}}}.dump());
  EXPECT_THAT(ids(), ElementsAre('a', 266, 'b'));
  folder_.remove("tokenizer_config.json");
  json vocabulary = folder_.vocabulary();
  vocabulary["<mask>"] = 266;
  folder_.write("vocab.json", vocabulary.dump());
  EXPECT_EQ(ids().size(), 8U) << "a token of the vocabulary alone is not looked for in texts";
  for (const char* file : {"special_tokens_map.json", "tokenizer_config.json"}) {
    for (const json& value : {json("<mask>"), mask_token(), json{"<mask>"}}) {
      folder_.write(file, json{{value.is_array() ? "additional_special_tokens" : "mask_token", value}}.dump());
      EXPECT_THAT(ids(), ElementsAre('a', 266, 'b')) << file << value;
    }
    folder_.remove(file);
  }
}

// Ids as transformers 4.46 gives them: special tokens are found before others, whichever is longer.
TEST_F(TokenizerFiles, TokensThatAreNotNormalizedAreFoundFirst) {
  folder_.write("added_tokens.json", R"({"ab<x>": 266, "<x>": 267})");
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode_prompt("zab<x>b"), ElementsAre('z', 266, 'b'));
  json contents = tokenizer_json();
  contents["added_tokens"].push_back({{"id", 266}, {"content", "ab<x>"}, {"special", false}, {"normalized", true}});
  contents["added_tokens"].push_back({{"id", 267}, {"content", "<x>"}, {"special", true}, {"normalized", false}});
  folder_.remove("added_tokens.json");
  folder_.write("tokenizer.json", contents.dump());
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode_prompt("zab<x>b"), ElementsAre('z', 'a', 'b', 267, 'b'));
}

TEST_F(TokenizerFiles, SettingsThatWouldGiveOtherIdsAreRefusedByName) {
  for (const char* key :
       {"add_prefix_space", "add_bos_token", "add_eos_token", "do_lower_case", "split_special_tokens"}) {
    EXPECT_THAT(error_with("tokenizer_config.json", json{{key, true}}.dump()),
                HasSubstr("tokenizer_config.json: \"" + std::string(key) + "\": true is not supported"));
  }
  EXPECT_THAT(error_with("tokenizer_config.json", R"({"tokenizer_class": "RobertaTokenizer"})"),
              HasSubstr("\"tokenizer_class\": \"RobertaTokenizer\" is not supported"));
  for (const char* flag : {"lstrip", "rstrip", "single_word"}) {
    const std::string refused = "\"" + std::string(flag) + "\": true is not supported";
    EXPECT_THAT(error_with("tokenizer_config.json", json{{"added_tokens_decoder", {{"266", mask_token(flag)}}}}.dump()),
                HasSubstr(refused));
    EXPECT_THAT(error_with("tokenizer_config.json", json{{"mask_token", mask_token(flag)}}.dump()), HasSubstr(refused));
  }
  folder_.remove("tokenizer_config.json");
  EXPECT_THAT(error_with("special_tokens_map.json", R"({"pad_token": "[PAD]"})"),
              HasSubstr("special_tokens_map.json, pad_token: \"[PAD]\" has no id in the tokenizer's files"));
}

TEST_F(TokenizerFiles, VersionsOfTransformersMustNotDiffer) {
  folder_.write("tokenizer_config.json",
                R"({"added_tokens_decoder": {"265": {"content": "<|endoftext|>", "special": true}}})");
  EXPECT_THAT(error_with("added_tokens.json", R"({"<mask>": 266})"),
              HasSubstr("added_tokens.json: adds \"<mask>\", which is not among the added_tokens_decoder"));
}

TEST_F(TokenizerFiles, AVocabularyWithAHoleIsRefused) {
  json vocabulary = folder_.vocabulary();
  vocabulary["<|endoftext|>"] = 300;
  EXPECT_THAT(error_with("vocab.json", vocabulary.dump()), HasSubstr("no token has the id 265"));
  folder_.write("vocab.json", folder_.vocabulary().dump());
  EXPECT_THAT(error_with("added_tokens.json", R"({"<mask>": 300})"), HasSubstr("no token has the id 266"));
  EXPECT_THAT(error_with("added_tokens.json", R"({"<mask>": 257, "<more>": 257})"), HasSubstr("share id 257"));
  folder_.remove("added_tokens.json");
  EXPECT_THAT(error_with("tokenizer_config.json", json{{"added_tokens_decoder", {{"257", mask_token()}}}}.dump()),
              HasSubstr("tokens \"he\" and \"<mask>\" share id 257"));
}

// Ids as GPT2Tokenizer of transformers 4.46 gives them.
TEST_F(TokenizerFiles, ATokenOfAddedTokensMayTakeTheRowOfAnother) {
  folder_.write("added_tokens.json", R"({"<mask>": 257})");
  const Tokenizer tokenizer = Tokenizer::from_folder(folder_.path());
  EXPECT_THAT(tokenizer.encode_prompt("a<mask>he"), ElementsAre('a', 257, 257));
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{257}), "<mask>");
}

TEST_F(TokenizerFiles, MergesThatMakeTooFewTokensAreRefused) {
  for (const char* merges : {"", "#version: 0.2\n"}) {
    EXPECT_THAT(error_with("merges.txt", merges), HasSubstr("the merges make only 0 of the 9 tokens of several bytes"));
  }
  json vocabulary = folder_.vocabulary();
  std::string merges = folder_.merges();
  for (int number = 0; number < 40; ++number) {
    const std::string token =
        std::string(1, static_cast<char>('a' + number / 10)) + static_cast<char>('0' + number % 10);
    vocabulary[token] = 266 + number;
    if (number < 20) merges += token.substr(0, 1) + " " + token.substr(1) + "\n";
  }
  folder_.write("vocab.json", vocabulary.dump());
  EXPECT_THAT(error_with("merges.txt", merges), HasSubstr("the merges make only 28 of the 49 tokens"));
}

TEST_F(TokenizerFiles, TokenizerJsonComesFirst) {
  json contents = tokenizer_json();
  contents["model"]["merges"] = {"h e"};
  folder_.write("tokenizer.json", contents.dump());
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode_prompt("the"), ElementsAre('t', 257));
  EXPECT_EQ(Tokenizer::from_folder(folder_.path()).encode_prompt(" the").size(), 3U);
}

class TokenizerDigest : public TokenizerFiles {
 protected:
  [[nodiscard]] std::string digest() const { return Tokenizer::from_folder(folder_.path()).digest().hex(); }
  json whole() {
    json contents = tokenizer_json();
    json merges = json::array();
    std::istringstream lines(folder_.merges());
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with('#')) merges.push_back(line);
    }
    contents["model"]["merges"] = merges;
    return contents;
  }
};

// As it was of these two files before others were read, so that older sweeps go on.
TEST_F(TokenizerDigest, IsOfVocabularyAndMergesWhereTheOthersSayNoMore) {
  core::DigestStream stream;
  for (const char* name : {"vocab.json", "merges.txt"}) {
    stream.update_text(name);
    stream.update_text(core::digest_of_file(folder_.path() / name).hex());
  }
  const std::string of_pair = stream.finish().hex();
  EXPECT_EQ(digest(), of_pair);
  folder_.write("tokenizer.json", whole().dump());
  EXPECT_EQ(digest(), of_pair);
  folder_.write("tokenizer_config.json", R"({"model_max_length": 7, "eos_token": "<|endoftext|>"})");
  folder_.write("special_tokens_map.json", R"({"eos_token": "<|endoftext|>"})");
  EXPECT_EQ(digest(), of_pair);
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).files(),
              testing::UnorderedElementsAre("tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json",
                                            "special_tokens_map.json"));
}

TEST_F(TokenizerDigest, FollowsEveryFileThatDecides) {
  std::set<std::string> digests{digest()};
  const auto expect_new = [&](const char* what) { EXPECT_TRUE(digests.insert(digest()).second) << what; };
  folder_.write("added_tokens.json", R"({"<mask>": 266})");
  expect_new("added_tokens.json");
  folder_.write("special_tokens_map.json", R"({"mask_token": "<mask>"})");
  expect_new("special_tokens_map.json");
  folder_.write("tokenizer_config.json", R"({"clean_up_tokenization_spaces": false})");
  expect_new("tokenizer_config.json");
  folder_.write("added_tokens.json", R"({"<mask>": 266, "<more>": 267})");
  expect_new("added_tokens.json, changed");
  for (const char* name : {"added_tokens.json", "special_tokens_map.json", "tokenizer_config.json"})
    folder_.remove(name);
  write_only_tokenizer_json(whole());
  expect_new("tokenizer.json");
  json swapped = whole();
  std::swap(swapped["model"]["vocab"]["x"], swapped["model"]["vocab"]["y"]);
  write_only_tokenizer_json(swapped);
  expect_new("tokenizer.json, changed");
}

TEST_F(TokenizerFiles, DecodingFollowsTheFoldersCleanUp) {
  const auto cleaned = [&] {
    const Tokenizer tokenizer = Tokenizer::from_folder(folder_.path());
    return tokenizer.decode_cleaned(tokenizer.encode_prompt("a , b ."));
  };
  EXPECT_EQ(cleaned(), "a, b.");
  folder_.write("tokenizer_config.json", R"({"clean_up_tokenization_spaces": true})");
  EXPECT_EQ(cleaned(), "a, b.");
  folder_.write("tokenizer_config.json", R"({"clean_up_tokenization_spaces": false})");
  EXPECT_EQ(cleaned(), "a , b .");
}

TEST_F(TokenizerFiles, DamagedFilesNeverDoMoreThanThrow) {
  std::mt19937 random(37);
  const json small = {{"a", 0}, {"b", 1}, {"ab", 2}, {"<|endoftext|>", 3}};
  json contents = tokenizer_json();
  contents["model"]["vocab"] = small;
  contents["model"]["merges"] = {"a b"};
  struct File {
    std::string name, bytes;
  };
  for (const File& file : {File{"vocab.json", small.dump()}, File{"merges.txt", "#version: 0.2\na b\n"},
                           File{"tokenizer.json", contents.dump()}}) {
    folder_.write("vocab.json", small.dump());
    folder_.write("merges.txt", "a b\n");
    if (file.name == "tokenizer.json") folder_.remove("vocab.json");
    for (std::size_t trial = 0; trial < 2 * file.bytes.size(); ++trial) {
      std::string damaged = file.bytes;
      if (trial < file.bytes.size()) {
        damaged.resize(trial);
      } else {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      folder_.write(file.name, damaged);
      load_or_refuse(folder_);
    }
  }
}

}  // namespace
}  // namespace lethe::model
