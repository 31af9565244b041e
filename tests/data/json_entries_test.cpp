#include "data/json_entries.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "input_file.h"

namespace lethe::data {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::vector<std::string> entries_of(std::string_view bytes) {
  const InputFile file(bytes, "f");
  std::vector<std::string> entries;
  for_each_json_entry(file.path(), "a", [&](const Json& entry, const std::string& place) {
    entries.push_back(place.substr(file.path().string().size()) + " " + entry.dump());
  });
  return entries;
}

std::string json_entries_error(std::string_view bytes) {
  const InputFile file(bytes, "f");
  return data_error_of([&] { for_each_json_entry(file.path(), "a", [](const Json&, const std::string&) {}); });
}

TEST(JsonEntries, AnObjectOverSeveralLinesIsNamedWithItsLists) {
  EXPECT_THAT(json_entries_error("{\n \"version\": 1,\n \"rows\": [\n  {\"a\": 1}\n ]\n}\n"),
              HasSubstr("f: is a JSON object over several lines, with lists under rows; a JSON list or JSON lines"));
  EXPECT_THAT(json_entries_error("{\n \"a\": 1\n}\n{\n \"a\": 2\n}\n"), HasSubstr("over several lines; a JSON list"));
  EXPECT_THAT(json_entries_error("{\n \"a\": [\n}\n"), HasSubstr("over several lines; a JSON list"));
}

TEST(JsonEntries, AnObjectAroundTheEntriesIsToldByItsForm) {
  EXPECT_THAT(json_entries_error(R"({"data": [{"a": 1}]})"),
              HasSubstr("f: line 1: is a JSON object, with lists under data, and no entry, which has the key \"a\"; a "
                        "JSON list or JSON lines (one {...} a line) expected: give the list itself"));
  EXPECT_THAT(json_entries_error(R"({"data": [], "version": 2})"), HasSubstr("give the list itself"));
  EXPECT_THAT(json_entries_error(R"({"0": {"a": 1}, "1": {"a": 2}})"), HasSubstr("is a JSON object of objects"));
  EXPECT_THAT(json_entries_error(R"({"a": [1, 2], "b": ["x", "y"]})"), HasSubstr("give an object for each entry"));
  // An entry may hold lists; one without its key is for its reader to tell.
  EXPECT_THAT(entries_of(R"({"a": 1, "others": [{"a": 2}]})"), SizeIs(1));
  EXPECT_THAT(entries_of(R"({"b": 1})"), SizeIs(1));
}

TEST(JsonEntries, AKeyThatIsThereTwiceIsNamed) {
  EXPECT_THAT(json_entries_error("[{\"a\": 1},\n {\"a\": 1, \"a\": 2}]"),
              HasSubstr("f: line 2, column 11: the key \"a\" is there twice in one object; remove one of the two"));
  EXPECT_THAT(json_entries_error("{\"a\":1}\n{\"b\":{\"a\":1,\"a\":2}}\n"),
              HasSubstr("f: line 2: line 1, column 13: the key \"a\" is there twice"));
}

TEST(JsonEntries, FormsThatAreNoTextAreNamed) {
  EXPECT_THAT(json_entries_error("\x1F\x8B\x08"), HasSubstr("f: is compressed; unpack it (gunzip)"));
  EXPECT_THAT(json_entries_error(std::string_view("[\0{\0\"\0", 6)), HasSubstr("f: is UTF-16"));
}

TEST(JsonEntries, ALineThatIsMalformedIsNamed) {
  EXPECT_THAT(json_entries_error("{\"a\": tru}\n"), HasSubstr("f: line 1: line 1, column"));
  EXPECT_THAT(json_entries_error("{\"a\":\n\n"), HasSubstr("f: line 1: line 1, column"));
  EXPECT_THAT(entries_of("{\"a\":1}"), ElementsAre(": line 1 {\"a\":1}"));
}

TEST(JsonEntries, WalksAListOfAnyValues) {
  EXPECT_THAT(entries_of(" \n[{\"a\":[1,{}]}, 2, [3], \"x\"]"),
              ElementsAre(": entry 0 {\"a\":[1,{}]}", ": entry 1 2", ": entry 2 [3]", ": entry 3 \"x\""));
  EXPECT_THAT(entries_of("[]"), ElementsAre());
}

TEST(JsonEntries, WalksJsonLinesWithBlankLinesAndCarriageReturns) {
  EXPECT_THAT(entries_of("\xEF\xBB\xBF{\"a\":1}\r\n\r\n{\"a\":2}\r\n  \n{\"a\":3}"),
              ElementsAre(": line 1 {\"a\":1}", ": line 3 {\"a\":2}", ": line 5 {\"a\":3}"));
}

TEST(JsonEntries, SaysWhereTheTextIsMalformed) {
  EXPECT_THAT(json_entries_error("[1,\n  2,\n  }"), HasSubstr("f: line 3, column 3: is no JSON: "));
  EXPECT_THAT(json_entries_error("{\"a\":1}\n{\"a\" 1}\n"), HasSubstr("f: line 2: line 1, column 6: is no JSON: "));
  EXPECT_THAT(json_entries_error("[1] [2]"), HasSubstr("f: line 1, column 5: is no JSON: "));
  EXPECT_THAT(json_entries_error("[1e999]"), HasSubstr("is no JSON: number overflow"));
  EXPECT_THAT(json_entries_error("[\"\xFF\"]"), HasSubstr("f: line 1, column 3: is no JSON: "));
  EXPECT_THAT(json_entries_error("[\"\\ud800\"]"), HasSubstr("is no JSON"));
}

TEST(JsonEntries, SaysWhatWasFoundInsteadOfEitherForm) {
  EXPECT_THAT(json_entries_error(""), HasSubstr("f: is empty"));
  EXPECT_THAT(json_entries_error(" \n "), HasSubstr("f: is empty"));
  EXPECT_THAT(json_entries_error("case_id,prompt\n"), HasSubstr("f: begins with \"case_id,prompt \""));
}

TEST(JsonEntries, RefusesDeepNestingWithoutRecursion) {
  std::string objects;
  for (int level = 0; level < 1'000'000; ++level) objects += "{\"a\":";
  EXPECT_THAT(json_entries_error(std::string(1'000'000, '[')), HasSubstr("nested more than 32 levels deep"));
  EXPECT_THAT(json_entries_error(objects), HasSubstr("nested more than 32 levels deep"));
  EXPECT_EQ(entries_of("[" + std::string(20, '[') + std::string(20, ']') + "]").size(), 1U);
}

TEST(JsonEntries, MessagesStayShortForGiganticText) {
  EXPECT_LT(json_entries_error("[\"" + std::string(1'000'000, 'x')).size(), 600U);
  EXPECT_LT(json_entries_error("[" + std::string(1'000'000, '9') + "x").size(), 600U);
}

TEST(EntryReader, ReportsEveryKeyWithItsFullName) {
  const Json entry = {{"n", "1"}, {"inner", {{"text", 5}, {"blank", "  "}}}, {"list", {"a", 2, ""}}, {"other", {1}}};
  Problems problems;
  const EntryReader reader(entry, "f: entry 7", problems);
  EXPECT_EQ(reader.required_integer("n"), 0);
  EXPECT_EQ(reader.required_integer("absent"), 0);
  const EntryReader inner = reader.object("inner");
  EXPECT_EQ(inner.required_text("text"), "");
  EXPECT_EQ(inner.required_text("blank"), "  ");
  EXPECT_EQ(inner.object("deeper").required_text("text"), "");
  EXPECT_EQ(reader.object("n").required_text("text"), "");
  EXPECT_EQ(reader.optional_texts("list").size(), 3U);
  EXPECT_TRUE(reader.optional_texts("inner").empty());
  EXPECT_EQ(data_error_of([&] { problems.throw_if_any(); }),
            "f: entry 7, key \"n\": an integer of at most 64 bits expected, found the string \"1\"\n"
            "f: entry 7, key \"absent\": is missing\n"
            "f: entry 7, key \"inner.text\": a string expected, found 5\n"
            "f: entry 7, key \"inner.blank\": is blank\n"
            "f: entry 7, key \"inner.deeper\": is missing\n"
            "f: entry 7, key \"n\": an object expected, found the string \"1\"\n"
            "f: entry 7, key \"list[1]\": a string expected, found 2\n"
            "f: entry 7, key \"list[2]\": is empty\n"
            "f: entry 7, key \"inner\": a list of strings expected, found an object");
}

TEST(EntryReader, AcceptsOnlyIntegersThatFit) {
  EXPECT_EQ(integer_of(Json::parse("9223372036854775807")), 9223372036854775807);
  EXPECT_EQ(integer_of(Json::parse("-9223372036854775808")), std::numeric_limits<std::int64_t>::min());
  for (const char* text :
       {"9223372036854775808", "18446744073709551616", "1.0", "1e3", "true", "null", "\"1\"", "[]"}) {
    EXPECT_EQ(integer_of(Json::parse(text)), std::nullopt) << text;
  }
}

TEST(Problems, NamesTheFirstTwentyAndCountsTheRest) {
  Problems problems;
  EXPECT_TRUE(problems.empty());
  EXPECT_NO_THROW(problems.throw_if_any());
  for (int number = 0; number < 23; ++number) problems.add("problem " + std::to_string(number) + ".");
  const std::string message = data_error_of([&] { problems.throw_if_any(); });
  EXPECT_THAT(message, HasSubstr("problem 0.\n"));
  EXPECT_THAT(message, HasSubstr("problem 19.\n"));
  EXPECT_THAT(message, Not(HasSubstr("problem 20.")));
  EXPECT_THAT(message, EndsWith("... and 3 more problems"));
}

}  // namespace
}  // namespace lethe::data
