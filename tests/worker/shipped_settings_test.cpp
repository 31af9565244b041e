#include "worker/commands/shipped_settings.h"

#include <gmock/gmock.h>

#include <fstream>

#include "core/error.h"
#include "tests/support/temporary_folder.h"

namespace lethe::worker {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kSource = LETHE_SOURCE_DIR;

model::Architecture published(const std::string& name) { return model::published_architecture(name).value(); }

TEST(ShippedSettings, EveryShippedFileIsForAModelWhoseShapeIsKnown) {
  int num_files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kSource / "configs/methods")) {
    if (entry.path().extension() != ".yaml") continue;
    ++num_files;
    const auto name = entry.path().stem().string();
    const auto assets = kSource / "assets" / name;
    const auto architecture = fs::exists(assets) ? model::read_architecture(assets) : published(name);
    const auto chosen = shipped_settings(kSource, entry.path().parent_path().filename(), architecture);
    EXPECT_FALSE(chosen.is_carried_over) << entry.path();
    EXPECT_THAT(chosen.origin, HasSubstr(entry.path().string()));
  }
  EXPECT_GE(num_files, 30);
}

/// A shipped folder of its own, so that what ships later changes no expectation.
class NearestSettings : public testing::Test {
 protected:
  NearestSettings() {
    write("rome", "gpt2-xl", "layer: 17\n");
    write("rome", "gpt2-medium", "layer: 8\n");
    write("rome", "gpt-j-6b", "layer: 5\n");
    write("memit", "gpt2-xl", "layers: [13, 14, 15, 16, 17]\nmom2_update_weight: 20000\n");
    write("mend", "gpt2-xl", "editor: nowhere.pt\n");
    write("rome", "unknown-shape", "layer: 1\n");
  }
  void write(const std::string& method, const std::string& model, const std::string& text) const {
    const auto folder = shipped_.path() / "configs/methods" / method;
    fs::create_directories(folder);
    std::ofstream(folder / (model + ".yaml")) << text;
  }
  ChosenSettings of(const std::string& method, const model::Architecture& architecture) const {
    return shipped_settings(shipped_.path(), method, architecture);
  }

  test::TemporaryFolder shipped_;
};

TEST_F(NearestSettings, OfTheSameFamilyAndShapeAreTakenAsTheyAre) {
  auto architecture = published("gpt2-xl");
  architecture.vocab_size += 3;
  architecture.max_positions = 2048;
  const auto chosen = of("rome", architecture);
  EXPECT_FALSE(chosen.is_carried_over);
  EXPECT_EQ(chosen.config->edited_layers(48), std::vector<int>{17});
}

TEST_F(NearestSettings, OfTheModelMostAlikeAreMovedToTheSameShareOfTheDepth) {
  const auto small = of("rome", published("gpt2"));
  EXPECT_TRUE(small.is_carried_over);
  EXPECT_THAT(small.origin, HasSubstr("gpt2-medium.yaml"));
  EXPECT_EQ(small.config->edited_layers(12), std::vector<int>{4}) << "8 of 24";
  const auto llama = of("rome", published("llama-3-8b"));
  EXPECT_THAT(llama.origin, HasSubstr("gpt-j-6b.yaml")) << "rotary positions, as Llama's";
  EXPECT_EQ(llama.config->edited_layers(32), std::vector<int>{5}) << "5 of 28";
}

TEST_F(NearestSettings, SeveralLayersStayAsManyInARow) {
  EXPECT_EQ(of("memit", published("gpt2-large")).config->edited_layers(36), (std::vector<int>{8, 9, 10, 11, 12}));
  auto flat = published("gpt2-xl");
  flat.num_layers = 6;
  EXPECT_EQ(of("memit", flat).config->edited_layers(6), (std::vector<int>{0, 1, 2})) << "17 of 48 is 2 of 6";
}

TEST_F(NearestSettings, WhatCannotBeCarriedOverIsRefusedWithTheRemedy) {
  const auto refusal = [&](const std::string& method, const std::string& model) -> std::string {
    try {
      of(method, published(model));
    } catch (const core::ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(refusal("mend", "gpt2-large"), HasSubstr("train one with `lethe train-mend`"));
  EXPECT_EQ(refusal("mend", "gpt2-xl"), "no error");
  EXPECT_THAT(refusal("alphaedit", "gpt2-xl"), HasSubstr("--config FILE"));
}

TEST(ShippedFolder, LiesBesideTheProgram) {
  EXPECT_TRUE(fs::is_directory(shipped_folder() / "configs/methods")) << shipped_folder();
}

TEST(ShippedFolder, HoldsSettingsOfTheModelsThatAreEditedMost) {
  for (const std::string model : {"gpt2-xl", "gpt-j-6b", "llama-2-7b", "llama-3-8b", "llama-3.2-3b", "mistral-7b-v0.1",
                                  "qwen2-7b", "qwen2.5-7b"}) {
    for (const std::string method : {"rome", "memit"}) {
      const auto chosen = shipped_settings(shipped_folder(), method, model::published_architecture(model).value());
      EXPECT_FALSE(chosen.is_carried_over) << method << " " << model << ": " << chosen.origin;
    }
  }
}

}  // namespace
}  // namespace lethe::worker
