#include "worker/inspect.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "tests/support/tiny_world.h"
#include "worker/workspace.h"

namespace lethe::worker {
namespace {

class Inspect : public testing::Test {
 protected:
  core::Inspection inspect_world(const std::function<void(core::ExperimentConfig&)>& change = {}) {
    auto config = core::load_experiment_config(config_path_);
    if (change) change(config);
    Workspace workspace(config, world_.path() / "out");
    return workspace.inspection();
  }

  test::TemporaryFolder world_;
  std::filesystem::path config_path_ = test::write_tiny_world(world_.path());
  core::GridCell rome_ = core::GridCell::from_name("rome/tiny-gpt2/sample0");
  core::GridCell fine_tune_ = core::GridCell::from_name("ft-c/tiny-gpt2/sample0");
};

TEST_F(Inspect, TellsTheFactsOfModelsAndCells) {
  const auto facts = inspect_world();
  EXPECT_TRUE(facts.problems.empty());
  EXPECT_EQ(facts.cells.size(), 8U);
  const auto& model = facts.model("tiny-gpt2");
  EXPECT_EQ(model.family, "gpt2");
  EXPECT_EQ(model.inner_width, 64);
  EXPECT_EQ(model.moments_layers, std::vector<int>{0});
  EXPECT_EQ(facts.cell(rome_).delta_bytes_per_edit, (16 + 64) * 4);
  EXPECT_EQ(facts.cell(rome_).snapshot_bytes, 0);
  EXPECT_EQ(facts.cell(fine_tune_).snapshot_bytes, (16 * 64 + 16) * 4);
  EXPECT_EQ(facts.cell(rome_).edit_identity.size(), 12U);
}

TEST_F(Inspect, EditIdentityFollowsWhatChangesTheEditsAndNothingElse) {
  const auto identity = [&](const auto& change) { return inspect_world(change).cell(rome_).edit_identity; };
  const auto base = identity([](auto&) {});
  EXPECT_EQ(identity([](auto& config) { config.checkpoint_every = 3; }), base);
  EXPECT_EQ(identity([&](auto& config) { config.edits[rome_] = 4; }), base);
  EXPECT_EQ(identity([](auto& config) { config.reducers = 2; }), base);
  EXPECT_EQ(identity([](auto& config) { config.tasks.clear(); }), base);
  EXPECT_NE(identity([](auto& config) { config.seed = 8; }), base);
  EXPECT_NE(identity([](auto& config) { config.threads = 2; }), base);
  EXPECT_NE(identity([](auto& config) { std::get<core::RomeConfig>(config.models[0].methods.at("rome")).v_lr = 0.4; }),
            base);
}

TEST_F(Inspect, ReductionIdentityFollowsTheTasks) {
  const auto tasks_of = [&](const auto& change) { return inspect_world(change).cell(rome_).reduction_identities; };
  const auto base = tasks_of([](auto&) {});
  const auto changed = tasks_of([](auto& config) { config.tasks[0].max_new_tokens = 1; });
  EXPECT_NE(changed.at("tasks"), base.at("tasks"));
  EXPECT_EQ(changed.at("forgetting"), base.at("forgetting"));
}

TEST_F(Inspect, ChangedWeightsAreAnotherIdentity) {
  const auto before = inspect_world().cell(rome_).edit_identity;
  test::write_tiny_model(world_.path() / "tiny-gpt2", model::Family::kGpt2, 99);
  EXPECT_NE(inspect_world().cell(rome_).edit_identity, before);
}

TEST_F(Inspect, FindsAllProblemsAtOnce) {
  std::filesystem::remove(world_.path() / "corpus.txt");
  std::filesystem::remove(world_.path() / "task.json");
  std::ofstream(world_.path() / "tiny-gptj" / "config.json") << "{}";
  std::ofstream(world_.path() / "samples.json") << R"({"0": [0, 0, 1, 2, 3, 4], "1": [0, 1, 2, 3, 4, 999]})";
  const auto facts = inspect_world();
  const auto has = [&](const std::string& text) {
    return std::any_of(facts.problems.begin(), facts.problems.end(),
                       [&](const auto& problem) { return problem.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(has("corpus.txt"));
  EXPECT_TRUE(has("task.json"));
  EXPECT_TRUE(has("tiny-gptj"));
  EXPECT_TRUE(has("sample 0"));
  EXPECT_TRUE(has("999"));
}

}  // namespace
}  // namespace lethe::worker
