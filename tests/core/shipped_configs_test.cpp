// The configs in configs/ hold what the documents say of them.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/config/experiment_config.h"
#include "editing/methods/catalogue.h"
#include "editing/methods/method_list.h"
#include "editing/methods/settings_of.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = LETHE_SOURCE_DIR;

ExperimentConfig shipped(const std::string& name) {
  return load_experiment_config(kSource / "configs" / name, editing::catalogue());
}

TEST(ShippedConfigs, AllLoadAndSurviveTheTrip) {
  int num_configs = 0;
  for (const auto& entry : fs::directory_iterator(kSource / "configs")) {
    if (entry.path().extension() != ".yaml") continue;
    const auto config = load_experiment_config(entry.path(), editing::catalogue());
    EXPECT_EQ(experiment_config_from_json(to_json(config), editing::catalogue()), config) << entry.path();
    EXPECT_EQ(config.name, entry.path().stem());
    ++num_configs;
  }
  EXPECT_GE(num_configs, 3);
}

TEST(ShippedConfigs, QuickstartEditsUntilAModelGivesWay) {
  const auto config = shipped("quickstart.yaml");
  EXPECT_EQ(config.cells.size(), 8U) << "four methods, two models, one order";
  std::int64_t num_edits = 0;
  for (const auto& [cell, edits] : config.edits) {
    EXPECT_EQ(edits, cell.model == "small-gpt2" ? 420 : 60) << cell.name();
    num_edits += edits;
  }
  EXPECT_EQ(num_edits, 1920) << "README says so";
  EXPECT_EQ(config.checkpoint_every, 10);
  EXPECT_EQ(config.forgetting_every, 20);
  EXPECT_EQ(config.tasks_every, 30);
  EXPECT_EQ(config.tasks.size(), 4U);
  EXPECT_EQ(config.dataset.records, kSource / "assets/world/counterfact.json");
}

TEST(ShippedConfigs, SmallPaperIsQuickstartsWorldAtTheLengthOfThePaper) {
  auto config = shipped("small_paper.yaml");
  EXPECT_EQ(config.cells.size(), 32U);
  for (const auto& [cell, edits] : config.edits) EXPECT_EQ(edits, 1000) << cell.name();
  EXPECT_EQ(config.forgetting_every, 10);
  const auto quickstart = shipped("quickstart.yaml");
  for (auto& model : config.models) {
    for (const std::string method : {"r-rome", "ft"}) {  // for single edits, and beside FT-C
      EXPECT_FALSE(config.has_cell_of(method, model.name));
      EXPECT_EQ(model.methods.erase(method), 1U) << method;
    }
  }
  EXPECT_EQ(config.models, quickstart.models);
  EXPECT_EQ(config.tasks, quickstart.tasks);
  EXPECT_EQ(config.dataset, quickstart.dataset);
  EXPECT_EQ(config.seed, quickstart.seed);
}

TEST(ShippedConfigs, PaperHoldsThePublishedNumbers) {
  const auto config = shipped("paper.yaml");
  EXPECT_EQ(config.cells.size(), 32U);
  for (const auto& [cell, edits] : config.edits) {
    EXPECT_EQ(edits, cell.method != "memit" ? 1000 : cell.model == "gpt2-xl" ? 5000 : 2000) << cell.name();
  }
  const auto xl = editing::config_of<editing::RomeConfig>(config.model("gpt2-xl").methods.at("rome"));
  editing::RomeConfig published;
  published.layer = 17;
  EXPECT_EQ(xl, published);
  published.layer = 5;
  EXPECT_EQ(editing::config_of<editing::RomeConfig>(config.model("gpt-j-6b").methods.at("rome")), published);
  editing::FineTuneConfig constrained;
  constrained.linf_bound = 5e-4;
  EXPECT_EQ(editing::config_of<editing::FineTuneConfig>(config.model("gpt2-xl").methods.at("ft-c")), constrained);
  constrained.linf_bound = 5e-5;
  EXPECT_EQ(editing::config_of<editing::FineTuneConfig>(config.model("gpt-j-6b").methods.at("ft-c")), constrained);
}

/// A method's file under `fidelity: code`.
MethodConfig method_file(const std::string& method, const std::string& model) {
  const test::TemporaryFolder folder;
  const auto file = kSource / "configs/methods" / method / (model + ".yaml");
  const auto config = load_experiment_config(
      folder.write("x.yaml",
                   "dataset: {records: r, samples: s}\nmodels: {m: {path: p, second_moments: {corpus: c}, methods: {" +
                       method + ": " + file.string() + "}}}\ngrid: {methods: [" + method +
                       "], samples: [0]}\nedits: 1\n"),
      editing::catalogue());
  return config.models[0].methods.at(method);
}

