#include "data/edit_request.h"

#include <gtest/gtest.h>

namespace lethe::data {
namespace {

EditRequest request_with(const std::string& prompt) {
  EditRequest request;
  request.prompt = prompt;
  request.subject = "Ada {x}";
  return request;
}

TEST(EditRequest, FillsTheSubjectOnce) {
  EXPECT_EQ(request_with("{} speaks").edit_prompt(), "Ada {x} speaks");
  EXPECT_EQ(request_with("The tongue of {} is").edit_prompt(), "The tongue of Ada {x} is");
  EXPECT_EQ(request_with("See {").edit_prompt(), "See {");
  // A subject that looks like a slot is text.
  EXPECT_EQ(fill_subject("{} is", "a{}b"), "a{}b is");
}

TEST(EditRequest, CountsSlots) {
  EXPECT_EQ(count_subject_slots(""), 0U);
  EXPECT_EQ(count_subject_slots("a { } b"), 0U);
  EXPECT_EQ(count_subject_slots("{{}}"), 1U);
  EXPECT_EQ(count_subject_slots("{}{}"), 2U);
}

TEST(EditRequest, SubjectIsLocatedAtTheStartOrBehindASpace) {
  EXPECT_TRUE(can_locate_subject(request_with("{} is")));
  EXPECT_TRUE(can_locate_subject(request_with("Of {}")));
  EXPECT_TRUE(can_locate_subject(request_with(" {}")));
  EXPECT_FALSE(can_locate_subject(request_with("\"{}\" is")));
  EXPECT_FALSE(can_locate_subject(request_with("Of\t{}")));
  EXPECT_FALSE(can_locate_subject(request_with("no slot ")));
}

}  // namespace
}  // namespace lethe::data
