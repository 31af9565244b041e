#include "core/config/experiment_config.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/config/schedule.h"
#include "core/error.h"
#include "editing/fine_tune/fine_tune_config.h"
#include "editing/memit/memit_config.h"
#include "editing/methods/catalogue.h"
#include "editing/methods/settings_of.h"
#include "editing/rome/rome_config.h"
#include "tests/core/minimal_config.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using test::minimal_config;
using test::TemporaryFolder;

ExperimentConfig load(const std::string& text) {
  const TemporaryFolder folder;
  return load_experiment_config(folder.write("small.yaml", text), editing::catalogue());
}

std::vector<std::string> cell_names(const ExperimentConfig& config) {
  std::vector<std::string> names;
  for (const auto& cell : config.cells) names.push_back(cell.name());
  return names;
}

TEST(ExperimentConfig, DefaultsFollowTheDocumentation) {
  const auto config = load(minimal_config());
  EXPECT_EQ(config.name, "small");
  EXPECT_EQ(config.fidelity, Fidelity::kCode);
  EXPECT_EQ(config.device, "cpu");
  EXPECT_EQ(config.threads, 1);
  EXPECT_EQ(config.seed, 37U);
  EXPECT_EQ(config.checkpoint_every, 10);
  EXPECT_EQ(config.forgetting_every, 10);
  EXPECT_EQ(config.tasks_every, 30);
  EXPECT_TRUE(config.tasks.empty());
  EXPECT_FALSE(config.reducers);
  EXPECT_TRUE(config.elastic_roles);
  EXPECT_EQ(config.keep_snapshots, "all");
  EXPECT_EQ(cell_names(config), (std::vector<std::string>{"rome/a/sample0", "rome/a/sample1"}));
  EXPECT_EQ(config.edits.at({"rome", "a", 1}), 60);
  EXPECT_EQ(editing::config_of<editing::RomeConfig>(config.method_of({"rome", "a", 0})), editing::RomeConfig{});
}

TEST(ExperimentConfig, PathsAreRelativeToTheFileThatHoldsThem) {
  const TemporaryFolder folder;
  folder.write("methods/rome/a.yaml", "{layer: 3, contexts_file: ../prefixes.txt}");
  folder.write("tasks/t.yaml",
               "{name: t, examples: ../../data/t.json, query: 'Q {x} A', marker: A, "
               "answers: [{word: w, label: 1}]}");
  auto text = minimal_config("rome: methods/rome/a.yaml") + "tasks: [tasks/t.yaml]\n";
  const auto config = load_experiment_config(folder.write("configs/../x.yaml", text), editing::catalogue());
  const auto& root = folder.path();
  EXPECT_EQ(config.source, root / "x.yaml");
  EXPECT_EQ(config.model("a").path, root.parent_path() / "models/a");
  EXPECT_EQ(config.dataset.records, root / "records.json");
  EXPECT_EQ(editing::config_of<editing::RomeConfig>(config.model("a").methods.at("rome")).contexts_file,
            root / "methods/prefixes.txt");
  EXPECT_EQ(config.tasks.at(0).examples, root.parent_path() / "data/t.json");
  EXPECT_EQ(config.tasks.at(0).title, "t");
  EXPECT_EQ(config.tasks.at(0).max_new_tokens, 3);
}

TEST(ExperimentConfig, PublishedOrdersAndMomentsNeedNoFilesOfTheirOwn) {
  const TemporaryFolder folder;
  const auto config = load_experiment_config(
      folder.write("small.yaml",
                   "dataset: {format: zsre, records: r.json, samples: published, completions: c.json}\n"
                   "models:\n  a:\n    path: m\n    second_moments:\n      npz: stats/h.{layer}.mlp.npz\n"
                   "    methods: {rome: {layer: 0}}\ngrid: {methods: [rome], samples: [0]}\nedits: 5\n"),
      editing::catalogue());
  EXPECT_TRUE(config.dataset.has_published_orders());
  EXPECT_EQ(config.dataset.completions, folder.path() / "c.json");
  EXPECT_EQ(config.models[0].second_moments->npz, (folder.path() / "stats/h.{layer}.mlp.npz").string());
  EXPECT_TRUE(config.models[0].second_moments->is_published());
  EXPECT_EQ(experiment_config_from_json(to_json(config), editing::catalogue()), config);
}

