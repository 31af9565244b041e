#include <gtest/gtest.h>

#include "core/config/experiment_config.h"
#include "core/error.h"
#include "editing/methods/catalogue.h"
#include "editing/methods/settings_of.h"
#include "editing/rome/rome_config.h"
#include "tests/core/minimal_config.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

using test::minimal_config;
using test::TemporaryFolder;

ExperimentConfig loaded(const std::string& text) {
  const TemporaryFolder folder;
  return load_experiment_config(folder.write("small.yaml", text), editing::catalogue());
}

std::vector<std::string> names_of(const ExperimentConfig& config) {
  std::vector<std::string> names;
  for (const auto& cell : config.cells) names.push_back(cell.name());
  return names;
}

constexpr const char* kTwoVariants =
    "rome: {layer: 0}, rome-clamp2: {method: rome, layer: 0, clamp_norm_factor: 2}, other: {method: ft, layer: 1}";
constexpr const char* kGridOfVariants =
    "grid: {methods: [rome, other, rome-clamp2], samples: [0], exclude: [{method: other}]}\n";

TEST(Variants, AreCellsOfTheirOwnWithTheirMethodsSettings) {
  const auto config = loaded(minimal_config(kTwoVariants, "grid: {methods: [rome, rome-clamp2, other], samples: [0]}\n",
                                            "edits: {default: 60, rome-clamp2: 20, other/a: 30}\n"));
  EXPECT_EQ(names_of(config), (std::vector<std::string>{"rome/a/sample0", "rome-clamp2/a/sample0", "other/a/sample0"}));
  const auto& variant = config.method_of({"rome-clamp2", "a", 0});
  EXPECT_EQ(variant.method(), "rome");
  EXPECT_EQ(editing::config_of<editing::RomeConfig>(variant).clamp_norm_factor, 2.0);
  EXPECT_EQ(config.method_of({"other", "a", 0}).method(), "ft");
  EXPECT_EQ(config.edits.at({"rome-clamp2", "a", 0}), 20);
  EXPECT_EQ(config.edits.at({"other", "a", 0}), 30);
}

TEST(Variants, ChangeFieldsOfAFile) {
  const TemporaryFolder folder;
  folder.write("r.yaml", "{layer: 3, clamp_norm_factor: 4, v_lr: 0.3, paper: {v_lr: 0.2}}");
  const auto load_as = [&](const std::string& fidelity) {
    return load_experiment_config(
        folder.write("x.yaml", "fidelity: " + fidelity + "\n" +
                                   minimal_config("rome: r.yaml, rome-b: {method: rome, config: r.yaml, "
                                                  "clamp_norm_factor: 0.75}",
                                                  "grid: {methods: [rome, rome-b], samples: [0]}\n")),
        editing::catalogue());
  };
  for (const std::string fidelity : {"code", "paper"}) {
    const auto config = load_as(fidelity);
    auto expected = editing::config_of<editing::RomeConfig>(config.method_of({"rome", "a", 0}));
    EXPECT_EQ(expected.v_lr, fidelity == "code" ? 0.3 : 0.2);
    expected.clamp_norm_factor = 0.75;
    EXPECT_EQ(editing::config_of<editing::RomeConfig>(config.method_of({"rome-b", "a", 0})), expected);
  }
}

TEST(Variants, WhatIsWrongIsToldWithItsPlace) {
  const auto message = [](const std::string& methods, const std::string& grid) {
    return test::message_of<ConfigError>([&] { loaded(minimal_config(methods, "grid: " + grid + "\n")); });
  };
  const auto expect = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  const std::string rome = "{methods: [rome], samples: [0]}";
  expect(message("rome: {layer: 0}, x: {method: rom, layer: 0}", rome), "models.a.methods.x.method: expected");
  expect(message("rome: {layer: 0}, x: {method: rome, config: gone.yaml}", rome),
         "models.a.methods.x.config: expected a file");
  expect(message("rome: {layer: 0}, x: {method: rome, config: {layer: 1}}", rome),
         "models.a.methods.x.config: expected a file");
  expect(message("rome: {layer: 0}, x: {method: rome, layer: 0, clamp: 2}", rome), "clamp: unknown key");
  expect(message("rome: {layer: 0}, 'a b': {method: rome, layer: 0}", rome), "expected a label of letters");
  expect(message("rome: {layer: 0}, default: {method: rome, layer: 0}", rome),
         "models.a.methods.default: expected another label: that is the key of edits:");
  expect(message("rome: {layer: 0}, x: {layer: 0}", rome), "x: unknown key; expected");
  expect(message("rome: {method: memit, layer: 0}", rome), "method: unknown key");
  expect(message("rome: {layer: 0}, rome-b: {method: rome, layer: 0}", "{methods: [rome-c], samples: [0]}"),
         "did you mean \"rome-b\"?");
}

TEST(Variants, ThatNeedAnArtifactShareItOrAreRefused) {
  const auto load_with = [](const std::string& second) {
    return loaded(minimal_config(
        "alphaedit: {layers: [0], nullspace_threshold: 0.02}, b: {method: alphaedit, layers: [0], " + second + "}",
        "grid: {methods: [alphaedit, b], samples: [0]}\n"));
  };
  EXPECT_EQ(load_with("nullspace_threshold: 0.02, l2: 3").cells.size(), 2U);
  const auto refused = test::message_of<ConfigError>([&] { load_with("nullspace_threshold: 0.03"); });
  EXPECT_NE(refused.find("models.a.methods.b: needs another projector than alphaedit"), std::string::npos) << refused;
}

TEST(Variants, UsedOnesComeFirst) {
  const auto config = loaded(minimal_config("a-rome: {method: rome, layer: 0}, rome: {layer: 0}"));
  const auto methods = used_first(config, config.models.front());
  ASSERT_EQ(methods.size(), 2U);
  EXPECT_EQ(methods[0].first, "rome");
  EXPECT_EQ(methods[1].first, "a-rome");
}

TEST(Variants, SurviveTheTripThroughJson) {
  const auto config = loaded(minimal_config(kTwoVariants, kGridOfVariants));
  const auto text = to_json(config);
  const auto back = experiment_config_from_json(text, editing::catalogue());
  EXPECT_EQ(back, config);
  EXPECT_EQ(to_json(back), text);
}

TEST(Variants, OfAJsonSayWhatTheyVary) {
  const auto good = to_json(loaded(minimal_config(kTwoVariants, kGridOfVariants)));
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"method\": \"rome\"", "\"method\": \"rom\""}, {"\"method\": \"rome\"", "\"method\": 3"}}) {
    auto text = good;
    ASSERT_NE(text.find(from), std::string::npos);
    text.replace(text.find(from), from.size(), to);
    EXPECT_THROW(experiment_config_from_json(text, editing::catalogue()), ConfigError) << to;
  }
}

}  // namespace
}  // namespace lethe::core
