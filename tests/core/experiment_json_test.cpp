// One experiment has one set of rules, whatever it is read from.

#include <gtest/gtest.h>

#include <functional>

#include <nlohmann/json.hpp>

#include "core/config/experiment_config.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "tests/core/minimal_config.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using test::minimal_config;

ExperimentConfig loaded(const std::string& text) {
  const test::TemporaryFolder folder;
  return load_experiment_config(folder.write("x.yaml", text), editing::catalogue());
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// A change of the minimal config that no reader takes, in YAML and in the JSON of the sound one.
struct BrokenConfig {
  std::string name;
  std::string from, to;                          ///< in the YAML
  std::function<void(nlohmann::json&)> in_json;  ///< gives the same
};

TEST(ExperimentJson, IsRefusedWhereverTheYamlIs) {
  const std::string yaml = "device: cpu\nthreads: 1\ncheckpoint_every: 4\nforgetting_every: 4\nscores_every: 4\n" +
                           minimal_config("rome: {layer: 0}", "grid: {methods: [rome], samples: [0, 1]}\n") +
                           "tasks_every: 4\ntasks: [{name: t, examples: e.json, query: '{a} is', marker: is, answers: "
                           "[{word: good, label: 1}, {word: bad, label: 0}]}]\n";
  const auto good = nlohmann::json::parse(to_json(loaded(yaml)));
  const std::vector<BrokenConfig> cases{
      {"no cells", "samples: [0, 1]", "samples: []", [](auto& json) { json["cells"].clear(); }},
      {"all excluded", "samples: [0, 1]", "samples: [0, 1], exclude: [{method: rome}]",
       [](auto& json) {
         for (const auto& cell : json["cells"]) json["skipped"].push_back({{"cell", cell["cell"]}, {"reason", "x"}});
         json["cells"].clear();
       }},
      {"a cell twice", "samples: [0, 1]", "samples: [0, 0]", [](auto& json) { json["cells"][1] = json["cells"][0]; }},
      {"a negative sample", "samples: [0, 1]", "samples: [0, -1]",
       [](auto& json) { json["cells"][1]["cell"] = "rome/a/sample-1"; }},
      {"an unknown model", "samples: [0, 1]", "samples: [0, 1], models: [b]",
       [](auto& json) { json["cells"][0]["cell"] = "rome/b/sample0"; }},
      {"an unknown method", "methods: [rome]", "methods: [roma]",
       [](auto& json) { json["cells"][0]["cell"] = "roma/a/sample0"; }},
      {"a method without settings", "methods: [rome]", "methods: [r-rome]",
       [](auto& json) { json["cells"][0]["cell"] = "r-rome/a/sample0"; }},
      {"an unknown model left out", "samples: [0, 1]", "samples: [0, 1], exclude: [{model: b}]",
       [](auto& json) {
         json["skipped"].push_back({{"cell", "rome/b/sample0"}, {"reason", "x"}});
       }},
      {"no edits", "edits: 60", "edits: 0", [](auto& json) { json["cells"][0]["edits"] = 0; }},
      {"no second moments", "    second_moments: {corpus: corpus.txt}\n", "",
       [](auto& json) { json["models"][0]["second_moments"] = nullptr; }},
      {"a corpus beside npz", "{corpus: corpus.txt}", "{corpus: corpus.txt, npz: 'x.{layer}.npz'}",
       [](auto& json) { json["models"][0]["second_moments"]["npz"] = "/x.{layer}.npz"; }},
      {"no records", "records: records.json", "records: ''", [](auto& json) { json["dataset"]["records"] = ""; }},
      {"no model's path", "path: ../models/a", "path: ''", [](auto& json) { json["models"][0]["path"] = ""; }},
      {"an empty contexts_file", "rome: {layer: 0}", "rome: {layer: 0, contexts_file: ''}",
       [](auto& json) { json["models"][0]["methods"]["rome"]["contexts_file"] = ""; }},
      {"a rate of 0", "rome: {layer: 0}", "rome: {layer: 0, v_lr: 0}",
       [](auto& json) { json["models"][0]["methods"]["rome"]["v_lr"] = 0; }},
      {"a word for capitals", "device: cpu", "device: CPU", [](auto& json) { json["device"] = "CPU"; }},
      {"no threads", "threads: 1", "threads: 0", [](auto& json) { json["threads"] = 0; }},
      {"no interval", "checkpoint_every: 4", "checkpoint_every: 0", [](auto& json) { json["checkpoint_every"] = 0; }},
      {"a negative interval", "scores_every: 4", "scores_every: -1", [](auto& json) { json["scores_every"] = -1; }},
      {"completions of counterfact", "samples: samples.json", "samples: samples.json, completions: c.json",
       [](auto& json) { json["dataset"]["completions"] = "/c.json"; }},
      {"nobody reduces", "threads: 1", "reducers: 0\nelastic_roles: false",
       [](auto& json) {
         json["reducers"] = 0;
         json["elastic_roles"] = false;
       }},
      {"a task twice", "tasks: [{name: t,", "tasks: [&t {name: t,",
       [](auto& json) { json["tasks"].push_back(json["tasks"][0]); }},
      {"a task without answers", "[{word: good, label: 1}, {word: bad, label: 0}]", "[]",
       [](auto& json) { json["tasks"][0]["answers"].clear(); }},
      {"a word that hides another", "{word: bad, label: 0}", "{word: goods, label: 0}",
       [](auto& json) { json["tasks"][0]["answers"][1]["word"] = "goods"; }},
      {"a marker outside the query", "marker: is", "marker: was",
       [](auto& json) { json["tasks"][0]["marker"] = "was"; }},
      {"a lone brace", "query: '{a} is'", "query: '{a is'", [](auto& json) { json["tasks"][0]["query"] = "{a is"; }},
  };
  for (const auto& [name, from, to, in_json] : cases) {
    auto text = changed(yaml, from, to);
    if (name == "a task twice") text = changed(text, "label: 0}]}]", "label: 0}]}, *t]");
    EXPECT_THROW(loaded(text), ConfigError) << name;
    auto json = good;
    in_json(json);
    EXPECT_NE(json, good) << name;
    const auto refusal = test::message_of<ConfigError>(
        [&] { experiment_config_from_json(json.dump(), editing::catalogue(), "out/experiment.json"); });
    EXPECT_EQ(refusal.find("out/experiment.json: "), 0U) << name << ": " << refusal;
  }
}

TEST(ExperimentJson, IsTakenInTheYamlsPlace) {
  const test::TemporaryFolder folder;
  const auto config = loaded(minimal_config("rome: {layer: 0}", "grid: {methods: [rome], samples: [0, 1]}\n"));
  EXPECT_EQ(load_experiment_config(folder.write("config.json", to_json(config)), editing::catalogue()), config);
  auto broken = nlohmann::json::parse(to_json(config));
  broken["threads"] = 0;
  const auto path = folder.write("broken.json", broken.dump());
  try {
    static_cast<void>(load_experiment_config(path, editing::catalogue()));
    FAIL() << "taken";
  } catch (const ConfigError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with(path.string() + ": threads: ")) << error.what();
  }
}

