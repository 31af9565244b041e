#include "worker/planning/inspect.h"

#include <gtest/gtest.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "model/safetensors.h"
#include "tests/model/checkpoint_writer.h"
#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"
#include "worker/workspace.h"

namespace lethe::worker {
namespace {

class Inspect : public testing::Test {
 protected:
  core::Inspection inspect_world(const std::function<void(core::ExperimentConfig&)>& change = {}) {
    auto config = test::load_config(config_path_);
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
  EXPECT_NE(identity([](auto& config) { std::get<editing::RomeConfig>(config.models[0].methods.at("rome")).v_lr = 0.4; }),
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

TEST_F(Inspect, CheckpointsOfPytorchAreWeightsTooAndMissingShardsAProblem) {
  const auto folder = world_.path() / "tiny-gpt2";
  const auto before = inspect_world().cell(rome_).edit_identity;
  const model::Network network(model::load_weights(folder, test::test_device()));
  const auto write_checkpoint = [&](const std::string& name, double scale) {
    std::map<std::string, torch::Tensor> tensors;
    const model::SafetensorsFile file(folder / "model.safetensors");
    for (const auto& tensor : file.names()) tensors.emplace(tensor, file.tensor(tensor) * scale);
    std::ofstream(folder / name, std::ios::binary) << test::state_dict_archive(tensors);
  };
  write_checkpoint("pytorch_model.bin", 1.0);
  EXPECT_EQ(inspect_world().cell(rome_).edit_identity, before) << "safetensors come first";
  write_checkpoint("second.bin", 2.0);
  std::filesystem::rename(folder / "model.safetensors", folder / "kept.safetensors");
  const auto of_first = inspect_world().cell(rome_).edit_identity;
  EXPECT_NE(of_first, before);
  std::filesystem::rename(folder / "second.bin", folder / "pytorch_model.bin");
  EXPECT_NE(inspect_world().cell(rome_).edit_identity, of_first) << "other content";

  std::filesystem::rename(folder / "pytorch_model.bin", folder / "shard-1.bin");
  std::ofstream(folder / "pytorch_model.bin.index.json")
      << R"({"weight_map": {"a": "shard-1.bin", "b": "shard-2.bin"}})";
  const auto problems = inspect_world().problems;
  ASSERT_FALSE(problems.empty());
  EXPECT_NE(problems.front().find("shard-2.bin: missing"), std::string::npos) << problems.front();
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

TEST_F(Inspect, APathThatCannotBeFollowedIsToldBesideTheOtherProblems) {
  const auto folder = world_.path() / "tiny-gpt2";
  std::filesystem::remove_all(folder);
  std::filesystem::create_symlink(folder, folder);
  std::filesystem::remove(world_.path() / "task.json");
  const auto problems = inspect_world().problems;
  const auto has = [&](const std::string& text) {
    return std::ranges::any_of(problems, [&](const auto& problem) { return problem.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(has(folder.string()));
  EXPECT_TRUE(has("task.json"));
}

TEST_F(Inspect, LooksAtEveryPublishedFileAlsoWhereTheModelIsMissing) {
  const auto cut = world_.path() / "cut.pt";
  std::ofstream(cut) << "PK";
  std::filesystem::remove_all(world_.path() / "tiny-gpt2");
  const auto facts = inspect_world([&](core::ExperimentConfig& config) {
    auto& model = config.models[0];
    model.second_moments.emplace().npz = world_.path() / "layer-{layer}.npz";
    editing::MemitConfig memit;
    memit.layers = {0, 1};
    editing::MendConfig mend;
    mend.editor = cut;
    model.methods = {{"memit", memit}, {"mend", mend}};
    config.cells = {core::GridCell::from_name("memit/tiny-gpt2/sample0"),
                    core::GridCell::from_name("mend/tiny-gpt2/sample0")};
    for (const auto& cell : config.cells) config.edits[cell] = 6;
  });
  ASSERT_EQ(facts.problems.size(), 4U);
  EXPECT_NE(facts.problems[0].find("layer-0.npz"), std::string::npos) << facts.problems[0];
  EXPECT_NE(facts.problems[1].find("layer-1.npz"), std::string::npos) << facts.problems[1];
  EXPECT_NE(facts.problems[2].find("cut.pt"), std::string::npos) << facts.problems[2];
  EXPECT_NE(facts.problems[3].find("model folder"), std::string::npos) << facts.problems[3];
}

TEST_F(Inspect, NamesEveryRecordThatCannotBeEditedOnce) {
  const auto path = world_.path() / "records.json";
  auto records = nlohmann::json::parse(std::ifstream(path));
  // The place of a subject behind a bracket cannot be told; fine-tuning does not ask for it.
  for (const int i : {1, 3}) records[static_cast<std::size_t>(i)]["requested_rewrite"]["prompt"] = "Is ({} at home";
  std::ofstream(path) << records.dump();
  const auto facts = inspect_world();
  ASSERT_EQ(facts.problems.size(), 2U) << facts.problems.front();
  EXPECT_NE(facts.problems[0].find("records.json: case 1: "), std::string::npos) << facts.problems[0];
  EXPECT_NE(facts.problems[1].find("records.json: case 3: "), std::string::npos) << facts.problems[1];
  const auto only_fine_tuning = [](core::ExperimentConfig& config) {
    std::erase_if(config.cells, [](const auto& cell) { return cell.method != "ft-c"; });
  };
  EXPECT_TRUE(inspect_world(only_fine_tuning).problems.empty());
}

TEST_F(Inspect, ListsTwentyBadRecordsAndCountsTheOthers) {
  const auto path = world_.path() / "records.json";
  auto records = nlohmann::json::parse(std::ifstream(path));
  for (auto& record : records) record["requested_rewrite"]["prompt"] = "({} is";
  std::ofstream(path) << records.dump();
  const auto facts = inspect_world([&](core::ExperimentConfig& config) { config.edits[rome_] = 24; });
  ASSERT_EQ(facts.problems.size(), 21U);
  EXPECT_NE(facts.problems.back().find("and 4 more records"), std::string::npos) << facts.problems.back();
}

TEST_F(Inspect, MemitNeedsAllItsLayersAndStoresFactorsOfEach) {
  const auto facts = inspect_world([&](core::ExperimentConfig& config) {
    editing::MemitConfig memit;
    memit.layers = {0, 1};
    config.models[0].methods["memit"] = memit;
    config.cells = {rome_, core::GridCell::from_name("memit/tiny-gpt2/sample0")};
    for (const auto& cell : config.cells) config.edits[cell] = 6;
  });
  EXPECT_TRUE(facts.problems.empty());
  EXPECT_EQ(facts.model("tiny-gpt2").moments_layers, (std::vector<int>{0, 1}));
  EXPECT_EQ(facts.cell(core::GridCell::from_name("memit/tiny-gpt2/sample0")).delta_bytes_per_edit, 2 * (16 + 64) * 4);
}

}  // namespace
}  // namespace lethe::worker