TEST(ExperimentConfig, WhatConcernsOneCellHoldsNoOther) {
  const TemporaryFolder folder;
  const auto config = load_experiment_config(
      folder.write("x.yaml", minimal_config("rome: {layer: 0}, r-rome: {layer: 0}",
                                            "grid: {methods: [rome, r-rome], samples: [0, 1]}\n")),
      editing::catalogue());
  const GridCell cell{"rome", "a", 1};
  const auto own = narrowed_to(config, cell);
  EXPECT_EQ(own.cells, std::vector{cell});
  EXPECT_EQ(own.edits.at(cell), 60);
  EXPECT_EQ(own.edits.size(), 1U);
  EXPECT_EQ(own.method_of(cell), config.method_of(cell));
  EXPECT_EQ(own.model("a").methods.size(), 1U);
  EXPECT_EQ(experiment_config_from_json(to_json(own), editing::catalogue()), own);
  const auto of_model = narrowed_to(config, "a");
  EXPECT_TRUE(of_model.cells.empty());
  EXPECT_EQ(of_model.model("a"), config.model("a"));
  // What a file says of its origin; an experiment has cells.
  EXPECT_EQ(nlohmann::json::parse(to_json(of_model)).at("cells").size(), 0U);
}

TEST(ExperimentConfig, InlineAndFileParametersAreTheSame) {
  const TemporaryFolder folder;
  const std::string fields =
      "{layer: 2, v_lr: 0.1, context_lengths: [{length_tokens: 4, count: 2}], kl_position: last}";
  folder.write("m.yaml", fields);
  const auto by_file =
      load_experiment_config(folder.write("x.yaml", minimal_config("rome: m.yaml")), editing::catalogue());
  const auto inlined =
      load_experiment_config(folder.write("x.yaml", minimal_config("rome: " + fields)), editing::catalogue());
  EXPECT_EQ(by_file, inlined);
  const auto rome = editing::config_of<editing::RomeConfig>(inlined.method_of({"rome", "a", 0}));
  EXPECT_EQ(rome.context_lengths, (std::vector<ContextLength>{{4, 2}}));
  EXPECT_EQ(rome.kl_position, editing::KlPosition::kLast);
  EXPECT_EQ(rome.v_lr, 0.1);
}

