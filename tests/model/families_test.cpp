#include "model/families/families.h"

#include <unistd.h>

#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "model/safetensors.h"
#include "model/weight_files.h"
#include "tests/model/tiny_networks.h"
#include "tests/support/invented_family.h"

namespace lethe::model {
namespace {

using testing::tiny_architecture;

class EachFamily : public ::testing::TestWithParam<const FamilySpec*> {
 protected:
  [[nodiscard]] static Architecture architecture() { return tiny_architecture(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Table, EachFamily, ::testing::ValuesIn(all_families()),
                         [](const auto& family) { return testing::family_name(family.param); });

TEST_P(EachFamily, IsFoundByItsName) {
  EXPECT_EQ(find_family(GetParam()->name), GetParam());
  EXPECT_THAT(family_names(), ::testing::HasSubstr(std::string(GetParam()->name)));
  EXPECT_FALSE(GetParam()->config_class.empty());
}

TEST_P(EachFamily, HasAModuleForAllThatTheNetworkComputes) {
  const auto a = architecture();
  for (const auto role : {Role::kEmbedding, Role::kAttentionNorm, Role::kAttentionOutput, Role::kUpProjection,
                          Role::kDownProjection, Role::kFinalNorm}) {
    EXPECT_TRUE(a.has(role)) << static_cast<int>(role);
  }
  for (const auto role : {Role::kQuery, Role::kKey, Role::kValue}) EXPECT_NE(a.has(role), a.has(Role::kQkv));
  EXPECT_EQ(a.has(Role::kQueryNorm), a.has(Role::kKeyNorm));
  EXPECT_EQ(a.has(Role::kMlpNorm), GetParam()->residual == ResidualForm::kSerial);
  EXPECT_NE(a.has(Role::kPositionEmbedding), GetParam()->rotary != RotaryForm::kNone);
}

TEST_P(EachFamily, NamesEveryParameterOnceAndWhereItStands) {
  const auto a = architecture();
  std::set<std::string> names;
  for (const auto& parameter : parameter_shapes(a)) {
    EXPECT_TRUE(names.insert(parameter.name).second) << parameter.name;
    EXPECT_FALSE(a.is_before_blocks(parameter.name) && a.block_of(parameter.name)) << parameter.name;
  }
  EXPECT_TRUE(a.is_before_blocks(a.embedding().weight));
  EXPECT_EQ(a.head().weight == a.embedding().weight, a.has_tied_head());
  for (std::int64_t layer = 0; layer < a.num_layers; ++layer) {
    const auto down = a.down_projection(layer);
    EXPECT_TRUE(names.contains(down.weight));
    EXPECT_TRUE(!down.bias || names.contains(*down.bias));
    EXPECT_EQ(a.block_of(down.weight), layer);
    EXPECT_NE(a.mlp_projection(layer, MlpProjection::kInput).weight, down.weight);
  }
  EXPECT_EQ(a.block_of(a.head().weight), std::nullopt);
}

TEST_P(EachFamily, ListsTheProjectionsOfTheMlp) {
  std::vector expected{MlpProjection::kInput, MlpProjection::kOutput};
  if (architecture().has(Role::kGateProjection)) expected.push_back(MlpProjection::kGate);
  EXPECT_THAT(std::vector(GetParam()->mlp_listing.begin(), GetParam()->mlp_listing.end()),
              ::testing::UnorderedElementsAreArray(expected));
  EXPECT_EQ(architecture().has(Role::kGateProjection), GetParam()->mlp == MlpForm::kSwiGlu);
}

TEST_P(EachFamily, PublishesShapesThatItsNetworksCanHave) {
  for (const auto& published : GetParam()->published) {
    const auto& shape = published.shape;
    EXPECT_EQ(shape.width % shape.num_heads, 0) << published.name;
    EXPECT_EQ(shape.num_heads % shape.key_value_heads(), 0) << published.name;
    EXPECT_TRUE(GetParam()->rotary != RotaryForm::kHalfSplitPairs || shape.rotary_dim == shape.head_width());
    EXPECT_EQ(shape.rotary_dim > 0, GetParam()->rotary != RotaryForm::kNone) << published.name;
    const auto found = published_architecture(published.name);
    ASSERT_TRUE(found) << published.name;
    EXPECT_EQ(found->family, GetParam());
    EXPECT_THAT(published_names(), ::testing::HasSubstr(std::string(published.name)));
  }
}

TEST(Families, KnowThePublishedModelsInAnySpelling) {
  const auto num_parameters = [](const char* name) { return published_architecture(name)->num_parameters(); };
  EXPECT_EQ(num_parameters("gpt2"), 124'439'808);
  EXPECT_EQ(num_parameters("GPT2-Medium"), 354'823'168);
  EXPECT_EQ(num_parameters("gpt2_large"), 774'030'080);
  EXPECT_EQ(num_parameters("gpt2xl"), 1'557'611'200);
  EXPECT_EQ(num_parameters("GPT-J_6B"), 6'050'882'784);
  EXPECT_EQ(num_parameters("gptj"), 6'050'882'784);
  EXPECT_EQ(num_parameters("Llama-2-7b"), 6'738'415'616);
  EXPECT_EQ(num_parameters("Llama-3-8B"), 8'030'261'248);
  EXPECT_EQ(num_parameters("Llama-3.2-1B"), 1'235'814'400);
  EXPECT_EQ(num_parameters("Llama-3.2-3B"), 3'212'749'824);
  EXPECT_EQ(num_parameters("TinyLlama-1.1B"), 1'100'048'384);
  EXPECT_EQ(num_parameters("SmolLM2-135M"), 134'515'008);
  EXPECT_EQ(num_parameters("SmolLM2-360M"), 361'821'120);
  EXPECT_EQ(num_parameters("SmolLM2-1.7B"), 1'711'376'384);
  EXPECT_EQ(num_parameters("Mistral-7B-v0.1"), 7'241'732'096);
  EXPECT_EQ(num_parameters("Mistral-7B-v0.3"), 7'248'023'552);
  EXPECT_EQ(num_parameters("Qwen2.5-0.5B"), 494'032'768);
  EXPECT_EQ(num_parameters("Qwen2.5-1.5B"), 1'543'714'304);
  EXPECT_EQ(num_parameters("Qwen2.5-3B"), 3'085'938'688);
  EXPECT_EQ(num_parameters("Qwen2.5-7B"), 7'615'616'512);
  EXPECT_EQ(num_parameters("Qwen3-0.6B"), 596'049'920);
  EXPECT_EQ(num_parameters("Qwen3-1.7B"), 1'720'574'976);
  EXPECT_EQ(num_parameters("Qwen3-4B"), 4'022'468'096);
  EXPECT_EQ(num_parameters("Qwen3-8B"), 8'190'735'360);
  EXPECT_EQ(num_parameters("Qwen3-14B"), 14'768'307'200);
  EXPECT_FALSE(published_architecture("gpt3"));
  EXPECT_EQ(find_family("gpt3"), nullptr);
}

TEST(Architecture, RefusesTheNameOfAModuleThatItsFamilyLacks) {
  EXPECT_THROW((void)tiny_architecture(&kGpt2).names_of(Role::kHead), core::ModelError);
  EXPECT_FALSE(tiny_architecture(&kGptj).names_of(Role::kQuery, 1).bias);
}

TEST(Architecture, TellsBlocksApartByTheWholeNumber) {
  const auto a = tiny_architecture(&kGpt2);
  EXPECT_EQ(a.block_of("transformer.h.11.attn.c_attn.weight"), 11);
  EXPECT_EQ(a.block_of("transformer.h.11"), std::nullopt);
  EXPECT_EQ(a.block_of("transformer.h.x.attn"), std::nullopt);
  EXPECT_FALSE(a.is_before_blocks("transformer.wter.weight"));
}

/// GPT-J's tiny network with all biases but the norms' at zero, and the same numbers under the invented names.
class InventedFamily : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto formula = testing::formula_weights(&kGptj, torch::kFloat64);
    std::map<std::string, torch::Tensor> known;
    std::map<std::string, torch::Tensor> invented;
    for (const auto& parameter : parameter_shapes(formula->architecture())) {
      auto value = formula->tensor(parameter.name);
      if (parameter.is_bias && !is_norm(parameter.role)) value = torch::zeros_like(value);
      known.emplace(parameter.name, value);
      const auto layer = formula->architecture().block_of(parameter.name).value_or(0);
      const auto names = architecture_.names_of(parameter.role, layer);
      if (!parameter.is_bias) invented.emplace(names.weight, value);
      if (parameter.is_bias && names.bias) invented.emplace(*names.bias, value);
    }
    known_ = std::make_shared<const Weights>(formula->architecture(), known);
    invented_ = std::make_shared<const Weights>(architecture_, invented);
  }

  Architecture architecture_ = tiny_architecture(&test::kInventedFamily);
  std::shared_ptr<const Weights> known_, invented_;
};

TEST_F(InventedFamily, ComputesWhatItsSpecSays) {
  EXPECT_EQ(invented_->all_held().size(), parameter_shapes(architecture_).size());
  const std::vector<std::vector<TokenId>> rows{testing::token_row(1, 7), testing::token_row(2, 4)};
  const auto padded = pad_rows(rows, testing::test_device());
  const auto expected = Network(known_).forward(padded);
  EXPECT_LT((Network(invented_).forward(padded) - expected).abs().max().item<double>(), 1e-12);
}

TEST_F(InventedFamily, IsEditedUnderItsNames) {
  Network net(invented_);
  net.set_parameter("net.layers.2.wide.down.weight", net.parameter("net.layers.2.wide.down.weight") * 2.0);
  EXPECT_EQ(net.first_edited_block(), 2);
  net.set_parameter("answers.weight", net.parameter("answers.weight") * 2.0);
  EXPECT_EQ(net.first_edited_block(), 2);
  net.set_parameter("net.tokens.weight", net.parameter("net.tokens.weight") * 2.0);
  EXPECT_EQ(net.first_edited_block(), 0);
}

TEST_F(InventedFamily, IsStoredAsItsSpecSaysAndFoundWithoutItsPrefix) {
  const auto folder = std::filesystem::temp_directory_path() / ("lethe_families_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  save_safetensors(folder / "model.safetensors", architecture_, invented_->all_held());
  const SafetensorsFile file(folder / "model.safetensors");
  EXPECT_EQ(file.tensor("net.layers.0.wide.down.weight").sizes(), torch::IntArrayRef({80, 32}));
  EXPECT_EQ(file.tensor("answers.weight").sizes(), torch::IntArrayRef({101, 32}));
  std::map<std::string, torch::Tensor> short_names{{"layers.0.wide.down.weight", torch::ones({80, 32})}};
  write_safetensors(folder / "model.safetensors", short_names);
  const WeightFiles files(folder, architecture_.family->prefix);
  EXPECT_TRUE(torch::equal(files.tensor("net.layers.0.wide.down.weight").tensor, torch::ones({80, 32})));
  EXPECT_THROW(files.refuse_names(architecture_.block_prefix(0), "too many"), core::ModelError);
  EXPECT_NO_THROW(files.refuse_names(architecture_.block_prefix(1), "too many"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lethe::model
