#include "data/reference_snippets.h"

#include <gmock/gmock.h>

#include "tests/data/golden_references.h"
#include "tests/data/input_file.h"

namespace lethe::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

const SnippetKey kKey{"P17", "Q1"};

std::map<SnippetKey, std::string> read(const std::string& text, const std::set<SnippetKey>& wanted = {kKey}) {
  const InputFile file(text, "snippets.json");
  return read_reference_snippets(file.path(), wanted);
}

std::string refusal(const std::string& text) {
  return data_error_of([&] { static_cast<void>(read(text)); });
}

TEST(ReferenceSnippets, JoinsWhatIsWantedAndKeepsNothingElse) {
  const auto path = kGoldenReferences / "attribute_snippets.json";
  const auto found = read_reference_snippets(path, {kKey, {"P17", "Q999"}});
  EXPECT_THAT(found, ElementsAre(Pair(kKey,
                                      "Tamfas lies on the river Oru. The river's mouth is in Belmar. Belmar, a town of "
                                      "Oruland, has 3,400 people. Oruland also claims the hills of Sent.")))
      << "two entries of one key";
  EXPECT_THAT(read_reference_snippets(path, {}), IsEmpty());
}

TEST(ReferenceSnippets, OtherKeysAndEmptyTextsAreNoProblem) {
  const auto found = read(
      "\xEF\xBB\xBF"
      R"([{"relation_id": "P17", "target_id": "Q1", "more": [1, {"a": null}],
      "samples": [{"text": "one", "name": 3}, {"text": ""}, {"text": "two"}]}])");
  EXPECT_THAT(found, ElementsAre(Pair(kKey, "one  two")));
}

TEST(ReferenceSnippets, WhatIsWrongIsNamedWithEntryAndKeyOfEveryEntry) {
  const auto problems = refusal(R"([{"relation_id": "P17", "target_id": "Q1", "samples": []},
      {"relation_id": 17, "target_id": "Q1", "samples": []},
      {"relation_id": "P17", "samples": {"text": "a"}},
      {"relation_id": "P9", "target_id": "Q9"},
      {"relation_id": "P9", "target_id": "Q9", "samples": [{"text": "a"}, {"text": 5}, {}, "b"]},
      7])");
  EXPECT_THAT(problems, AllOf(HasSubstr("snippets.json: entry 1, key \"relation_id\": a string expected, found 17"),
                              HasSubstr("entry 2, key \"target_id\": is missing"),
                              HasSubstr("entry 2, key \"samples\": a list of {text} expected, found an object"),
                              HasSubstr("entry 3, key \"samples\": is missing")));
  EXPECT_THAT(problems, AllOf(HasSubstr("entry 4, key \"samples[1].text\": a string expected, found 5"),
                              HasSubstr("key \"samples[2].text\": a string expected, found an object without it"),
                              HasSubstr("key \"samples[3].text\""), HasSubstr("entry 5: an object expected, found 7")));
}

TEST(ReferenceSnippets, OtherFilesAreRefused) {
  EXPECT_THAT(refusal("[]"), HasSubstr("snippets.json: holds no entry"));
  EXPECT_THAT(refusal(R"({"relation_id": "P17"})"), HasSubstr("is no JSON list"));
  EXPECT_THAT(refusal(""), HasSubstr("the file is empty"));
  EXPECT_THAT(refusal("  \n"), HasSubstr("is empty, expected JSON"));
  EXPECT_THAT(refusal(R"([{"relation_id": "P17", "target_id": "Q1", "samples": [{"text": "cut of)"),
              HasSubstr("ends in mid-text"));
  EXPECT_THAT(refusal("[{\"relation_id\": \"P17\",\n \"target_id\": x}]"), HasSubstr("line 2, column 15: "));
  EXPECT_THAT(refusal("[" + std::string(1'000'000, '[')), HasSubstr("nested more than 32 levels deep"));
  EXPECT_THAT(data_error_of([] { static_cast<void>(read_reference_snippets("/nonexistent/snippets.json", {kKey})); }),
              HasSubstr("/nonexistent/snippets.json: cannot be opened"));
}

/// Pages of the file that were given back come in again with what the file holds.
TEST(ReferenceSnippets, ManyEntriesAreReadToTheLast) {
  std::string text = "[";
  for (int i = 0; i < 1000; ++i) {
    text += std::string(i == 0 ? "" : ",\n") + R"({"relation_id": "P17", "target_id": "Q)" + std::to_string(i % 4) +
            R"(", "samples": [{"text": "text )" + std::to_string(i) + " " + std::string(5000, 'x') + "\"}]}";
  }
  const auto found = read(text + "]");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(
      found.at(kKey).size(), 250 * 5000 + 249 + [] {
        std::size_t digits = 0;
        for (int i = 1; i < 1000; i += 4) digits += std::string("text  ").size() + std::to_string(i).size();
        return digits;
      }());
  EXPECT_TRUE(found.at(kKey).starts_with("text 1 x"));
  EXPECT_THAT(found.at(kKey), HasSubstr("text 997 x"));
}

}  // namespace
}  // namespace lethe::data
