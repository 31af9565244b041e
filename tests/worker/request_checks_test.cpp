#include "worker/planning/request_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/support/tiny_world.h"
#include "worker/workspace.h"

namespace lethe::worker {
namespace {

/// Sweeps of the tiny world with a fact that is to be edited to what it is.
class EqualTargets : public testing::Test {
 protected:
  core::Inspection inspection_with_equal_targets(std::size_t index) const {
    test::change_records(world_.path(), [&](nlohmann::json& records) {
      auto& rewrite = records.at(index)["requested_rewrite"];
      rewrite["target_new"]["str"] = " " + rewrite["target_true"]["str"].get<std::string>();
    });
    Workspace workspace(test::load_config(config_path_), world_.path() / "out");
    return workspace.inspection();
  }

  test::TemporaryFolder world_;
  std::filesystem::path config_path_ = test::write_tiny_world(world_.path());
};

TEST_F(EqualTargets, AreNotedOnceForAllCells) {
  const auto inspection = inspection_with_equal_targets(2);
  EXPECT_THAT(inspection.problems, testing::IsEmpty());
  const auto note = (world_.path() / "records.json").string() +
                    ": target_new is target_true, so that scores count a failure whatever an edit does, in case 2";
  EXPECT_EQ(std::ranges::count(inspection.notes, note), 1);
}

TEST_F(EqualTargets, OfARecordThatNoCellEditsAreNot) {
  EXPECT_THAT(inspection_with_equal_targets(20).notes,
              testing::Not(testing::Contains(testing::HasSubstr("target_new"))));
}

TEST(PromptsOfTexts, ThatAreAsLongAsATextAreNotedByModel) {
  const auto notes_with = [](const std::string& tokens) {
    test::TemporaryFolder world;
    test::TinyWorldOptions options;
    options.models = "[tiny-gpt2]";
    options.extra = "texts_every: end\ntexts_facts: 2\ntexts_tokens: " + tokens + "\n";
    Workspace workspace(test::load_config(test::write_tiny_world(world.path(), options)), world.path() / "out");
    EXPECT_THAT(workspace.inspection().problems, testing::IsEmpty());
    return workspace.inspection().notes;
  };
  EXPECT_THAT(notes_with("2"), testing::Contains(testing::ContainsRegex(
                                   "^tiny-gpt2: texts_tokens: 2: [1-9][0-9]* prompts of texts have as many tokens")));
  EXPECT_THAT(notes_with("30"), testing::Not(testing::Contains(testing::HasSubstr("texts_tokens"))));
}

}  // namespace
}  // namespace lethe::worker
