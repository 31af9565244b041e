#include "editing/edit_prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/editing/editing_fixture.h"

namespace lethe::editing {
namespace {

using test::byte_tokenizer;
using test::ids_of;
using test::request_of;
using test::some_contexts;

EditPrompts prompts_of(const data::EditRequest& request, const RomeConfig& config = {}) {
  return make_edit_prompts(config, some_contexts(), request, byte_tokenizer(), 96);
}

TEST(EditPrompts, HoldContextRowsThenTheKlRow) {
  const EditPrompts prompts = prompts_of(request_of("The home of {} is", "Suao", "B"));
  ASSERT_EQ(prompts.rows.size(), 5U);
  EXPECT_EQ(prompts.num_contexts(), 4U);
  EXPECT_EQ(prompts.key_rows[0], ids_of("The home of Suao is"));
  EXPECT_EQ(prompts.key_rows[3], ids_of("x{y}{. The home of Suao is"));
  EXPECT_EQ(prompts.rows.back(), ids_of("Suao is a"));
  EXPECT_EQ(prompts.subject_last, (std::vector<std::int64_t>{15, 19, 28, 22, 3}));
}

TEST(EditPrompts, AppendTheTargetWithoutItsLastToken) {
  // " Xyz" is four byte tokens: rows end in " Xy" and its last four positions predict ' ', 'X', 'y', 'z'.
  const EditPrompts prompts = prompts_of(request_of("{} is in", "Suao", "Xyz"));
  EXPECT_EQ(prompts.target_ids, ids_of(" Xyz"));
  EXPECT_EQ(prompts.rows[0], ids_of("Suao is in Xy"));
  EXPECT_EQ(prompts.rows[1], ids_of("Ab. Suao is in Xy"));
  EXPECT_EQ(prompts.key_rows[0], ids_of("Suao is in"));
  EXPECT_EQ(prompts.rows.back(), ids_of("Suao is a"));
  EXPECT_EQ(prompts.target_position(0, 0), 9);
  EXPECT_EQ(prompts.target_position(0, 3), 12);
  EXPECT_EQ(prompts.target_position(1, 0), 13);
}

TEST(EditPrompts, ReadTheKlRowWhereTheConfigSays) {
  RomeConfig config;
  EXPECT_EQ(prompts_of(request_of("{} is in", "Suao", "B"), config).kl_position, 3);
  config.kl_position = KlPosition::kLast;
  EXPECT_EQ(prompts_of(request_of("{} is in", "Suao", "B"), config).kl_position, 8);
}

TEST(EditPrompts, GiveTheTargetOneLeadingSpace) {
  EXPECT_EQ(spaced_target("Paris"), " Paris");
  EXPECT_EQ(spaced_target(" Paris"), " Paris");
  EXPECT_EQ(target_tokens(byte_tokenizer(), request_of("{}", "Suao", "B")), ids_of(" B"));
  EXPECT_THROW(target_tokens(byte_tokenizer(), request_of("{}", "Suao", "")), core::DataError);
}

TEST(EditPrompts, NameTheCaseOfAnUnusableRequest) {
  try {
    prompts_of(request_of("{} is in", std::string(90, 'a'), "B"));
    FAIL() << "accepted";
  } catch (const core::DataError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("case 7"));
    EXPECT_THAT(error.what(), testing::HasSubstr("the model's 96 positions"));
  }
  EXPECT_THROW(prompts_of(request_of("{} is in", " ", "B")), core::DataError);
}

TEST(EditPrompts, LocateASubjectBehindAnyText) {
  EXPECT_EQ(prompts_of(request_of("({} is in", "Suao", "B")).subject_last.front(), 4);
}

}  // namespace
}  // namespace lethe::editing
