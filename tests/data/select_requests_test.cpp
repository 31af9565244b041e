#include <gmock/gmock.h>

#include "data/counterfact.h"
#include "input_file.h"

namespace lethe::data {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<EditRequest> records_with(const std::vector<std::string>& subjects) {
  std::vector<EditRequest> records;
  for (const std::string& subject : subjects) {
    EditRequest request;
    request.case_id = 100 + std::ssize(records);
    request.subject = subject;
    records.push_back(request);
  }
  return records;
}

TEST(SelectRequests, FollowsTheOrderUpToTheCount) {
  const auto records = records_with({"a", "b", "c", "d"});
  const auto requests = select_requests(records, {103, 100, 102, 101}, 3, 0);
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].subject, "d");
  EXPECT_EQ(requests[1].subject, "a");
  EXPECT_EQ(requests[2].subject, "c");
  EXPECT_TRUE(select_requests(records, {103}, 0, 0).empty());
}

TEST(SelectRequests, RepeatedSubjectNamesBothCaseIds) {
  const auto records = records_with({"Émile Zola", "b", "ÉMILE ZOLA"});
  const std::string message = data_error_of([&] { select_requests(records, {100, 101, 102}, 3, 4); });
  EXPECT_EQ(message,
            "sample 4, edit 3: case id 102 repeats the subject \"ÉMILE ZOLA\" of case id 100; "
            "a sample's subjects must be unique");
}

TEST(SelectRequests, RepeatsBeyondTheCountDoNotMatter) {
  const auto records = records_with({"a", "b", "A"});
  EXPECT_EQ(select_requests(records, {100, 101, 102}, 2, 0).size(), 2U);
}

TEST(SelectRequests, AllProblemsAreNamed) {
  const auto records = records_with({"a", "b"});
  const std::string message = data_error_of([&] { select_requests(records, {100, 7, 100, -1}, 10, 2); });
  EXPECT_THAT(message, HasSubstr("sample 2: holds 4 case ids, but 10 edits are asked for"));
  EXPECT_THAT(message, HasSubstr("sample 2: holds 4 case ids, but the dataset has only 2 records"));
  EXPECT_THAT(message, HasSubstr("sample 2, edit 2: case id 7 is not among the dataset's records"));
  EXPECT_THAT(message, HasSubstr("sample 2, edit 3: case id 100 repeats the subject \"a\" of case id 100"));
  EXPECT_THAT(message, HasSubstr("sample 2, edit 4: case id -1 is not among"));
  EXPECT_THAT(message, Not(HasSubstr("edit 1:")));
}

}  // namespace
}  // namespace lethe::data
