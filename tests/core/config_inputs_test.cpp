// How a person may write what a config names: paths with ~ and variables, tasks with other examples, indentation.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "core/config/experiment_config.h"
#include "core/config/path_text.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "tests/core/minimal_config.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using test::message_of;
using test::minimal_config;
using test::TemporaryFolder;

class ConfigInputs : public testing::Test {
 protected:
  ConfigInputs() {
    ::setenv("HOME", "/people/anna", 1);
    ::setenv("DATA", "/data/sets", 1);
    ::setenv("EMPTY", "", 1);
    ::unsetenv("NOT_SET");
  }

  ExperimentConfig load(const std::string& text) const {
    return load_experiment_config(folder_.write("x.yaml", text), editing::catalogue());
  }
  std::string refusal_of(const std::string& text) const {
    return message_of<ConfigError>([&] { load(text); });
  }
  static std::string replaced(std::string text, const std::string& what, const std::string& by) {
    return text.replace(text.find(what), what.size(), by);
  }

  TemporaryFolder folder_;
};

TEST_F(ConfigInputs, PathsAreExpandedAsAShellDoes) {
  const auto expanded = [](const std::string& text) {
    std::string problem;
    auto path = expand_path(text, problem);
    return problem.empty() ? path : problem;
  };
  EXPECT_EQ(expanded("~/models/a"), "/people/anna/models/a");
  EXPECT_EQ(expanded("~"), "/people/anna");
  EXPECT_EQ(expanded("$DATA/a.json"), "/data/sets/a.json");
  EXPECT_EQ(expanded("${DATA}.old/$EMPTY${EMPTY}b"), "/data/sets.old/b");
  EXPECT_EQ(expanded("x/$DATA_SETS"), "$DATA_SETS is not set in the environment; expected a path");
  EXPECT_EQ(expanded("${NOT_SET}/a/$NOR_THIS"), "$NOT_SET is not set in the environment; expected a path");
  for (const auto* same :
       {"a/~", "./~anna/b", "~1/b", "a$", "$", "$/a", "$1", "${", "${}", "${DATA", "${DA TA}", "a b"}) {
    EXPECT_EQ(expanded(same), same);
  }
  EXPECT_EQ(expanded("~anna/b"),
            "~anna: homes of users are not looked up, only ~ and ~/ are replaced; write the path out, or ./~anna for a "
            "file of this name");
  for (const std::string written : {"${DATA:-/x}", "${DATA#/}", "${NOT_SET:=a}", "${DATA/a/b}"}) {
    EXPECT_EQ(expanded("a/" + written + "/b"),
              written + ": of variables only $NAME and ${NAME} are replaced; write the value out");
  }
  ::unsetenv("HOME");
  EXPECT_EQ(expanded("~/a"), "~ ($HOME) is not set in the environment; expected a path");
}

TEST_F(ConfigInputs, EveryPathOfAConfigIsExpanded) {
  folder_.write("rome.yaml", "layer: 0\n");
  ::setenv("HERE", folder_.path().c_str(), 1);
  auto text = replaced(minimal_config("rome: $HERE/rome.yaml"), "records.json", "~/records.json");
  text = replaced(replaced(text, "samples.json", "$DATA/samples.json"), "../models/a", "${DATA}/a");
  text = replaced(text, "{corpus: corpus.txt}", "{npz: '$DATA/layer-{layer}.npz'}");
  const auto config = load(text);
  EXPECT_EQ(config.dataset.records, "/people/anna/records.json");
  EXPECT_EQ(config.dataset.samples, "/data/sets/samples.json");
  EXPECT_EQ(config.models[0].path, "/data/sets/a");
  EXPECT_EQ(config.models[0].second_moments->npz, "/data/sets/layer-{layer}.npz");
  const auto refusal = refusal_of(replaced(minimal_config(), "records.json", "$NOT_SET/records.json"));
  EXPECT_NE(
      refusal.find("x.yaml:1:20: dataset.records: \"$NOT_SET/records.json\": $NOT_SET is not set in the environment"),
      std::string::npos)
      << refusal;
}

constexpr auto kTaskFile =
    "name: t\nexamples: own.json\nquery: \"{text} is\"\nmarker: is\nanswers: [{word: good, label: 1}]\n";