TEST(ShippedConfigs, MethodFilesHoldThePublishedNumbersOfEveryModel) {
  struct Published {
    const char* model;
    int rome_layer;
    double clamp;
    double bound;
  };
  for (const auto& [model, layer, clamp, bound] :
       {Published{"gpt2-medium", 8, 3.0, 2e-3}, Published{"gpt2-large", 12, 4.0, 1e-3},
        Published{"gpt2-xl", 17, 4.0, 5e-4}, Published{"gpt-j-6b", 5, 4.0, 5e-5}}) {
    editing::RomeConfig rome;
    rome.layer = layer;
    rome.clamp_norm_factor = clamp;
    EXPECT_EQ(editing::config_of<editing::RomeConfig>(method_file("rome", model)), rome) << model;
    const auto constrained = editing::config_of<editing::FineTuneConfig>(method_file("ft-c", model));
    EXPECT_EQ(constrained.layer, 0) << model;
    EXPECT_EQ(constrained.linf_bound, bound) << model;
    EXPECT_EQ(constrained.num_steps, 25) << model;
    EXPECT_EQ(constrained.learning_rate, 5e-4) << model;
  }
  EXPECT_EQ(editing::config_of<editing::FineTuneConfig>(method_file("ft", "gpt2-xl")).layer, 1);
  EXPECT_EQ(editing::config_of<editing::FineTuneConfig>(method_file("ft", "gpt-j-6b")).layer, 21);
}

TEST(ShippedConfigs, LlamasHaveTheNumbersOfTheToolkitsThatEditThem) {
  for (const std::string model : {"llama-2-7b", "llama-3-8b", "llama-3.2-3b", "mistral-7b-v0.1", "qwen2.5-7b"}) {
    editing::RomeConfig rome;
    rome.layer = 5;
    rome.v_num_grad_steps = 25;
    rome.v_weight_decay = 1e-3;
    rome.mom2_adjustment = false;
    EXPECT_EQ(editing::config_of<editing::RomeConfig>(method_file("rome", model)), rome) << model;
    const auto memit = editing::config_of<editing::MemitConfig>(method_file("memit", model));
    EXPECT_EQ(memit.layers, (std::vector<int>{4, 5, 6, 7, 8})) << model;
    EXPECT_EQ(memit.mom2_update_weight, 15000.0) << model;
    const bool is_llama3 = model == "llama-3-8b";
    EXPECT_EQ(memit.clamp_norm_factor, is_llama3 ? 0.75 : 4.0) << model;
    EXPECT_EQ(memit.v_lr, is_llama3 ? 0.1 : 0.5) << model;
    EXPECT_EQ(memit.v_weight_decay, is_llama3 ? 0.5 : 1e-3) << model;
  }
  EXPECT_EQ(editing::config_of<editing::AlphaEditConfig>(method_file("alphaedit", "llama-3-8b")).l2, 10.0);
  EXPECT_EQ(editing::config_of<editing::AlphaEditConfig>(method_file("alphaedit", "qwen2.5-7b")).l2, 1.0);
}

