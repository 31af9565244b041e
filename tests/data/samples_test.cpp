#include <gmock/gmock.h>

#include "data/counterfact.h"
#include "input_file.h"

namespace lethe::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string samples_error(const std::string& bytes) {
  const InputFile file(bytes, "samples.json");
  return data_error_of([&] { read_samples(file.path()); });
}

TEST(Samples, ReadsOrdersByNumber) {
  const auto samples = read_samples(InputFile("\xEF\xBB\xBF{\"10\":[3],\r\n\"0\":[2, 1], \"2\":[]}").path());
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_THAT(samples.at(0), ElementsAre(2, 1));
  EXPECT_THAT(samples.at(2), ElementsAre());
  EXPECT_THAT(samples.at(10), ElementsAre(3));
}

TEST(Samples, NamesEveryProblem) {
  const std::string message =
      samples_error(R"({"first":[1], "1":{}, "2":[4, "5", 6.5, -7], "-1":[], "99999999999":[], "02":[]})");
  EXPECT_THAT(message, HasSubstr("samples.json: key \"first\": a sample number (\"0\", \"1\", ...) expected"));
  EXPECT_THAT(message, HasSubstr("key \"1\": a list of case ids expected, found an object"));
  EXPECT_THAT(message, HasSubstr("key \"2\"[1]: a case id (integer) expected, found the string \"5\""));
  EXPECT_THAT(message, HasSubstr("key \"2\"[2]: a case id (integer) expected, found 6.5"));
  EXPECT_THAT(message, HasSubstr("key \"2\"[3]: a case id of at least 0 expected, found -7"));
  EXPECT_THAT(message, HasSubstr("key \"-1\": a sample number"));
  EXPECT_THAT(message, HasSubstr("key \"99999999999\": a sample number"));
  EXPECT_THAT(message, HasSubstr("key \"2\": sample 2 is there twice"));
}

TEST(Samples, AnOrderThatIsThereTwiceIsRefused) {
  EXPECT_THAT(samples_error("{\"0\": [1, 2],\n \"0\": [2, 1]}"),
              HasSubstr("samples.json: line 2, column 2: the key \"0\" is there twice in one object; remove one"));
}

TEST(Samples, OtherFormsAreRefused) {
  EXPECT_THAT(samples_error("{\"0\":[1]}\n{\"1\":[2]}\n"),
              HasSubstr("samples.json: line 2, column 1: is no JSON: more text follows the first value, and one is "
                        "expected; join values (jq"));
  EXPECT_THAT(samples_error("[[1,2]]"),
              HasSubstr("samples.json: an object {\"0\": [case ids], ...} expected, found a list"));
  EXPECT_THAT(samples_error("{}"), HasSubstr("holds no sample"));
  EXPECT_THAT(samples_error("{\"0\":[1,2"), HasSubstr("samples.json: line 1, column "));
}

}  // namespace
}  // namespace lethe::data
