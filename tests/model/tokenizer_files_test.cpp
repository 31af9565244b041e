// What a tokenizer's files may hold, and how their faults are named.
#include <gmock/gmock.h>

#include <random>
#include <string>

#include "core/error.h"
#include "model/tokenizer/tokenizer.h"
#include "tests/model/tokenizer_folder.h"

namespace lethe::model {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class TokenizerFiles : public testing::Test {
 protected:
  std::string error() {
    try {
      (void)Tokenizer::from_folder(folder_.path());
    } catch (const core::DataError& error) {
      return error.what();
    }
    ADD_FAILURE() << "no DataError was thrown";
    return {};
  }
  std::string error_with(const std::string& name, std::string_view bytes) {
    folder_.write(name, bytes);
    return error();
  }
  json tokenizer_json() {
    return {{"normalizer", nullptr},
            {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
            {"added_tokens", {{{"id", 265}, {"content", "<|endoftext|>"}, {"special", true}, {"lstrip", false}}}},
            {"model", {{"type", "BPE"}, {"vocab", folder_.vocabulary()}, {"merges", {"Ġ t", "h e", "Ġt he"}}}}};
  }
  void write_only_tokenizer_json(const json& contents) {
    folder_.remove("vocab.json");
    folder_.write("tokenizer.json", contents.dump());
  }

  TokenizerFolder folder_;
};

TEST_F(TokenizerFiles, OpenAisNamesAreReadToo) {
  folder_.write("encoder.json", folder_.vocabulary().dump());
  folder_.write("vocab.bpe", folder_.merges());
  folder_.remove("vocab.json");
  folder_.remove("merges.txt");
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode(" the"), ElementsAre(258));
}

TEST_F(TokenizerFiles, TokenizerJsonAloneIsEnough) {
  write_only_tokenizer_json(tokenizer_json());
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode(" the<|endoftext|>"), ElementsAre(258, 265));
  json paired = tokenizer_json();
  paired["model"]["merges"] = json::parse(R"([["Ġ", "t"], ["h", "e"], ["Ġt", "he"]])");
  write_only_tokenizer_json(paired);
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode(" the"), ElementsAre(258));
}

TEST_F(TokenizerFiles, AddedTokensAreFoundInTheTextLongestFirst) {
  folder_.write("added_tokens.json", R"({"<|extra_1|>": 300, "<|extra_1|>2": 301, "<|endoftext|>": 265})");
  const Tokenizer tokenizer = Tokenizer::from_folder(folder_.path());
  EXPECT_THAT(tokenizer.encode("a<|extra_1|>b<|extra_1|>2<|endoftext|>"), ElementsAre('a', 300, 'b', 301, 265));
  EXPECT_EQ(tokenizer.vocab_size(), 302);
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{300, 265, 299}, true), "<|extra_1|>");
}

TEST_F(TokenizerFiles, WindowsLineEndsAndAMissingLastOneAreFine) {
  folder_.write("merges.txt", "\xEF\xBB\xBF#version: 0.2\r\nĠ t\r\nh e\r\nĠt he");
  EXPECT_THAT(Tokenizer::from_folder(folder_.path()).encode(" the"), ElementsAre(258));
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
  EXPECT_THAT(error_with("vocab.json", "{\"a\": 1,\n \"b\" 2}"),
              HasSubstr("vocab.json: line 2, column 6: malformed JSON"));
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
  EXPECT_THAT(error(), HasSubstr("is not GPT-2's byte-level BPE"));
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

/// Loads whatever the folder now holds: it works, or it is a DataError.
void load_or_refuse(const TokenizerFolder& folder) {
  try {
    const Tokenizer tokenizer = Tokenizer::from_folder(folder.path());
    (void)tokenizer.decode(tokenizer.encode(" the abc'll \xFF<|endoftext|>"));
  } catch (const core::DataError&) {
  }
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