TEST(ExperimentJson, AFileOfThatNameWithoutCellsIsYaml) {
  const test::TemporaryFolder folder;
  const auto yaml = minimal_config("rome: {layer: 0}", "grid: {methods: [rome], samples: [0, 1]}\n");
  EXPECT_EQ(load_experiment_config(folder.write("x.json", yaml), editing::catalogue()).cells, loaded(yaml).cells);
}

TEST(ExperimentJson, AMethodThatIsNoneIsSaidWithItsPlace) {
  const auto text = changed(to_json(loaded(minimal_config())), "\"rome\": {", "\"romb\": {");
  const auto refusal = test::message_of<ConfigError>(
      [&] { experiment_config_from_json(text, editing::catalogue(), "folder/experiment.json"); });
  EXPECT_EQ(refusal.find("folder/experiment.json: models[0]: methods.romb: \"romb\" is no editing method"), 0U)
      << refusal;
}

TEST(ExperimentJson, CellsThatItCannotHoldAreSaidWithTheirPlace) {
  const auto good = nlohmann::json::parse(to_json(loaded(minimal_config())));
  const auto refusal = [&](const std::string& cell) {
    auto json = good;
    json["cells"][1]["cell"] = cell;
    return test::message_of<ConfigError>(
        [&] { experiment_config_from_json(json.dump(), editing::catalogue(), "out/experiment.json"); });
  };
  const std::string place = "out/experiment.json: cells[1]: cell: ";
  EXPECT_EQ(refusal("rome/a/sample-1").find(place + "\"rome/a/sample-1\" is no cell: expected <method>"), 0U);
  EXPECT_EQ(refusal("rome/b/sample1"), place + "rome/b/sample1: there is no model \"b\"; expected a");
  EXPECT_EQ(refusal("romo/a/sample1").find(place + "romo/a/sample1: there is no method \"romo\"; expected rome, "), 0U);
  EXPECT_EQ(refusal("rome/a/sample0"),
            "out/experiment.json: cells: rome/a/sample0 is there twice; expected distinct cells");
  auto json = good;
  json["skipped"].push_back({{"cell", "rome/a/sample0"}, {"reason", "x"}});
  EXPECT_EQ(test::message_of<ConfigError>([&] { experiment_config_from_json(json.dump(), editing::catalogue(), "x"); }),
            "x: cells: rome/a/sample0 is left out and there as well; expected one of both");
}

}  // namespace
}  // namespace lethe::core