TEST(Grid, ExcludesAndIncludesByPartialMatch) {
  const auto config = load(minimal_config("rome: {layer: 0}, ft: {layer: 1}, ft-c: {layer: 0, linf_bound: 1e-3}",
                                          R"(
grid:
  methods: [rome, ft-c]
  samples: [0, 1, 2]
  exclude: [{method: ft-c, sample: 1}, {sample: 2}]
  include: [{method: ft, sample: 0}, {method: rome, model: a, sample: 9}, {method: rome, sample: 0}]
)"));
  EXPECT_EQ(cell_names(config), (std::vector<std::string>{"rome/a/sample0", "rome/a/sample1", "ft-c/a/sample0",
                                                          "ft/a/sample0", "rome/a/sample9"}));
  ASSERT_EQ(config.skipped.size(), 3U);
  EXPECT_EQ(config.skipped[0].cell.name(), "ft-c/a/sample1");
  EXPECT_NE(config.skipped[0].reason.find("small.yaml:11:13 {method: ft-c, sample: 1}"), std::string::npos)
      << config.skipped[0].reason;
  EXPECT_EQ(config.skipped[2].cell.name(), "ft-c/a/sample2");
  EXPECT_NE(config.skipped[2].reason.find(":11:40 {sample: 2}"), std::string::npos) << config.skipped[2].reason;
  EXPECT_FALSE(editing::config_of<editing::FineTuneConfig>(config.method_of({"ft", "a", 0})).linf_bound);
}

TEST(Grid, AnIncludedCellIsNoLongerSkipped) {
  const auto config = load(minimal_config("rome: {layer: 0}", R"(
grid: {methods: [rome], samples: [0, 1], exclude: [{method: rome}], include: [{method: rome, model: a, sample: 1}]}
)"));
  EXPECT_EQ(cell_names(config), std::vector<std::string>{"rome/a/sample1"});
  ASSERT_EQ(config.skipped.size(), 1U);
  EXPECT_EQ(config.skipped[0].cell.sample, 0);
}

TEST(Edits, MostSpecificKeyCounts) {
  const auto config = load(minimal_config("rome: {layer: 0}, ft: {layer: 1}, ft-c: {layer: 0, linf_bound: 1}",
                                          "grid: {methods: [rome, ft, ft-c], samples: [0]}\n",
                                          "edits: {default: 10, ft: 20, ft-c: 30, ft-c/a: 40}\n"));
  EXPECT_EQ(config.edits.at({"rome", "a", 0}), 10);
  EXPECT_EQ(config.edits.at({"ft", "a", 0}), 20);
  EXPECT_EQ(config.edits.at({"ft-c", "a", 0}), 40);
}

TEST(Fidelity, PaperChangesWhatIsLeftOpen) {
  const auto paper = load("fidelity: paper\n" + minimal_config("rome: {layer: 0}, ft-c: {layer: 0, linf_bound: 1}"));
  const auto rome = editing::config_of<editing::RomeConfig>(paper.method_of({"rome", "a", 0}));
  EXPECT_EQ(rome.v_weight_decay, 1.5e-3);
  EXPECT_EQ(rome.decay_norm, editing::DecayNorm::kSquared);
  EXPECT_EQ(rome.kl_factor, 1.0);
  EXPECT_EQ(rome.kl_position, editing::KlPosition::kLast);
  EXPECT_EQ(rome.residual_key, editing::ResidualKey::kContextMean);
  EXPECT_EQ(rome.context_lengths, (std::vector<ContextLength>{{5, 25}, {10, 25}}));
  EXPECT_EQ(rome.v_lr, editing::RomeConfig{}.v_lr);
  const auto fine_tune = editing::config_of<editing::FineTuneConfig>(paper.model("a").methods.at("ft-c"));
  EXPECT_EQ(fine_tune.bound_centre, editing::BoundCentre::kUnedited);
  EXPECT_EQ(fine_tune.target_positions, editing::TargetPositions::kTeacherForced);
  EXPECT_FALSE(fine_tune.tune_bias);
}

TEST(Methods, MemitAndRRomeReadAllTheirFields) {
  const auto config = load(minimal_config(
      "memit: {layers: [3, 4, 8], batch_size: 5, mom2_update_weight: 2e4, v_num_grad_steps: 25, clamp_norm_factor: 0, "
      "context_seeds: [The, 'You and'], context_lengths: [{length_tokens: 7, count: 2}], key_weights: plain, "
      "contexts_file: p.txt}, r-rome: {layer: 2, form: prompt_keys}, ft-c: {layer: 0, linf_bound: 1, chunk_size: 2}",
      "grid: {methods: [memit, r-rome, ft-c], samples: [0]}\n"));
  editing::MemitConfig memit;
  EXPECT_EQ(memit.clamp_norm_factor, 0.75);
  memit.layers = {3, 4, 8};
  memit.batch_size = 5;
  memit.mom2_update_weight = 2e4;
  memit.v_num_grad_steps = 25;
  memit.clamp_norm_factor = 0;
  memit.context_seeds = {"The", "You and"};
  memit.context_lengths = {{7, 2}};
  memit.key_weights = editing::KeyWeights::kPlain;
  memit.contexts_file = config.source.parent_path() / "p.txt";
  const auto& read = config.method_of({"memit", "a", 0});
  EXPECT_EQ(editing::config_of<editing::MemitConfig>(read), memit);
  EXPECT_EQ(read->second_moment_layers(), (std::vector<int>{3, 4, 8}));
  EXPECT_EQ(read->edited_layers(12), (std::vector<int>{3, 4, 8}));
  EXPECT_EQ(read->batch_size(), 5);
  EXPECT_EQ(read->contexts_file(), memit.contexts_file);
  EXPECT_FALSE(read->stores_snapshots());
  const auto& r_rome = editing::config_of<editing::RRomeConfig>(config.method_of({"r-rome", "a", 0}));
  EXPECT_EQ(r_rome.form, editing::RRomeForm::kPromptKeys);
  EXPECT_EQ(editing::RRomeConfig{}.form, editing::RRomeForm::kRandomPrefix);
  EXPECT_EQ(config.method_of({"r-rome", "a", 0})->second_moment_layers(), std::vector<int>{2});
  EXPECT_TRUE(config.method_of({"ft-c", "a", 0})->stores_snapshots());
  EXPECT_EQ(experiment_config_from_json(to_json(config), editing::catalogue()), config);
}

TEST(Methods, StepsOfSeveralFactsEndAtCheckpoints) {
  const auto config = load(minimal_config("memit: {layers: [0], mom2_update_weight: 1, batch_size: 4}",
                                          "grid: {methods: [memit], samples: [0]}\n",
                                          "edits: 10\ncheckpoint_every: 4\nforgetting_every: 8\ntasks_every: 12\n"));
  const auto& cell = config.cells.front();
  EXPECT_EQ(step_end(config, cell, 0), 4);
  EXPECT_EQ(step_end(config, cell, 3), 4);
  EXPECT_EQ(step_end(config, cell, 4), 8);
  EXPECT_EQ(step_end(config, cell, 8), 10) << "the last step is smaller";
  EXPECT_TRUE(is_step_end(config, cell, 0));
  EXPECT_TRUE(is_step_end(config, cell, 8));
  EXPECT_TRUE(is_step_end(config, cell, 10));
  EXPECT_FALSE(is_step_end(config, cell, 9));
  EXPECT_EQ(checkpoints_of(config, cell), (std::vector<std::int64_t>{4, 8, 10}));
}

TEST(Methods, JsonHoldsToTheRulesOfLists) {
  const auto text = to_json(load(
      minimal_config("memit: {layers: [3, 4], mom2_update_weight: 1}", "grid: {methods: [memit], samples: [0]}\n")));
  const auto refused = [&](const std::string& from, const std::string& to) {
    auto json = nlohmann::json::parse(text);
    json["models"][0]["methods"]["memit"][from] = nlohmann::json::parse(to);
    return test::message_of<ConfigError>([&] { experiment_config_from_json(json.dump(), editing::catalogue()); });
  };
  EXPECT_NE(refused("layers", "[4, 3]").find("found 3 after 4"), std::string::npos);
  EXPECT_NE(refused("layers", "[]").find("at least one"), std::string::npos);
  EXPECT_NE(refused("layers", "[0, 1000]").find("out of range"), std::string::npos);
  EXPECT_NE(refused("layers", "[0.5]").find("out of range"), std::string::npos);
  EXPECT_NE(refused("layers", "7").find("list"), std::string::npos);
  EXPECT_NE(refused("context_seeds", "[]").find("empty"), std::string::npos);
  EXPECT_NE(refused("context_seeds", "[1]").find("no text"), std::string::npos);
  EXPECT_NE(refused("batch_size", "3").find("10 is no multiple of 3"), std::string::npos);
}

TEST(Fidelity, PaperChangesWhatMemitAndRRomeLeaveOpen) {
  const auto paper =
      load("fidelity: paper\n" +
           minimal_config("rome: {layer: 0}, r-rome: {layer: 0}, memit: {layers: [0], mom2_update_weight: 1}"));
  const auto memit = editing::config_of<editing::MemitConfig>(paper.model("a").methods.at("memit"));
  EXPECT_EQ(memit.kl_factor, 0.0);
  EXPECT_EQ(memit.v_weight_decay, 0.0);
  EXPECT_EQ(memit.clamp_norm_factor, 0.0);
  EXPECT_EQ(memit.early_stop_loss, 0.0);
  EXPECT_EQ(memit.key_weights, editing::KeyWeights::kPlain);
  const auto r_rome = editing::config_of<editing::RRomeConfig>(paper.model("a").methods.at("r-rome"));
  EXPECT_EQ(r_rome.kl_factor, 1.0);
  EXPECT_EQ(r_rome.form, editing::RRomeForm::kRandomPrefix);
}

TEST(Fidelity, WhatIsSetStaysAndThePaperMapOverrides) {
  const std::string method = "rome: {layer: 0, kl_factor: 0.5, v_lr: 0.1, paper: {v_lr: 0.2, layer: 4}}";
  const auto code = editing::config_of<editing::RomeConfig>(load(minimal_config(method)).method_of({"rome", "a", 0}));
  EXPECT_EQ(code.layer, 0);
  EXPECT_EQ(code.v_lr, 0.1);
  const auto paper = editing::config_of<editing::RomeConfig>(
      load("fidelity: paper\n" + minimal_config(method)).method_of({"rome", "a", 0}));
  EXPECT_EQ(paper.layer, 4);
  EXPECT_EQ(paper.v_lr, 0.2);
  EXPECT_EQ(paper.kl_factor, 0.5);
  EXPECT_EQ(paper.kl_position, editing::KlPosition::kLast);
}

TEST(ExperimentConfig, UnknownNamesAreSaidWithTheNearest) {
  const auto config = load(minimal_config());
  const auto text = test::message_of<ConfigError>([&] { static_cast<void>(config.model("b")); });
  EXPECT_NE(text.find("has no model \"b\"; it has a"), std::string::npos) << text;
  EXPECT_THROW(static_cast<void>(config.method_of({"ft", "a", 0})), ConfigError);
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// The minimal config with its second moments in host memory.
std::string with_moments_on_host() {
  return with(minimal_config(), "    second_moments:", "    second_moment_placement: host\n    second_moments:");
}

TEST(ExperimentConfig, SecondMomentsAreOnTheDeviceUnlessSaidOtherwise) {
  EXPECT_EQ(load(minimal_config()).model("a").second_moment_placement, SecondMomentPlacement::kDevice);
  EXPECT_EQ(load(with_moments_on_host()).model("a").second_moment_placement, SecondMomentPlacement::kHost);
  EXPECT_EQ(load(with(with_moments_on_host(), ": host", ": device")).model("a").second_moment_placement,
            SecondMomentPlacement::kDevice);
}

ExperimentConfig everything_set() {
  return load(R"(
name: all-set
fidelity: paper
device: cuda
threads: 3
seed: 9223372036854775807
checkpoint_every: 7
forgetting_every: 8
tasks_every: 9
stop_at_collapse: 100
reducers: 2
elastic_roles: false
executors_per_gpu: 4
keep_snapshots: newest
reducer_cache_gb: 2.5
tasks:
  - {name: t, title: "A \"T\"", examples: t.json, prefix: "a\n\n", query: "{{x}} {s}\nA:", marker: "A:", answers: [{word: Yes, label: 1}, {word: "No", label: 0}], max_new_tokens: 5}
)" + minimal_config("rome: {layer: 1, contexts_file: c.txt, v_lr: 0.1}, ft: {layer: 2}, "
                    "ft-c: {layer: 0, linf_bound: 5.0e-5, learning_rate: 3.3e-4}",
                    "grid: {methods: [rome, ft, ft-c], samples: [0, 3], exclude: [{method: ft, sample: 0}]}\n",
                    "edits: {default: 10, ft: 20}\n"));
}

TEST(ExperimentJson, GivesTheSameConfigBack) {
  for (const auto& config : {load(minimal_config()), everything_set(), load(with_moments_on_host())}) {
    const auto text = to_json(config);
    const auto back = experiment_config_from_json(text, editing::catalogue());
    EXPECT_EQ(back, config);
    EXPECT_EQ(to_json(back), text);
  }
}

TEST(ExperimentJson, IsWrittenOfADeviceThatNoConfigNames) {
  auto config = load(minimal_config());
  config.device = "stand-in";  // as tests have it; files say where they were made
  EXPECT_NE(to_json(config).find("\"device\": \"stand-in\""), std::string::npos);
  EXPECT_THROW(experiment_config_from_json(to_json(config), editing::catalogue()), ConfigError);
}

TEST(ExperimentJson, IsCanonical) {
  const auto text = to_json(everything_set());
  EXPECT_LT(text.find("\"cells\""), text.find("\"checkpoint_every\""));
  EXPECT_LT(text.find("\"name\": \"all-set\""), text.find("\"seed\""));
  EXPECT_EQ(text.back(), '\n');
}

TEST(ExperimentJson, KeysThatOlderVersionsDidNotWriteStandForWhatTheyDid) {
  auto config = load(minimal_config());
  auto text = to_json(config);
  for (const std::string line :
       {"\n \"scores_every\": null,", "\n \"texts_every\": 0,", "\n \"texts_facts\": 10,", "\n \"texts_tokens\": 100,",
        "\n \"monitor_every\": 0,", "\n \"monitor_text\": \"\",", "\n \"monitor_tokens\": 2000,",
        "\n \"stop_at_collapse\": null,", "\n   \"weights\": \"fp32\""}) {
    const auto found = text.find(line);
    ASSERT_NE(found, std::string::npos) << line;
    // The last key of a map takes the comma before it along.
    const bool is_last = line.back() != ',';
    text.erase(is_last ? found - 1 : found, line.size() + (is_last ? 1 : 0));
  }
  config.scores_every = 0;
  EXPECT_EQ(experiment_config_from_json(text, editing::catalogue()), config);
}

TEST(ExperimentJson, RefusesWhatALoadedConfigCannotHold) {
  const auto good = to_json(everything_set());
  const std::vector<std::pair<std::string, std::string>> changes{
      {"\"threads\": 3", "\"threads\": 0"},
      {"\"threads\": 3", "\"threads\": \"3\""},
      {"\"threads\": 3", "\"thread\": 3"},
      {"\"threads\": 3", "\"threads\": 3, \"more\": 1"},
      {"\"seed\": 9223372036854775807", "\"seed\": 18446744073709551615"},
      {"\"device\": \"cuda\"", "\"device\": \"tpu\""},
      {"\"fidelity\": \"paper\"", "\"fidelity\": \"pap\""},
      {"\"second_moment_placement\": \"device\"", "\"second_moment_placement\": \"cpu\""},
      {"\"name\": \"all-set\"", "\"name\": \"../x\""},
      {"\"cell\": \"rome/a/sample0\"", "\"cell\": \"rome/b/sample0\""},
      {"\"cell\": \"rome/a/sample0\"", "\"cell\": \"rome/a/sample3\""},
      {"\"cell\": \"rome/a/sample0\"", "\"cell\": \"rome/a\""},
      {"\"edits\": 10", "\"edits\": 10000000"},
      {"\"kl_position\": \"last\"", "\"kl_position\": \"middle\""},
      {"\"v_lr\": 0.1", "\"v_lr\": 0"},
      {"\"linf_bound\": 5e-05", "\"linf_bound\": null"},
      {"\"marker\": \"A:\"", "\"marker\": \"B:\""},
      {"\"ft\": {", "\"mend\": {"},
      {"\"format\": \"counterfact\"", "\"format\": \"lama\""},
      // What is wrong with fields taken together, as in YAML.
      {"\"completions\": \"\"", "\"completions\": \"/c.json\""},
      {"\"npz\": \"\"", "\"npz\": \"/x.npz\""},
      {"\"npz\": \"\"", "\"npz\": \"/x.{layer}.npz\""},
      {"\"reducers\": 2", "\"reducers\": 0"},
      {"\"examples\": \"", "\"examples\": \"\", \"examples_\": \""},
      {"\"word\": \"Yes\"", "\"word\": \"\""},
      {"\"label\": 1", "\"label\": -1"},
      {"\"title\": \"A", "\"title\": \"\", \"was\": \"A"},
  };
  for (const auto& [from, to] : changes) {
    EXPECT_THROW(experiment_config_from_json(with(good, from, to), editing::catalogue()), ConfigError)
        << from << " -> " << to;
  }
}

TEST(ExperimentJson, RefusesLackingMomentsAndRepeatedNames) {
  const auto good = nlohmann::json::parse(to_json(everything_set()));
  const auto refusal = [](const nlohmann::json& document) {
    return test::message_of<ConfigError>([&] { experiment_config_from_json(document.dump(), editing::catalogue()); });
  };
  auto document = good;
  document["models"][0]["second_moments"] = nullptr;
  EXPECT_NE(refusal(document).find("models.a.second_moments: is missing; expected {corpus: FILE}"), std::string::npos);
  document = good;
  document["models"].push_back(document["models"][0]);
  EXPECT_NE(refusal(document).find("is there twice"), std::string::npos);
  document = good;
  document["tasks"].push_back(document["tasks"][0]);
  EXPECT_NE(refusal(document).find("tasks[1]: is a second task named \"t\""), std::string::npos);
  document = good;
  document["models"] = nlohmann::json::array();
  EXPECT_NE(refusal(document).find("at least one model"), std::string::npos);
}

TEST(ExperimentJson, EveryTruncationIsRefused) {
  const auto text = to_json(load(minimal_config()));
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {
    EXPECT_THROW(experiment_config_from_json(text.substr(0, length), editing::catalogue()), ConfigError) << length;
  }
}

}  // namespace
}  // namespace lethe::core
