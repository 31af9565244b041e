// Small tokenizers of published forms, token for token as Hugging Face `tokenizers` has them: golden/tokenizers/, and
// what golden/record_tokenizer_forms.py recorded of them.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
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

const json& recorded() {
  static const json contents =
      json::parse(std::ifstream(std::string(LETHE_SOURCE_DIR) + "/tests/model/golden/tokenizer_forms.json"));
  return contents;
}

/// The recorder's lines: one to five fragments each, drawn as there.
std::vector<std::string> lines_of_fragments() {
  const auto fragments = recorded().at("fragments").get<std::vector<std::string>>();
  std::uint64_t state = 1;
  const auto draw = [&state](std::uint64_t bound) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % bound;
  };
  std::vector<std::string> lines(recorded().at("num_lines").get<std::size_t>());
  for (std::string& line : lines) {
    for (std::uint64_t count = 1 + draw(5); count > 0; --count) line += fragments[draw(fragments.size())];
  }
  return lines;
}

/// Compares lists of numbers with recorded checksums, each of a block of them.
class BlockChecksums {
 public:
  explicit BlockChecksums(const json& expected) : expected_(expected) {}

  template <typename Numbers>
  void add(const Numbers& numbers) {
    checksum_.add(static_cast<std::uint32_t>(numbers.size()));
    for (const auto number : numbers) checksum_.add(static_cast<std::uint32_t>(number));
    if (++num_added_ % recorded().at("lines_per_checksum").get<std::size_t>() == 0) compare();
  }
  void finish() {
    if (num_added_ % recorded().at("lines_per_checksum").get<std::size_t>() != 0) compare();
    EXPECT_EQ(num_compared_, expected_.size());
  }

 private:
  void compare() {
    ASSERT_LT(num_compared_, expected_.size());
    EXPECT_EQ(checksum_.value(), expected_[num_compared_]) << "of the block that ends with line " << num_added_;
    ++num_compared_;
    checksum_ = {};
  }

  const json& expected_;
  Crc32 checksum_;
  std::size_t num_added_ = 0;
  std::size_t num_compared_ = 0;
};

std::vector<unsigned char> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

class TokenizerForms : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] static const json& expected() { return recorded().at("forms").at(GetParam()); }

  const Tokenizer tokenizer_ =
      Tokenizer::from_folder(fs::path(LETHE_SOURCE_DIR) / "tests/model/golden/tokenizers" / GetParam());
  const fs::path reference_ = test::reference_data();
};

TEST_P(TokenizerForms, EncodeHardLines) {
  EXPECT_EQ(tokenizer_.vocab_size(), expected().at("vocab_size"));
  for (const json& example : expected().at("examples")) {
    EXPECT_EQ(tokenizer_.encode_prompt(example.at("text").get<std::string>()),
              example.at("ids").get<std::vector<TokenId>>())
        << example.at("text");
  }
  BlockChecksums checksums(expected().at("encoded"));
  for (const std::string& line : lines_of_fragments()) checksums.add(tokenizer_.encode_prompt(line));
  checksums.finish();
}

TEST_P(TokenizerForms, EncodeContinuationsAsBehindOtherText) {
  for (const json& entry : expected().at("continuations")) {
    const auto text = entry.at("text").get<std::string>();
    EXPECT_EQ(tokenizer_.encode_continuation(text), entry.at("ids").get<std::vector<TokenId>>()) << text;
  }
}

/// What stands before a subject, the subject, and what stands behind it.
struct SubjectPrompt {
  std::string before, subject, behind;
};

std::size_t subject_last(const Tokenizer& tokenizer, const SubjectPrompt& prompt) {
  const std::size_t begin = prompt.before.size();
  const auto last = tokenizer.last_token_of(prompt.before + prompt.subject + prompt.behind,
                                            {begin, begin + prompt.subject.find_last_not_of(' ') + 1});
  return last.value_or(static_cast<std::size_t>(-1));
}

TEST_P(TokenizerForms, LocateSubjects) {
  const json& subjects = recorded().at("subjects");
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    const auto parts = subjects[i].get<std::vector<std::string>>();
    EXPECT_EQ(subject_last(tokenizer_, {parts[0], parts[1], parts[2]}), expected().at("subject_last")[i])
        << subjects[i];
  }
}

