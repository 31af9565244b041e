#include <gtest/gtest.h>

#include "core/config/experiment_config.h"
#include "core/contract/identity.h"
#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace lethe::core {
namespace {

class MendConfigFile : public testing::Test {
 protected:
  editing::MendConfig read(const std::string& mend, const std::string& fidelity = "code") {
    const auto config = load_experiment_config(folder_.write("x.yaml", text(mend, fidelity)));
    const auto again = experiment_config_from_json(to_json(config));
    EXPECT_EQ(again, config);
    return std::get<editing::MendConfig>(config.method_of({"mend", "m", 0}));
  }
  std::string problems(const std::string& mend) {
    try {
      load_experiment_config(folder_.write("x.yaml", text(mend, "code")));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }
  static std::string text(const std::string& mend, const std::string& fidelity) {
    return "fidelity: " + fidelity +
           "\ndataset: {records: r, samples: s}\nmodels: {m: {path: p, methods: {mend: " + mend +
           "}}}\ngrid: {methods: [mend], samples: [0]}\nedits: 1\n";
  }
  test::TemporaryFolder folder_;
};

TEST_F(MendConfigFile, DefaultsFollowTheFidelity) {
  const auto code = read("{editor: e.h5}");
  EXPECT_EQ(code.running_statistics, editing::RunningStatistics::kReset);
  EXPECT_EQ(code.learning_rate_order, editing::LearningRateOrder::kCode);
  EXPECT_TRUE(code.pad_class);
  EXPECT_TRUE(code.last_bias);
  EXPECT_EQ(code.training.learning_rate, 1e-6);
  EXPECT_TRUE(code.editor->is_absolute());
  const auto paper = read("{editor: e.h5}", "paper");
  EXPECT_EQ(paper.running_statistics, editing::RunningStatistics::kLoaded);
  EXPECT_EQ(paper.learning_rate_order, editing::LearningRateOrder::kPaper);
  EXPECT_EQ(paper.update_sign, editing::UpdateSign::kMinus);
  EXPECT_EQ(paper.input_normalization, editing::InputNormalization::kNone);
  EXPECT_FALSE(paper.pad_class);
}

TEST(EditedLayers, OfMendAreTheLastThreeBlocksUnlessNamed) {
  editing::MendConfig config;
  EXPECT_EQ(edited_layers(config, 12), (std::vector<int>{9, 10, 11}));
  EXPECT_EQ(lowest_edited_layer(config, 12), 9);
  EXPECT_EQ(edited_layers(config, 2), (std::vector<int>{0, 1}));
  config.layers = {4, 7};
  EXPECT_EQ(edited_layers(config, 12), (std::vector<int>{4, 7}));
  EXPECT_EQ(lowest_edited_layer(config, 12), 4);
}

TEST_F(MendConfigFile, FieldsAndTrainingAreRead) {
  const auto mend = read(
      "{layers: [3, 4], lr_scale: 2, pad_class: false, running_statistics: loaded, "
      "training: {records: t.json, rank: 7, learning_rate: 0.001, patience: 5}}");
  EXPECT_EQ(mend.layers, (std::vector<int>{3, 4}));
  EXPECT_EQ(mend.lr_scale, 2.0);
  EXPECT_FALSE(mend.pad_class);
  EXPECT_EQ(mend.training.rank, 7);
  EXPECT_EQ(mend.training.learning_rate, 1e-3);
  EXPECT_EQ(mend.training.patience, 5);
  EXPECT_EQ(mend.training.accumulate, 10) << "what is not named keeps its published value";
  EXPECT_TRUE(needs_trained_editor(mend));
  EXPECT_FALSE(needs_second_moments(mend));
}

TEST_F(MendConfigFile, ProblemsAreNamed) {
  EXPECT_NE(problems("{}").find("editor: is missing"), std::string::npos);
  EXPECT_NE(problems("{editor: e, layers: [4, 3]}").find("found 3 after 4"), std::string::npos);
  EXPECT_NE(problems("{editor: e, training: {rnak: 3}}").find("training.rnak"), std::string::npos);
  EXPECT_NE(problems("{editor: e, training: {rnak: 3}}").find("rank"), std::string::npos);
  EXPECT_NE(problems("{editor: e, training: {corpus_share: 7}}")
                .find("corpus_share: expected a number of at least 0 "
                      "and at most 1, found \"7\""),
            std::string::npos);
  EXPECT_NE(problems("{editor: e, training: {validation_share: 1}}").find("above 0 and at most 0.9"),
            std::string::npos);
  EXPECT_EQ(problems("{editor: e, training: {corpus_share: 1, validation_share: 0.9}}"), "");
  EXPECT_NE(problems("{editor: e, training: {rank: 0}}").find("training.rank"), std::string::npos);
  EXPECT_NE(problems("{editor: e, running_statistics: rest}").find("reset"), std::string::npos);
}

TEST_F(MendConfigFile, IdentitiesCoverTheEditorAndItsTrainingApart) {
  auto config = load_experiment_config(folder_.write("x.yaml", text("{training: {records: t.json}}", "code")));
  auto& mend = std::get<editing::MendConfig>(config.models.at(0).methods.at("mend"));
  const GridCell cell{"mend", "m", 0};
  const auto edit = [&](const std::string& editor) {
    EditInputs inputs;
    inputs.editor = editor;
    return edit_identity(config, cell, inputs).short_hex();
  };
  const auto first = edit("file a");
  const auto training = editor_identity(config, mend, {}).short_hex();
  EXPECT_NE(edit("file b"), first);
  mend.training.rank = 9;
  mend.editor = "elsewhere.h5";
  EXPECT_EQ(edit("file a"), first) << "the editor's content stands for both";
  EXPECT_NE(editor_identity(config, mend, {}).short_hex(), training);
  mend.training.rank = editing::MendTrainingConfig{}.rank;
  mend.training.save_every = 7;
  mend.lr_scale = 3.0;
  EXPECT_EQ(editor_identity(config, mend, {}).short_hex(), training) << "neither changes the editor";
  EXPECT_NE(edit("file a"), first) << "the scale changes the edits";
}

}  // namespace
}  // namespace lethe::core
