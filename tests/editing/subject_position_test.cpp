#include "editing/subject_position.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "core/error.h"
#include "data/counterfact.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/reference_data.h"

namespace lethe::editing {
namespace {

using test::byte_tokenizer;

TEST(SubjectPosition, CountsTheSubjectAloneWhereItBeginsTheText) {
  EXPECT_EQ(subject_last_index(byte_tokenizer(), "{} is in", "Suao"), 3);
}

TEST(SubjectPosition, CountsTheSpaceBeforeTheSubjectAsItsOwn) {
  // "The home of" has 11 bytes, " Suao" has 5.
  EXPECT_EQ(subject_last_index(byte_tokenizer(), "The home of {} is", "Suao"), 15);
}

TEST(SubjectPosition, TrimsTheSubjectOnlyBehindAPrefix) {
  EXPECT_EQ(subject_last_index(byte_tokenizer(), "The home of {} is", " Suao\t"), 15);
  EXPECT_EQ(subject_last_index(byte_tokenizer(), "{} is", " Suao"), 4);
}

TEST(SubjectPosition, RefusesTextThatDoesNotEndInASpace) {
  EXPECT_THROW(subject_last_index(byte_tokenizer(), "\"{} is", "Suao"), core::DataError);
  EXPECT_THROW(subject_last_index(byte_tokenizer(), "See ({})", "Suao"), core::DataError);
}

TEST(SubjectPosition, RefusesASubjectWithoutTokens) {
  EXPECT_THROW(subject_last_index(byte_tokenizer(), "{} is", ""), core::DataError);
}

TEST(SubjectPosition, RefusesPromptsWithoutExactlyOneHole) {
  EXPECT_THROW(parse_prompt("no hole"), core::DataError);
  EXPECT_THROW(parse_prompt("{} and {}"), core::DataError);
}

TEST(SubjectPosition, FillsOnlyTheHoleOfTheContext) {
  const PromptTemplate prompt = in_context("a {} of {b}. {}", parse_prompt("The {} is"));
  EXPECT_EQ(prompt.fill("X"), "a {} of {b}. The X is");
  EXPECT_EQ(in_context("{}", parse_prompt("The {} is")).fill("X"), "The X is");
  EXPECT_THROW(in_context("none", parse_prompt("{}")), core::DataError);
}

// With GPT-2's vocabulary on all of CounterFact: published facts about where subjects end.
TEST(SubjectPosition, AgreesWithWholeTextTokensOnCounterFact) {
  const std::filesystem::path records = test::reference_data() / "counterfact" / "counterfact_rebuilt.jsonl";
  if (!std::filesystem::exists(records)) {
    GTEST_SKIP() << "no reference data at " << test::reference_data();
  }
  const model::Tokenizer tokenizer = model::Tokenizer::from_folder(test::reference_data() / "tokenizer");
  std::int64_t num_records = 0;
  std::int64_t num_additive = 0;
  double sum_of_positions = 0.0;
  for (const data::EditRequest& request : data::read_counterfact(records)) {
    const PromptTemplate prompt = parse_prompt(request.prompt);
    const std::int64_t position = subject_last_index(tokenizer, prompt, request.subject);
    const auto whole = tokenizer.encode(prompt.fill(request.subject));
    auto parts = tokenizer.encode(prompt.before.substr(0, prompt.before.empty() ? 0 : prompt.before.size() - 1));
    for (const std::string& part : {(prompt.before.empty() ? "" : " ") + request.subject, prompt.after}) {
      const auto ids = tokenizer.encode(part);
      parts.insert(parts.end(), ids.begin(), ids.end());
    }
    num_additive += parts == whole ? 1 : 0;
    sum_of_positions += static_cast<double>(position);
    ++num_records;
  }
  EXPECT_EQ(num_records, 21919);
  EXPECT_EQ(num_additive, 21884);
  EXPECT_NEAR(sum_of_positions / static_cast<double>(num_records), 3.8, 0.05);
}

}  // namespace
}  // namespace lethe::editing
