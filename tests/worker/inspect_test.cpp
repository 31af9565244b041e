#include "worker/planning/inspect.h"

#include <gtest/gtest.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "editing/memit/memit_config.h"
#include "editing/mend/mend_config.h"
#include "editing/methods/settings_of.h"
#include "editing/rome/rome_config.h"
#include "model/safetensors.h"
#include "tests/model/checkpoint_writer.h"
#include "tests/support/test_device.h"
#include "tests/support/tiny_world.h"
#include "worker/planning/prerequisite_kinds.h"
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
  EXPECT_EQ(model.num_layers, 2);
  EXPECT_EQ(facts.prerequisite(kMomentsKind, "tiny-gpt2").stems, std::vector<std::string>{ledger::moments_stem(0)});
  Workspace workspace(test::load_config(config_path_), world_.path() / "out");
  EXPECT_EQ(workspace.moments_plan("tiny-gpt2").inner_width, 64);
  EXPECT_EQ(workspace.moments_plan("tiny-gpt2").layers, std::vector<int>{0});
  EXPECT_EQ(facts.cell(rome_).delta_bytes_per_edit, (16 + 64) * 4);
  EXPECT_EQ(facts.cell(rome_).snapshot_bytes, 0);
  EXPECT_EQ(facts.cell(fine_tune_).snapshot_bytes, (16 * 64 + 16) * 4);
  EXPECT_EQ(facts.cell(rome_).edit_identity.size(), 12U);
}

TEST_F(Inspect, ATextOfTheMonitorThatCannotBeReadIsAProblemOnceItIsAskedFor) {
  const auto path = world_.path() / "held-out.txt";
  const auto problems = [&](bool is_asked) {
    return inspect_world([&](auto& config) {
             config.monitor_text = path;
             if (is_asked) config.monitor_every.reset();
           })
        .problems;
  };
  const auto expect_problem = [&](const std::string& what) {
    ASSERT_EQ(problems(true).size(), 1U) << what << testing::PrintToString(problems(true));
    EXPECT_TRUE(problems(true).front().starts_with(path.string())) << problems(true).front();
    EXPECT_NE(problems(true).front().find(what), std::string::npos) << problems(true).front();
    EXPECT_TRUE(problems(false).empty()) << what;
  };
  expect_problem("cannot be opened: No such file or directory (monitor_text: expected a UTF-8 text");
  world_.write("held-out.txt", "");
  expect_problem("holds no document");
  world_.write("held-out.txt", "A town.\nA \xff river.\n");
  expect_problem("line 2, byte 3: is not UTF-8");
  world_.write("held-out.txt", "A town.\nA river.\n");
  EXPECT_TRUE(problems(true).empty());
}

TEST_F(Inspect, OnlyTheMonitorsIdentityFollowsItsText) {
  const auto identities = [&](const auto& change) { return inspect_world(change).cell(rome_).reduction_identities; };
  const auto with = [&](const std::string& name, const std::string& text) {
    world_.write(name, text);
    return identities([&](auto& config) {
      config.monitor_every = 2;
      config.monitor_text = world_.path() / name;
    });
  };
  const auto bare = identities([](auto&) {});
  const auto first = with("a.txt", "A town.\n");
  EXPECT_EQ(with("b.txt", "A town.\n"), first);
  EXPECT_NE(with("c.txt", "A river.\n").at(core::ReductionPart::kMonitor), first.at(core::ReductionPart::kMonitor));
  for (const auto& [part, identity] : bare) {
    EXPECT_EQ(identity != first.at(part), part == core::ReductionPart::kMonitor) << to_string(part);
  }
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
  EXPECT_NE(identity([](auto& config) {
              auto& method = config.models[0].methods.at("rome");
              method = editing::with_change<editing::RomeConfig>(method, [](auto& rome) { rome.v_lr = 0.4; });
            }),
            base);
}

TEST_F(Inspect, ReductionIdentityFollowsTheTasks) {
  const auto tasks_of = [&](const auto& change) { return inspect_world(change).cell(rome_).reduction_identities; };
  const auto base = tasks_of([](auto&) {});
  const auto changed = tasks_of([](auto& config) { config.tasks[0].max_new_tokens = 1; });
  EXPECT_NE(changed.at(core::ReductionPart::kTasks), base.at(core::ReductionPart::kTasks));
  EXPECT_EQ(changed.at(core::ReductionPart::kForgetting), base.at(core::ReductionPart::kForgetting));
}

