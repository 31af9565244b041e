#include "data/task_examples.h"

#include <gmock/gmock.h>

#include "input_file.h"

namespace lethe::data {
namespace {

using testing::HasSubstr;

std::string task_examples_error(const std::string& bytes) {
  const InputFile file(bytes, "task.json");
  return data_error_of([&] { read_task_examples(file.path()); });
}

TEST(TaskExamples, KeepsTextFieldsAndTheLabel) {
  const std::string list = R"([{"sentence1":"a b ","sentence2":"c","label":1,"idx":605},{"sentence":"d","label":-1}])";
  const TaskExamples examples = read_task_examples(InputFile(list).path());
  ASSERT_EQ(examples.size(), 2U);
  EXPECT_EQ(examples[0].label, 1);
  EXPECT_EQ(examples[0].fields, (std::map<std::string, std::string>{{"sentence1", "a b "}, {"sentence2", "c"}}));
  EXPECT_EQ(examples[1].label, -1);
}

TEST(TaskExamples, ReadsJsonLines) {
  EXPECT_EQ(read_task_examples(InputFile("{\"sentence\":\"a\",\"label\":0}\n{\"sentence\":\"b\",\"label\":1}\n").path())
                .size(),
            2U);
}

TEST(TaskExamples, NamesEveryProblem) {
  const std::string message = task_examples_error(
      R"([{"sentence":"a"},{"label":0},{"sentence":"a","label":"1"},{"sentence":"a","label":3000000000},null])");
  EXPECT_THAT(message, HasSubstr("task.json: entry 0, key \"label\": is missing"));
  EXPECT_THAT(message, HasSubstr("entry 1: holds no text field"));
  EXPECT_THAT(message,
              HasSubstr("entry 2, key \"label\": an integer of at most 64 bits expected, found the string \"1\""));
  EXPECT_THAT(message, HasSubstr("entry 3, key \"label\": a label of at most 32 bits expected, found 3000000000"));
  EXPECT_THAT(message, HasSubstr("entry 4: an object expected, found null"));
  EXPECT_THAT(task_examples_error("[]"), HasSubstr("task.json: holds no example"));
}

class FillQuery : public testing::Test {
 protected:
  TaskExample example_{{{"sentence1", "It {rains}"}, {"sentence2", "}"}}, 1};
};

TEST_F(FillQuery, ReplacesFieldsOnce) {
  EXPECT_EQ(fill_query("{sentence1}\nquestion: {sentence2} True?", example_), "It {rains}\nquestion: } True?");
  EXPECT_EQ(fill_query("no field", example_), "no field");
}

TEST_F(FillQuery, DoubledBracesStandForBraces) { EXPECT_EQ(fill_query("{{{sentence2}}} {{x}}", example_), "{}} {x}"); }

TEST_F(FillQuery, UnknownFieldsAndStrayBracesAreErrors) {
  EXPECT_THAT(data_error_of([&] { fill_query("a {sentence}", example_); }),
              HasSubstr("query \"a {sentence}\", character 3: the example has no text field \"sentence\"; "
                        "it has sentence1, sentence2"));
  EXPECT_THAT(data_error_of([&] { fill_query("{}", example_); }), HasSubstr("no text field \"\""));
  EXPECT_THAT(data_error_of([&] { fill_query("a {sentence1", example_); }), HasSubstr("\"{\" is not closed"));
  EXPECT_THAT(data_error_of([&] { fill_query("a } b", example_); }), HasSubstr("character 3: \"}\" without \"{\""));
}

}  // namespace
}  // namespace lethe::data
