#include "report/task_origin.h"

#include <gtest/gtest.h>

namespace lethe::report {
namespace {

storage::ReductionContents answers(std::int64_t edits, const std::string& query) {
  storage::ReductionContents contents;
  contents.edits = edits;
  contents.reduction_identity = edits == 0 ? "bbbbbbbbbbbb" : "aaaaaaaaaaaa";
  contents.tasks = {{"t", {0, 1}, {0, 1}, {{}, {}}}};
  contents.provenance["config"] = R"({"tasks": [{"name": "t", "query": ")" + query + R"(", "title": "T"}]})";
  return contents;
}

TEST(TaskOrigin, FilesWithoutTheTasksIdentityAreComparedByTheirConfigs) {
  EXPECT_TRUE(have_same_questions(task_origin(answers(0, "a")), task_origin(answers(10, "a"))));
  EXPECT_FALSE(have_same_questions(task_origin(answers(0, "a")), task_origin(answers(10, "b"))));
  auto retitled = answers(10, "a");
  retitled.provenance["config"].replace(retitled.provenance["config"].find("\"T\""), 3, "\"U\"");
  EXPECT_TRUE(have_same_questions(task_origin(answers(0, "a")), task_origin(retitled))) << "no model sees titles";
}

TEST(TaskOrigin, TheTasksIdentityDecidesWhereItIsThere) {
  auto baseline = answers(0, "a");
  baseline.provenance[storage::kTasksIdentity] = "aaaaaaaaaaaa";
  EXPECT_TRUE(have_same_questions(task_origin(baseline), task_origin(answers(10, "a"))));
  baseline.provenance[storage::kTasksIdentity] = "cccccccccccc";
  EXPECT_FALSE(have_same_questions(task_origin(baseline), task_origin(answers(10, "a")))) << "other examples";
}

TEST(TaskOrigin, OtherExamplesAreSeenByTheirLabels) {
  auto other = answers(10, "a");
  other.tasks[0].labels = {1, 1};
  EXPECT_FALSE(have_same_questions(task_origin(answers(0, "a")), task_origin(other)));
}

TEST(TaskOrigin, AConfigThatCannotBeReadSaysNothing) {
  for (const auto* config : {"", "{", "[]", "{\"tasks\": 3}"}) {
    auto other = answers(10, "a");
    other.provenance["config"] = config;
    EXPECT_TRUE(have_same_questions(task_origin(answers(0, "a")), task_origin(other))) << config;
  }
}

}  // namespace
}  // namespace lethe::report
