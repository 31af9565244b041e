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

std::int64_t index_of(const std::string& prompt, const std::string& subject) {
  return subject_last_index(byte_tokenizer(), parse_prompt(prompt), subject);
}

TEST(SubjectPosition, IsThatOfItsLastByteInTheText) { EXPECT_EQ(index_of("{} is in", "Suao"), 3); }

TEST(SubjectPosition, FollowsWhateverStandsBeforeTheSubject) {
  // "The home of " has 12 bytes.
  EXPECT_EQ(index_of("The home of {} is", "Suao"), 15);
  EXPECT_EQ(index_of("\"{}\" is", "Suao"), 4);
  EXPECT_EQ(index_of("See ({})", "Suao"), 8);
}

TEST(SubjectPosition, LeavesBlanksAtTheSubjectsEndsAside) {
  EXPECT_EQ(index_of("The home of {} is", " Suao\t"), 16);
  EXPECT_EQ(index_of("{} is", " Suao"), 4);
  EXPECT_EQ(index_of("{} is", "Suao "), 3);
}

TEST(SubjectPosition, RefusesASubjectWithoutTokens) {
  EXPECT_THROW(index_of("{} is", ""), core::DataError);
  EXPECT_THROW(index_of("{} is", " "), core::DataError);
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
    const auto whole = tokenizer.encode_prompt(prompt.fill(request.subject));
    auto parts = tokenizer.encode_prompt(prompt.before.substr(0, prompt.before.empty() ? 0 : prompt.before.size() - 1));
    for (const std::string& part : {(prompt.before.empty() ? "" : " ") + request.subject, prompt.after}) {
      const auto ids = tokenizer.encode_prompt(part);
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
