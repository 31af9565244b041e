#include <gmock/gmock.h>

#include "data/counterfact.h"
#include "tests/data/input_file.h"

namespace lethe::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kRecord = R"({"subject": "Foo Bar", "src": "Where is Foo Bar, I mean Foo Bar?",
  "rephrase": "What place holds Foo Bar?", "pred": "Rome", "alt": "Oslo", "answers": ["Lima", "Rome"],
  "loc": "nq question: who wrote it", "loc_ans": "John Smith"})";

std::string error_of(std::string record, const std::string& from, const std::string& to) {
  record.replace(record.find(from), from.size(), to);
  const InputFile file("[" + record + "]");
  return data_error_of([&] { read_zsre(file.path()); });
}

TEST(Zsre, IsReadAsThePublishedReaderDoes) {
  const InputFile file("[" + std::string(kRecord) + "," + kRecord + "]");
  const auto records = read_zsre(file.path());
  ASSERT_EQ(records.size(), 2U);
  const auto& record = records[1];
  EXPECT_EQ(record.case_id, 1);
  EXPECT_EQ(record.prompt, "Where is {}, I mean Foo Bar?") << "one place for the subject";
  EXPECT_EQ(record.edit_prompt(), "Where is Foo Bar, I mean Foo Bar?");
  EXPECT_EQ(record.question_prompt, record.prompt);
  EXPECT_EQ(record.target_new, "Lima");
  EXPECT_EQ(record.target_true, "<|endoftext|>");
  EXPECT_THAT(record.paraphrase_prompts, ElementsAre("What place holds Foo Bar?"));
  EXPECT_THAT(record.neighborhood_prompts, ElementsAre("nq question: who wrote it?"));
  EXPECT_EQ(record.neighborhood_target, "John Smith");
  EXPECT_EQ(record.completion_prompt, "");
}

TEST(Zsre, TakesCompletionFormsByTheirQuestion) {
  const InputFile file("[" + std::string(kRecord) + "]");
  const auto completions = file.path().parent_path() / "completions.json";
  std::ofstream(completions) << R"([{"case_index": 9, "question": "Where is Foo Bar, I mean Foo Bar?",
                                     "text_completion_prompt": "The place of Foo Bar is"}])";
  EXPECT_EQ(read_zsre(file.path(), completions).front().completion_prompt, "The place of {} is");
}

TEST(Zsre, SaysWhichRecordIsWrong) {
  EXPECT_THAT(error_of(kRecord, "Where is Foo Bar, I mean Foo Bar?", "Where?"),
              HasSubstr("does not hold the record's"));
  EXPECT_THAT(error_of(kRecord, R"(["Lima", "Rome"])", "[]"), HasSubstr("at least one answer"));
  EXPECT_THAT(error_of(kRecord, "nq question: who", "who"), HasSubstr("MEND's zsRE files"));
  EXPECT_THAT(error_of(kRecord, "\"rephrase\"", "\"other\""), HasSubstr("entry 0, key \"rephrase\""));
  EXPECT_THAT(error_of(kRecord, "I mean", "{} mean"), HasSubstr("beside the subject"));
  EXPECT_THAT(error_of(kRecord, "What place holds Foo Bar", "What place holds {}"),
              HasSubstr("entry 0, key \"rephrase\": is a whole question"));
}

}  // namespace
}  // namespace lethe::data
