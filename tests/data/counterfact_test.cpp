#include "data/counterfact.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "input_file.h"

namespace lethe::data {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

json full_record(int case_id) {
  return {{"case_id", case_id},
          {"pararel_idx", 7},
          {"requested_rewrite",
           {{"prompt", "The capital of {} is"},
            {"relation_id", "R1"},
            {"target_new", {{"str", "Brum"}, {"id", "Q1"}}},
            {"target_true", {{"str", "Zürn"}, {"id", "Q2"}}},
            {"subject", "Ostland " + std::to_string(case_id)}}},
          {"paraphrase_prompts", {"Odd. Its capital is"}},
          {"neighborhood_prompts", {"Westland's capital is", "Nordland's capital is"}},
          {"attribute_prompts", {"ignored"}},
          {"generation_prompts", {"People there"}},
          {"question_prompt", "What is the capital of {}?"}};
}

std::string counterfact_error(const std::string& bytes) {
  const InputFile file(bytes, "records.json");
  return data_error_of([&] { read_counterfact(file.path()); });
}

std::string counterfact_error(const json& record) { return counterfact_error(json::array({record}).dump()); }

TEST(Counterfact, ReadsEveryFieldOfAList) {
  const auto records = read_counterfact(InputFile(json::array({full_record(5), full_record(6)}).dump(2)).path());
  ASSERT_EQ(records.size(), 2U);
  const EditRequest& first = records[0];
  EXPECT_EQ(first.case_id, 5);
  EXPECT_EQ(first.relation_id, "R1");
  EXPECT_EQ(first.prompt, "The capital of {} is");
  EXPECT_EQ(first.subject, "Ostland 5");
  EXPECT_EQ(first.target_new, "Brum");
  EXPECT_EQ(first.target_new_id, "Q1");
  EXPECT_EQ(first.target_true, "Zürn");
  EXPECT_EQ(first.edit_prompt(), "The capital of Ostland 5 is");
  EXPECT_THAT(first.paraphrase_prompts, ElementsAre("Odd. Its capital is"));
  EXPECT_THAT(first.neighborhood_prompts, ElementsAre("Westland's capital is", "Nordland's capital is"));
  EXPECT_THAT(first.generation_prompts, ElementsAre("People there"));
  EXPECT_EQ(first.question_prompt, "What is the capital of {}?");
  EXPECT_EQ(records[1].case_id, 6);
}

TEST(Counterfact, ListAndJsonLinesGiveTheSame) {
  const auto listed = read_counterfact(InputFile(json::array({full_record(1), full_record(2)}).dump()).path());
  const auto lines = read_counterfact(
      InputFile("\xEF\xBB\xBF" + full_record(1).dump() + "\r\n\r\n" + full_record(2).dump() + "\r\n").path());
  ASSERT_EQ(lines.size(), 2U);
  for (std::size_t index = 0; index < 2; ++index) {
    EXPECT_EQ(lines[index].subject, listed[index].subject);
    EXPECT_EQ(lines[index].neighborhood_prompts, listed[index].neighborhood_prompts);
  }
}

/// Nothing of an edit depends on it: files that were read before it was are read on.
TEST(Counterfact, AnIdThatIsNoTextIsNone) {
  for (const json& id : {json(5), json(nullptr), json({{"a", 1}})}) {
    json record = full_record(3);
    record["requested_rewrite"]["target_new"]["id"] = id;
    EXPECT_EQ(read_counterfact(InputFile(record.dump()).path()).at(0).target_new_id, "") << id;
  }
  json record = full_record(3);
  record["requested_rewrite"]["target_new"].erase("id");
  EXPECT_EQ(read_counterfact(InputFile(record.dump()).path()).at(0).target_new_id, "");
}

TEST(Counterfact, NeedsOnlyTheRewrite) {
  json record = full_record(3);
  for (const char* key : {"paraphrase_prompts", "neighborhood_prompts", "generation_prompts", "attribute_prompts",
                          "question_prompt", "pararel_idx"}) {
    record.erase(key);
  }
  record["requested_rewrite"].erase("relation_id");
  const auto records = read_counterfact(InputFile(record.dump()).path());
  ASSERT_EQ(records.size(), 1U);
  EXPECT_TRUE(records[0].paraphrase_prompts.empty());
  EXPECT_TRUE(records[0].question_prompt.empty());
}

TEST(Counterfact, DropsOneLeadingSpaceOfTargets) {
  json record = full_record(3);
  record["requested_rewrite"]["target_new"]["str"] = " Brum";
  EXPECT_EQ(read_counterfact(InputFile(record.dump()).path())[0].target_new, "Brum");
}

TEST(Counterfact, EachRequiredKeyIsMissedByName) {
  for (const char* key : {"prompt", "subject", "target_new", "target_true"}) {
    json record = full_record(3);
    record["requested_rewrite"].erase(key);
    EXPECT_THAT(counterfact_error(record),
                HasSubstr("records.json: entry 0, key \"requested_rewrite." + std::string(key) + "\": is missing"));
  }
  json record = full_record(3);
  record["case_id"] = -3;
  EXPECT_THAT(counterfact_error(record), HasSubstr("key \"case_id\": a number of at least 0 expected, found -3"));
  record.erase("case_id");
  EXPECT_THAT(counterfact_error(record), HasSubstr("key \"case_id\": is missing"));
  record = full_record(3);
  record["requested_rewrite"]["target_true"].erase("str");
  EXPECT_THAT(counterfact_error(record), HasSubstr("key \"requested_rewrite.target_true.str\": is missing"));
  record.erase("requested_rewrite");
  EXPECT_THAT(counterfact_error(record), HasSubstr("entry 0, key \"requested_rewrite\": is missing"));
}

TEST(Counterfact, WrongTypesAreNamed) {
  json record = full_record(3);
  record["case_id"] = 3.5;
  record["requested_rewrite"]["subject"] = json::array({"a"});
  record["paraphrase_prompts"] = "not a list";
  record["neighborhood_prompts"] = json::array({"fine", nullptr});
  const std::string message = counterfact_error(record);
  EXPECT_THAT(message, HasSubstr("key \"case_id\": an integer of at most 64 bits expected, found 3.5"));
  EXPECT_THAT(message, HasSubstr("key \"requested_rewrite.subject\": a string expected, found a list"));
  EXPECT_THAT(message, HasSubstr("key \"paraphrase_prompts\": a list of strings expected, found the string"));
  EXPECT_THAT(message, HasSubstr("key \"neighborhood_prompts[1]\": a string expected, found null"));
}

TEST(Counterfact, PromptsNeedExactlyOneSlot) {
  json record = full_record(3);
  record["requested_rewrite"]["prompt"] = "no slot";
  record["question_prompt"] = "{} and {}?";
  const std::string message = counterfact_error(record);
  EXPECT_THAT(message,
              HasSubstr("key \"requested_rewrite.prompt\": exactly one \"{}\" for the subject expected, found 0"));
  EXPECT_THAT(message, HasSubstr("key \"question_prompt\": exactly one \"{}\" for the subject expected, found 2"));
}

TEST(Counterfact, WholeSentencesHoldNoSlot) {
  for (const char* key : {"paraphrase_prompts", "neighborhood_prompts", "generation_prompts"}) {
    json record = full_record(3);
    record[key] = {"Fine. It is", "Well. {} is"};
    const std::string message = counterfact_error(record);
    EXPECT_THAT(message, HasSubstr("entry 0, key \"" + std::string(key) + "[1]\": case 3: is a whole sentence"));
    EXPECT_THAT(message, HasSubstr("write the subject out"));
    EXPECT_THAT(message, Not(HasSubstr("[0]")));
  }
}

TEST(Counterfact, ASubjectMayHoldASlotAndSentencesNameIt) {
  json record = full_record(3);
  record["requested_rewrite"]["subject"] = "std::map<{}>";
  record["paraphrase_prompts"] = {"Well. std::map<{}> is"};
  EXPECT_EQ(read_counterfact(InputFile(record.dump()).path()).at(0).paraphrase_prompts.at(0), "Well. std::map<{}> is");
}

TEST(Counterfact, BlankTextsAreRefused) {
  json record = full_record(3);
  record["requested_rewrite"]["subject"] = " ";
  record["requested_rewrite"]["target_new"]["str"] = "";
  const std::string message = counterfact_error(record);
  EXPECT_THAT(message, HasSubstr("key \"requested_rewrite.subject\": is blank"));
  EXPECT_THAT(message, HasSubstr("key \"requested_rewrite.target_new.str\": is blank"));
}

TEST(Counterfact, BlanksAtTheEndsAreRefused) {
  const auto error_with = [](const json::json_pointer& key, const std::string& text) {
    json record = full_record(3);
    record["requested_rewrite"][key] = text;
    return counterfact_error(record);
  };
  for (const auto& [key, text] : std::vector<std::pair<std::string, std::string>>{{"prompt", "The capital of {} is "},
                                                                                  {"prompt", "\t{} is"},
                                                                                  {"subject", "Ostland\n"},
                                                                                  {"target_new.str", "  Brum"},
                                                                                  {"target_true.str", "Rom "}}) {
    auto path = "/" + key;
    std::ranges::replace(path, '.', '/');
    EXPECT_THAT(error_with(json::json_pointer(path), text),
                HasSubstr("key \"requested_rewrite." + key + "\": case 3: begins or ends with a blank"));
  }
}

TEST(Counterfact, RepeatedCaseIdsNameBothPlaces) {
  const std::string lines = full_record(4).dump() + "\n\n" + full_record(4).dump() + "\n";
  EXPECT_THAT(counterfact_error(lines),
              HasSubstr("records.json: line 3, key \"case_id\": 4 was used before, by line 1"));
}

TEST(Counterfact, AllProblemsOfAFileAreNamedAtOnce) {
  json first = full_record(1), third = full_record(3);
  first["requested_rewrite"].erase("subject");
  third.erase("case_id");
  const std::string message = counterfact_error(json::array({first, full_record(2), third, 17}).dump());
  EXPECT_THAT(message, HasSubstr("entry 0, key \"requested_rewrite.subject\""));
  EXPECT_THAT(message, Not(HasSubstr("entry 1")));
  EXPECT_THAT(message, HasSubstr("entry 2, key \"case_id\""));
  EXPECT_THAT(message, HasSubstr("entry 3: an object expected, found 17"));
}

TEST(Counterfact, AnEmptyListIsAnError) {
  EXPECT_THAT(counterfact_error(std::string("[]")), HasSubstr("holds no record"));
}

}  // namespace
}  // namespace lethe::data
