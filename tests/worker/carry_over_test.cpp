#include "worker/commands/carry_over.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "tests/support/tiny_world.h"
#include "tests/worker/recording_monitor.h"

namespace lethe::worker {
namespace {

class CarryOverTest : public testing::Test {
 protected:
  /// Gives the world's records a question form, but for every `skipped`th.
  void add_questions(int skipped) const {
    test::change_records(world_.path(), [&](nlohmann::json& records) {
      int number = 0;
      for (auto& record : records) {
        if (number++ % skipped != 0) record["question_prompt"] = "Where is {}?";
      }
    });
  }

  test::TemporaryFolder world_;
  std::filesystem::path config_path_ = test::write_tiny_world(world_.path());
  core::GridCell cell_ = core::GridCell::from_name("rome/tiny-gptj/sample1");
};

TEST_F(CarryOverTest, AsksBothFormsOfTheRecordsThatHaveThem) {
  add_questions(3);
  Workspace workspace(test::load_config(config_path_), world_.path() / "out");
  test::RecordingMonitor monitor;
  const auto all = measure_carry_over(workspace, cell_, 100, monitor);
  EXPECT_EQ(all.question.asked, 4) << "six edits of the order 3, 8, 13, 18, 23, 4; 3 and 18 have no question";
  EXPECT_EQ(all.known_before.asked, 4);
  EXPECT_EQ(all.completion.asked, all.question.correct) << "only successful edits can carry over";
  EXPECT_EQ(std::ssize(all.lost), all.completion.asked - all.completion.correct);
  EXPECT_EQ(all.rewrite_tokens.tokens.asked, 4 * 2) << "a space and one letter each";
  EXPECT_EQ(all.lost_percent().has_value(), all.question.correct > 0);
  EXPECT_FALSE(monitor.files.empty()) << "second moments were made on the way";

  const auto two = measure_carry_over(workspace, cell_, 2, monitor);
  EXPECT_EQ(two.question.asked, 2);
  EXPECT_TRUE(workspace.model("tiny-gptj")->unedited.edited_parameters().empty());
}

TEST_F(CarryOverTest, SaysThatNoRecordHasBothForms) {
  Workspace workspace(test::load_config(config_path_), world_.path() / "out");
  test::RecordingMonitor monitor;
  try {
    measure_carry_over(workspace, cell_, 5, monitor);
    FAIL() << "no error";
  } catch (const core::DataError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("both a question and a completion form"));
  }
}

TEST(CarryOver, LosesWhatTheCompletionFormDoesNotShow) {
  CarryOver result;
  EXPECT_EQ(result.lost_percent(), std::nullopt) << "nothing succeeded: no share at all";
  for (const bool is_correct : {true, true, true, true, false}) result.question.add(is_correct);
  for (const bool is_correct : {true, false, false, false}) result.completion.add(is_correct);
  EXPECT_EQ(result.question.percent(), 80.0);
  EXPECT_EQ(result.lost_percent(), 75.0);
}

TEST(CarryOver, ListsTheFirstLostFactsAndSaysHowManyThereAre) {
  CarryOver result;
  for (int i = 0; i < 5; ++i) result.completion.add(i < 2);
  result.lost = {{341, "Ada", "Ada lives in", "Rome", " Pa\nris"},
                 {7, "Bo", "Bo lives in", "Oslo", ""},
                 {9, "Cy", "Cy lives in", "Bonn", " Ulm"}};
  const std::string first =
      "    case 341, \"Ada\": \"Ada lives in\" is continued with \" Pa ris\", not with \"Rome\"\n";
  const std::string second = "    case 7, \"Bo\": \"Bo lives in\" is continued with \"\", not with \"Oslo\"\n";
  const std::string third = "    case 9, \"Cy\": \"Cy lives in\" is continued with \" Ulm\", not with \"Bonn\"\n";
  EXPECT_EQ(lost_text(result, 2), "3 of 5 successful edits, the first 2:\n" + first + second);
  EXPECT_EQ(lost_text(result, 10), "3 of 5 successful edits:\n" + first + second + third);
  EXPECT_EQ(lost_text(result, 0), "3 of 5 successful edits\n");
  EXPECT_EQ(lost_text({}, 10), "0 of 0 successful edits\n");
}

}  // namespace
}  // namespace lethe::worker