TEST(ShippedConfigs, EveryMethodFileIsValidUnderBothFidelities) {
  const test::TemporaryFolder folder;
  int num_files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kSource / "configs/methods")) {
    if (entry.path().extension() != ".yaml") continue;
    const auto method = entry.path().parent_path().filename().string();
    // Of these models the methods' authors say nothing.
    const bool is_authors_own = entry.path().stem().string().find("gpt") != std::string::npos;
    // Nothing at all is published for this one: under `code` ROME has fewer contexts, and no projection has a bias.
    const bool is_smollm2 = entry.path().stem() == "smollm2-135m";
    for (const std::string fidelity : {"code", "paper"}) {
      const auto config = load_experiment_config(
          folder.write("x.yaml", "fidelity: " + fidelity +
                                     "\ndataset: {records: r, samples: s}\n"
                                     "models: {m: {path: p, second_moments: {corpus: c}, methods: {" +
                                     method + ": " + entry.path().string() + "}}}\ngrid: {methods: [" + method +
                                     "], samples: [0]}\nedits: 1\n"),
          editing::catalogue());
      const auto& values = config.method_of({method, "m", 0});
      // Everything that the paper's text decides is written out in the file, and is what an unset field would get.
      const core::MethodConfig expected(method, editing::catalogue().defaults(method, config.fidelity));
      editing::visit_config(expected, [&]<typename Method>(const Method& defaults) {
        const auto& actual = editing::config_of<Method>(values);
        if constexpr (std::is_base_of_v<editing::RankOneConfig, Method>) {
          if (is_authors_own || is_smollm2 || fidelity == "paper") {
            EXPECT_EQ(actual.v_weight_decay, defaults.v_weight_decay) << entry.path();
          }
          if (!is_smollm2 || fidelity == "paper") {
            EXPECT_EQ(actual.context_lengths, defaults.context_lengths) << entry.path();
          }
        }
        if constexpr (std::is_same_v<Method, editing::RomeConfig>) {
          EXPECT_EQ(actual.residual_key, defaults.residual_key) << entry.path();
        }
        if constexpr (std::is_same_v<Method, editing::MemitConfig>) {
          EXPECT_EQ(actual.kl_factor, defaults.kl_factor) << entry.path();
          EXPECT_EQ(actual.key_weights, defaults.key_weights) << entry.path();
          EXPECT_EQ(actual.early_stop_loss, defaults.early_stop_loss) << entry.path();
        }
        if constexpr (std::is_same_v<Method, editing::MendConfig>) {
          // The editor's form is that of the published editors and of ours under both fidelities.
          EXPECT_EQ(actual.input_normalization, editing::InputNormalization::kRunning) << entry.path();
          EXPECT_EQ(actual.update_sign, editing::UpdateSign::kPlus) << entry.path();
          EXPECT_TRUE(actual.last_bias) << entry.path();
          EXPECT_EQ(actual.running_statistics, defaults.running_statistics) << entry.path();
          EXPECT_EQ(actual.learning_rate_order, defaults.learning_rate_order) << entry.path();
          EXPECT_EQ(actual.pad_class, defaults.pad_class) << entry.path();
        }
        if constexpr (std::is_same_v<Method, editing::FineTuneConfig>) {
          EXPECT_EQ(actual.tune_bias, defaults.tune_bias && !is_smollm2) << entry.path();
          EXPECT_EQ(actual.target_positions, defaults.target_positions) << entry.path();
        }
      });
    }
    ++num_files;
  }
  EXPECT_GE(num_files, 14);
}

TEST(ShippedTasks, DemonstrationsAreThePublishedOnes) {
  const auto config = shipped("paper.yaml");
  ASSERT_EQ(config.tasks.size(), 4U);
  const std::map<std::string, std::size_t> lengths{{"mrpc", 1641}, {"cola", 685}, {"rte", 756}};
  for (const auto& task : config.tasks) {
    EXPECT_TRUE(task.prefix.ends_with("\n\n")) << task.name;
    EXPECT_FALSE(task.prefix.ends_with("\n\n\n")) << task.name;
    EXPECT_TRUE(task.query.ends_with(task.marker)) << task.name;
    EXPECT_EQ(task.max_new_tokens, 3) << task.name;
    if (lengths.count(task.name) != 0) {
      EXPECT_EQ(task.prefix.size(), lengths.at(task.name)) << task.name;
    }
  }
  const auto& rte = config.tasks[3];
  EXPECT_EQ(rte.answers, (std::vector<TaskAnswer>{{"False", 0}, {"True", 1}}));
  EXPECT_EQ(config.tasks[0].query, "Review : {sentence}\nSentiment :");
}

TEST(ShippedTasks, SmallOnesAreTheWorldsOwn) {
  for (const auto& task : shipped("quickstart.yaml").tasks) {
    const auto file = kSource / "assets/world/tasks" / (task.name + ".prompt.json");
    const auto world = nlohmann::json::parse(test::read_text(file));
    EXPECT_EQ(task.prefix, world.at("prefix").get<std::string>()) << task.name;
    EXPECT_EQ(task.query, world.at("query").get<std::string>()) << task.name;
    EXPECT_EQ(task.marker, world.at("marker").get<std::string>()) << task.name;
    ASSERT_EQ(task.answers.size(), world.at("labels").size()) << task.name;
    for (std::size_t i = 0; i < task.answers.size(); ++i) {
      EXPECT_EQ(task.answers[i].word, world.at("labels")[i].at("word").get<std::string>()) << task.name;
      EXPECT_EQ(task.answers[i].label, world.at("labels")[i].at("label").get<int>()) << task.name;
    }
    EXPECT_TRUE(fs::exists(task.examples)) << task.examples;
  }
}

}  // namespace
}  // namespace lethe::core