TEST_F(Inspect, ChangedWeightsAreAnotherIdentity) {
  const auto before = inspect_world().cell(rome_).edit_identity;
  test::write_tiny_model(world_.path() / "tiny-gpt2", &model::kGpt2, 99);
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

TEST_F(Inspect, ABiasThatIsNotThereCannotBeTuned) {
  test::TinyWorldOptions options;
  options.models = "[tiny-llama]";
  config_path_ = test::write_tiny_world(world_.path(), options);
  EXPECT_TRUE(inspect_world().problems.empty());
  std::ifstream stream(config_path_);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  stream.close();
  const std::string tuned = "tune_bias: false";
  text.replace(text.find(tuned), tuned.size(), "tune_bias: true");
  std::ofstream(config_path_) << text;
  const auto problems = inspect_world().problems;
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems.front().find("tiny-llama: ft-c: model.layers.0.mlp.down_proj.weight has no bias beside it"),
            std::string::npos)
      << problems.front();
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
    model.methods = {{"memit", editing::method_config(memit)}, {"mend", editing::method_config(mend)}};
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
  // A prompt that fits, but not behind a context; fine-tuning has none.
  test::change_records(world_.path(), [](nlohmann::json& records) {
    for (const std::size_t i : {1U, 3U}) records[i]["requested_rewrite"]["prompt"] = std::string(53, 'x') + " {}";
  });
  const auto facts = inspect_world();
  ASSERT_EQ(facts.problems.size(), 2U);
  EXPECT_NE(facts.problems[0].find("records.json: case 1: "), std::string::npos) << facts.problems[0];
  EXPECT_NE(facts.problems[1].find("records.json: case 3: "), std::string::npos) << facts.problems[1];
  const auto only_fine_tuning = [](core::ExperimentConfig& config) {
    std::erase_if(config.cells, [](const auto& cell) { return cell.method != "ft-c"; });
  };
  EXPECT_TRUE(inspect_world(only_fine_tuning).problems.empty());
}

TEST_F(Inspect, TokenisesAllThatARunWill) {
  const auto path = world_.path() / "records.json";
  const auto records = nlohmann::json::parse(std::ifstream(path));
  const auto problems_with = [&](const std::function<void(nlohmann::json&)>& change) {
    auto changed = records;
    change(changed[2]);
    std::ofstream(path) << changed.dump();
    auto problems = inspect_world().problems;
    EXPECT_EQ(problems.size(), 1U);
    return problems.empty() ? std::string() : problems.front();
  };
  const std::string longer(80, 'x');  // of 64 positions
  const auto expected = (world_.path() / "records.json: case 2: ").string();
  EXPECT_EQ(problems_with([&](auto& r) { r["neighborhood_prompts"][1] = longer; }),
            expected +
                "neighborhood_prompts[1] has 80 tokens and up to 1 behind them, more than the model's 64 "
                "positions; shorten it or leave it out");
  EXPECT_EQ(
      problems_with([&](auto& r) { r["paraphrase_prompts"][0] = longer; }).find(expected + "paraphrase_prompts[0]"),
      0U);
  EXPECT_EQ(problems_with([&](auto& r) {
              r["requested_rewrite"]["target_true"]["str"] = longer;
            }).find(expected + "target_true has 81 tokens"),
            0U);
  // A prompt that fits, but not behind a context.
  const auto with_context =
      problems_with([&](auto& r) { r["requested_rewrite"]["prompt"] = std::string(53, 'x') + " {}"; });
  EXPECT_NE(with_context.find("with a context of up to"), std::string::npos) << with_context;
}

TEST_F(Inspect, ATokenBeyondTheVocabularyIsAProblemOfTheRecordThatHasIt) {
  std::ofstream(world_.path() / "tiny-gpt2" / "added_tokens.json") << R"({"<extra>": 257})";
  EXPECT_TRUE(inspect_world().problems.empty()) << "no text has it";
  test::change_records(world_.path(),
                       [](nlohmann::json& records) { records[1]["neighborhood_prompts"][2] = "Poko <extra> is"; });
  const auto problems = inspect_world().problems;
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].find("case 1: neighborhood_prompts[2] has the token 257 (\"<extra>\"), beyond the model's "
                             "vocabulary of 257"),
            std::string::npos)
      << problems[0];
}