TEST_F(ConfigInputs, ATasksExamplesAreOverridable) {
  folder_.write("tasks/t.yaml", kTaskFile);
  folder_.write("tasks/u.yaml", replaced(kTaskFile, "name: t", "name: u"));
  const auto config = load(minimal_config() +
                           "tasks:\n  - {file: tasks/t.yaml, examples: $DATA/mine.json}\n"
                           "  - file: tasks/u.yaml\n    examples: here.json\n");
  ASSERT_EQ(config.tasks.size(), 2U);
  EXPECT_EQ(config.tasks[0].examples, "/data/sets/mine.json");
  EXPECT_EQ(config.tasks[0].query, "{text} is");
  EXPECT_EQ(config.tasks[1].examples, (folder_.path() / "here.json").lexically_normal());
  EXPECT_EQ(load(minimal_config() + "tasks: [tasks/t.yaml]\n").tasks[0].examples,
            (folder_.path() / "tasks/own.json").lexically_normal());
}

TEST_F(ConfigInputs, AnOverrideIsReadStrictly) {
  folder_.write("tasks/t.yaml", kTaskFile);
  const auto of_entry = [&](const std::string& entry) {
    return refusal_of(minimal_config() + "tasks:\n  - " + entry + "\n");
  };
  EXPECT_NE(of_entry("{file: tasks/t.yaml}").find("x.yaml:10:5: tasks[0].examples: is missing; expected a path"),
            std::string::npos)
      << of_entry("{file: tasks/t.yaml}");
  EXPECT_NE(of_entry("{file: no.yaml, examples: a}").find("tasks[0].file: expected a file, found no "),
            std::string::npos);
  EXPECT_NE(
      of_entry("{file: [a], examples: a}").find("tasks[0].file: expected the path of a task's file, found a list"),
      std::string::npos);
  EXPECT_NE(of_entry("{file: tasks/t.yaml, examples: a, query: b}").find("tasks[0].query: unknown key"),
            std::string::npos);
}

TEST_F(ConfigInputs, TabsInTheIndentationAreCalledSo) {
  const auto said = [&](const std::string& text) {
    const auto refusal = refusal_of(text);
    return refusal.substr(refusal.find("x.yaml:", refusal.find('\n')));
  };
  const auto model = replaced(minimal_config(), "    path:", "\tpath:");
  EXPECT_EQ(said(model), "x.yaml:4:1: the line is indented with a tab; expected blanks, which YAML wants there");
  const auto mixed = replaced(minimal_config(), "    methods:", "  \t  methods:");
  EXPECT_EQ(said(mixed), "x.yaml:6:3: the line is indented with a tab; expected blanks, which YAML wants there");
  // Elsewhere they are blanks.
  EXPECT_EQ(load(replaced(minimal_config(), "edits: 60", "edits:\t60\t# a comment\n\t\n\t# one more")).cells.size(),
            2U);
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The largest configs that are read at all: seconds, not minutes, also on a loaded machine.
constexpr double kManySeconds = 20.0;

TEST_F(ConfigInputs, AMegabyteOfUnknownKeysIsRefusedInSeconds) {
  auto text = minimal_config();
  while (text.size() < 1'000'000) text += "k" + std::to_string(text.size()) + ": 1\n";
  std::string refusal;
  EXPECT_LT(seconds_of([&] { refusal = refusal_of(text); }), kManySeconds);
  EXPECT_LT(refusal.size(), 1'000'000U) << "a thousand are told, the others counted";
  EXPECT_NE(refusal.find(" problems:"), std::string::npos);
  EXPECT_NE(refusal.find("... and "), std::string::npos);
}

TEST_F(ConfigInputs, AMegabyteOfSamplesOrModelsIsReadInSeconds) {
  std::string samples = "0";
  for (int i = 1; i < 150'000; ++i) samples += "," + std::to_string(i);
  EXPECT_LT(seconds_of([&] {
              const auto config =
                  load(minimal_config("rome: {layer: 0}", "grid: {methods: [rome], samples: [" + samples + "]}\n"));
              EXPECT_EQ(config.cells.size(), 150'000U);
            }),
            kManySeconds);
  std::string models = "models:\n";
  for (int i = 0; models.size() < 900'000; ++i)
    models += " m" + std::to_string(i) + ": {path: a, methods: {ft-c: {layer: 0, linf_bound: 0.01}}}\n";
  EXPECT_LT(seconds_of([&] { refusal_of(models + "grid: {methods: [ft-c], samples: [0]}\nedits: 1\n"); }),
            kManySeconds);
}

}  // namespace
}  // namespace lethe::core