TEST_P(TokenizerForms, LocateSubjectsOfCounterfact) {
  if (!fs::exists(reference_)) GTEST_SKIP() << "no reference data at " << reference_;
  const auto records = data::read_counterfact(reference_ / "counterfact/counterfact_rebuilt.jsonl");
  BlockChecksums places(expected().at("counterfact_subject_last"));
  const auto step = recorded().at("counterfact_step").get<std::size_t>();
  for (std::size_t i = 0; i < records.size(); i += step) {
    const std::size_t slot = records[i].prompt.find("{}");
    const SubjectPrompt prompt{records[i].prompt.substr(0, slot), records[i].subject,
                               records[i].prompt.substr(slot + 2)};
    places.add(std::vector<std::size_t>{subject_last(tokenizer_, prompt)});
  }
  places.finish();
}

TEST_P(TokenizerForms, DecodeWhatTheyEncoded) {
  BlockChecksums whole(expected().at("decoded"));
  BlockChecksums skipping(expected().at("decoded_skipping"));
  BlockChecksums every_other(expected().at("decoded_every_other"));
  for (const std::string& line : lines_of_fragments()) {
    const auto ids = tokenizer_.encode_prompt(line);
    whole.add(bytes_of(tokenizer_.decode(ids)));
    skipping.add(bytes_of(tokenizer_.decode(ids, true)));
    std::vector<TokenId> some;
    for (std::size_t i = 1; i < ids.size(); i += 2) some.push_back(ids[i]);
    every_other.add(bytes_of(tokenizer_.decode(some)));
  }
  whole.finish();
  skipping.finish();
  every_other.finish();
}

TEST_P(TokenizerForms, EncodeEveryCodePoint) {
  const auto contexts = recorded().at("contexts").get<std::vector<std::string>>();
  const auto newer = recorded().at("newer_code_points").get<std::set<char32_t>>();
  const auto block_size = recorded().at("code_points_per_checksum").get<char32_t>();
  for (const json& block : expected().at("code_points")) {
    const auto first = block.at("first").get<char32_t>();
    Crc32 checksum;
    for (char32_t value = first; value < first + block_size; ++value) {
      if ((value >= 0xD800 && value <= 0xDFFF) || newer.contains(value)) continue;
      std::string character;
      data::append_utf8(value, character);
      for (std::string text : contexts) {
        for (auto slot = text.find("{}"); slot != std::string::npos; slot = text.find("{}")) {
          text.replace(slot, 2, character);
        }
        const auto ids = tokenizer_.encode_prompt(text);
        checksum.add(static_cast<std::uint32_t>(ids.size()));
        for (const TokenId id : ids) checksum.add(static_cast<std::uint32_t>(id));
      }
    }
    EXPECT_EQ(checksum.value(), block.at("crc32")) << "code points from " << static_cast<std::uint32_t>(first);
  }
}

TEST_P(TokenizerForms, EncodeCounterfactAndCorpora) {
  if (!fs::exists(reference_)) GTEST_SKIP() << "no reference data at " << reference_;
  const auto records = data::read_counterfact(reference_ / "counterfact/counterfact_rebuilt.jsonl");
  BlockChecksums prompts(expected().at("counterfact"));
  const auto step = recorded().at("counterfact_step").get<std::size_t>();
  for (std::size_t i = 0; i < records.size(); i += step)
    prompts.add(tokenizer_.encode_prompt(records[i].edit_prompt()));
  prompts.finish();
  for (const auto& [name, checksums] : expected().at("corpora").items()) {
    SCOPED_TRACE(name);
    BlockChecksums lines(checksums);
    std::ifstream file(reference_ / "corpora" / name);
    std::string line;
    for (int i = 0; i < recorded().at("lines_per_corpus") && std::getline(file, line); ++i) {
      lines.add(tokenizer_.encode_prompt(line));
    }
    lines.finish();
  }
}

INSTANTIATE_TEST_SUITE_P(Published, TokenizerForms,
                         testing::Values("smollm2", "llama2", "llama2_metaspace", "metaspace_words", "llama3", "qwen2",
                                         "splits"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace lethe::model