TEST_F(Inspect, HoldsTasksToTheirExamples) {
  const auto problems_with = [&](const std::string& examples, const std::string& answers) {
    std::ofstream(world_.path() / "task.json") << examples;
    std::ofstream(world_.path() / "task.yaml")
        << "name: toy\nexamples: task.json\nquery: \"{sentence} Say :\"\nmarker: \"Say :\"\nanswers: " << answers
        << "\nmax_new_tokens: 2\n";
    const auto problems = inspect_world().problems;
    return problems.empty() ? std::string("none") : problems.front();
  };
  const std::string sound = "[{word: a, label: 1}, {word: b, label: 0}]";
  EXPECT_EQ(problems_with(R"([{"sentence": "q", "label": 1}])", sound), "none");
  const auto unlabelled = problems_with(
      R"([{"sentence": "q", "label": 1}, {"sentence": "q", "label": -1}, {"sentence": "r", "label": -1}])", sound);
  EXPECT_NE(unlabelled.find("task.yaml:5: answers: no word has the label -1 of "), std::string::npos) << unlabelled;
  EXPECT_NE(unlabelled.find("task.json: entry 1 and 1 more"), std::string::npos) << unlabelled;
  const auto long_word =
      problems_with(R"([{"sentence": "q", "label": 1}])", "[{word: abc, label: 1}, {word: b, label: 0}]");
  EXPECT_NE(long_word.find("\"abc\" has 3 tokens, but max_new_tokens is 2"), std::string::npos) << long_word;
  const auto long_examples = problems_with(
      "[{\"sentence\": \"" + std::string(70, 'q') + "\", \"label\": 1}, {\"other\": \"q\", \"label\": 0}]", sound);
  EXPECT_NE(long_examples.find("task.json: entry 0: the prompt of task toy"), std::string::npos) << long_examples;
  EXPECT_NE(long_examples.find("task.json: entry 1: query"), std::string::npos) << long_examples;
}

TEST_F(Inspect, FindsWhatLoadingTheWeightsWouldFind) {
  const auto file = world_.path() / "tiny-gpt2" / "model.safetensors";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  const auto problems = inspect_world().problems;
  ASSERT_FALSE(problems.empty());
  EXPECT_EQ(problems[0].find(file.string() + ": not a valid safetensors file"), 0U) << problems[0];
}

TEST_F(Inspect, ListsTwentyBadRecordsAndCountsTheOthers) {
  // Prompts that fit, but not behind a context.
  test::change_records(world_.path(), [](nlohmann::json& records) {
    for (auto& record : records) record["requested_rewrite"]["prompt"] = std::string(53, 'x') + " {}";
  });
  const auto facts = inspect_world([&](core::ExperimentConfig& config) { config.edits[rome_] = 24; });
  ASSERT_EQ(facts.problems.size(), 21U);
  EXPECT_NE(facts.problems.back().find("and 4 more records"), std::string::npos) << facts.problems.back();
}

TEST_F(Inspect, MemitNeedsAllItsLayersAndStoresFactorsOfEach) {
  const auto facts = inspect_world([&](core::ExperimentConfig& config) {
    editing::MemitConfig memit;
    memit.layers = {0, 1};
    config.models[0].methods.insert_or_assign("memit", editing::method_config(memit));
    config.cells = {rome_, core::GridCell::from_name("memit/tiny-gpt2/sample0")};
    for (const auto& cell : config.cells) config.edits[cell] = 6;
  });
  EXPECT_TRUE(facts.problems.empty());
  EXPECT_EQ(facts.prerequisite(kMomentsKind, "tiny-gpt2").stems,
            (std::vector<std::string>{ledger::moments_stem(0), ledger::moments_stem(1)}));
  EXPECT_EQ(facts.cell(core::GridCell::from_name("memit/tiny-gpt2/sample0")).delta_bytes_per_edit, 2 * (16 + 64) * 4);
}

}  // namespace
}  // namespace lethe::worker
