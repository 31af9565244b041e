#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/tiny_world.h"
#include "worker/workspace.h"

namespace lethe::worker {
namespace {

class TextPromptsIdentity : public testing::Test {
 protected:
  /// Facts of the cell once the generation prompts of its n-th record are others.
  core::CellFacts facts_with_other_prompts(std::size_t index) const {
    test::change_records(world_.path(), [&](nlohmann::json& records) {
      records.at(index)["generation_prompts"].push_back("Of others");
    });
    return facts();
  }

  core::CellFacts facts() const {
    auto config = test::load_config(config_path_);
    config.texts_facts = 2;
    Workspace workspace(config, world_.path() / "out");
    return workspace.inspection().cell(core::GridCell::from_name("rome/tiny-gpt2/sample0"));
  }

  test::TemporaryFolder world_;
  std::filesystem::path config_path_ = test::write_tiny_world(world_.path());
};

TEST_F(TextPromptsIdentity, IsAnotherOfTextsAlone) {
  const auto before = facts();
  const auto after = facts_with_other_prompts(1);
  EXPECT_EQ(after.edit_identity, before.edit_identity) << "no edit reads them";
  for (const auto& [part, identity] : before.reduction_identities) {
    EXPECT_EQ(after.reduction_identities.at(part) != identity, part == core::ReductionPart::kTexts) << to_string(part);
  }
}

TEST_F(TextPromptsIdentity, IsTheSameWhereNoTextsAreWritten) {
  const auto before = facts();
  EXPECT_EQ(facts_with_other_prompts(2).reduction_identities, before.reduction_identities);
}

}  // namespace
}  // namespace lethe::worker
