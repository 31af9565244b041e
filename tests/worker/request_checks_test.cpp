#include "worker/planning/request_checks.h"

#include <gtest/gtest.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "tests/support/tiny_world.h"
#include "worker/workspace.h"

namespace lethe::worker {
namespace {

/// Sweeps of the tiny world with a fact that is to be edited to what it is.
class EqualTargets : public testing::Test {
 protected:
  std::vector<std::string> problems_with_equal_targets(std::size_t index) const {
    const auto path = world_.path() / "records.json";
    auto records = nlohmann::json::parse(std::ifstream(path));
    auto& rewrite = records.at(index)["requested_rewrite"];
    rewrite["target_new"]["str"] = " " + rewrite["target_true"]["str"].get<std::string>();
    std::ofstream(path) << records.dump();
    Workspace workspace(test::load_config(config_path_), world_.path() / "out");
    return workspace.inspection().problems;
  }

  test::TemporaryFolder world_;
  std::filesystem::path config_path_ = test::write_tiny_world(world_.path());
};

TEST_F(EqualTargets, AreAProblemOfTheirRecordOnceForAllCells) {
  const auto problems = problems_with_equal_targets(2);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0], (world_.path() / "records.json").string() +
                             ": case 2: target_new is target_true, \"Z\", so that no edit could succeed; give it "
                             "another one, or leave the record out");
}

TEST_F(EqualTargets, OfARecordThatNoCellEditsAreNone) { EXPECT_TRUE(problems_with_equal_targets(20).empty()); }

}  // namespace
}  // namespace lethe::worker
