#include "core/strict_json.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/foreign_form.h"

namespace lethe::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// "line:column: reason" of what is refused.
std::string error_of(std::string_view text) {
  try {
    static_cast<void>(strict_json(text));
  } catch (const JsonError& error) {
    EXPECT_EQ(json_if_sound(text), std::nullopt);
    return std::to_string(error.line()) + ":" + std::to_string(error.column()) + ": " + error.what();
  }
  return "none";
}

TEST(StrictJson, IsWhatNlohmannReadsOfSoundText) {
  for (const std::string text :
       {R"({"a":[1,-2,3.5,1e300,{"b":null,"c":[[],{}]}],"d":true,"e":"\u00e4\n","f":18446744073709551615})", "[]", "{}",
        "3", "\"x\"", " [ {} , [ ] ] \n", R"([{"a":1},{"a":2}])", R"({"a":{"a":{"a":1}}})"}) {
    EXPECT_EQ(strict_json(text), nlohmann::json::parse(text)) << text;
    EXPECT_EQ(strict_ordered_json(text), nlohmann::ordered_json::parse(text)) << text;
  }
  EXPECT_EQ(strict_ordered_json(R"({"z":1,"a":2})").dump(), R"({"z":1,"a":2})");
  EXPECT_EQ(strict_json("\xEF\xBB\xBF[1]"), nlohmann::json({1})) << "a byte order mark";
}

TEST(StrictJson, RefusesAKeyThatIsThereTwiceAndSaysWhere) {
  EXPECT_EQ(error_of("{\"0\": [1],\n \"1\": [2], \"0\": [3]}"),
            "2:12: the key \"0\" is there twice in one object; remove one of the two");
  EXPECT_THAT(error_of(R"({"a":1,"a":1})"), HasSubstr("1:8: the key \"a\" is there twice"));
  EXPECT_THAT(error_of(R"({"a":1,"\u0061":1})"), HasSubstr("1:8: the key \"a\" is there twice"));
  EXPECT_THAT(error_of(R"({"a\"b":1,"a\"b":1})"), HasSubstr("1:11: the key \"a\\\"b\" is there twice"));
  EXPECT_THAT(error_of(R"([0,{"x":{"a":1,"b":{},"a":[]}}])"), HasSubstr("1:23: the key \"a\" is there twice"));
  EXPECT_THAT(error_of(R"({"":1,"":1})"), HasSubstr("1:7: the key \"\" is there twice"));
  EXPECT_THROW(strict_ordered_json(R"({"a":1,"a":1})"), JsonError);
  EXPECT_THROW(visit_json_list(R"([{"a":1,"a":1}])", [](nlohmann::json&&) {}), JsonError);
}

TEST(StrictJson, NamesKnownMistakesWithTheirRemedy) {
  EXPECT_EQ(error_of("[1,\n NaN]"), "2:2: is no JSON: NaN is no JSON; write a number or null");
  EXPECT_THAT(error_of("[nan]"), HasSubstr("nan is no JSON; write a number or null"));
  EXPECT_THAT(error_of("[Infinity]"), HasSubstr("Infinity is no JSON"));
  EXPECT_THAT(error_of("[-Infinity]"), HasSubstr("-Infinity is no JSON"));
  EXPECT_THAT(error_of("{\"a\": None}"), HasSubstr("None is Python's; write null"));
  EXPECT_THAT(error_of("{\"a\": \"x, \\q]\"}"), HasSubstr("invalid string"));
  EXPECT_THAT(error_of("[{\"a\": \"x\"},]"), HasSubstr("a comma stands before"));
  EXPECT_THAT(error_of("[True]"), HasSubstr("write true"));
  EXPECT_THAT(error_of("[1, 2,\n]"),
              HasSubstr("2:1: is no JSON: a comma stands before the closing bracket; remove it"));
  EXPECT_THAT(error_of("{\"a\": 1,}"), HasSubstr("a comma stands before"));
  EXPECT_THAT(error_of("{'a': 1}"), HasSubstr("1:2: is no JSON: text stands in single quotes"));
  EXPECT_THAT(error_of("{\"a\": 1 // one\n}"), HasSubstr("JSON has no comments"));
  EXPECT_THAT(error_of("[1] [2]"), HasSubstr("1:5: is no JSON: more text follows the first value"));
  EXPECT_THAT(error_of("{}\n{}"), HasSubstr("2:1: is no JSON: more text follows the first value"));
  EXPECT_THAT(error_of("[1, \"a"), HasSubstr("is no JSON: it ends in mid-text"));
  EXPECT_THAT(error_of("[1e999]"), HasSubstr("number overflow"));
  EXPECT_THAT(error_of("[\"\xFF\"]"), HasSubstr("1:3: is no JSON"));
  EXPECT_EQ(error_of(" \n"), "0:0: is empty, expected JSON");
  EXPECT_THAT(error_of(std::string(1'000'000, '[')), HasSubstr("nested more than 32 levels deep"));
}

TEST(StrictJson, NamesFormsThatAreNoText) {
  EXPECT_THAT(error_of("\x1F\x8B\x08"), HasSubstr("0:0: is compressed; unpack it (gunzip)"));
  EXPECT_THAT(error_of("\xFF\xFE["), HasSubstr("0:0: is UTF-16; save it as UTF-8"));
  EXPECT_THAT(error_of(std::string_view("[\0\"\0a\0\"\0]\0", 10)), HasSubstr("is UTF-16"));
  EXPECT_THAT(error_of("PK\x03\x04"), HasSubstr("is a zip archive"));
  EXPECT_EQ(foreign_form("[1]"), "");
  EXPECT_EQ(foreign_form(""), "");
}

TEST(StrictJson, GivesTheElementsOfAListOneByOne) {
  std::vector<std::string> seen;
  visit_json_list(R"([1,{"a":[2,{}]},[],"x",[[3]]])",
                  [&](nlohmann::json&& element) { seen.push_back(element.dump()); });
  EXPECT_THAT(seen, ElementsAre("1", R"({"a":[2,{}]})", "[]", "\"x\"", "[[3]]"));
  EXPECT_THROW(visit_json_list("{}", [](nlohmann::json&&) {}), JsonError);
  EXPECT_THROW(visit_json_list("3", [](nlohmann::json&&) {}), JsonError);
}

}  // namespace
}  // namespace lethe::core
