// Which parameters may hold zeros alone, and which are a damaged file's then.

#include <gmock/gmock.h>

#include "core/error.h"
#include "tests/model/tiny_networks.h"
#include "tests/support/temporary_folder.h"

namespace lethe::model {
namespace {

using ::testing::HasSubstr;

/// What stands against these weights in a folder of their own, by a load and by a look at the headers.
std::vector<std::string> errors_of(const Architecture& architecture, const std::map<std::string, torch::Tensor>& all) {
  const test::TemporaryFolder folder;
  folder.write("config.json", test::hugging_face_config(architecture).dump());
  save_safetensors(folder / "model.safetensors", architecture, all);
  std::vector<std::string> errors;
  const auto note = [&](const auto& action) {
    try {
      action();
      errors.emplace_back("none");
    } catch (const core::ModelError& error) {
      errors.emplace_back(error.what());
    }
  };
  note([&] { load_weights(folder.path(), torch::kCPU); });
  note([&] { check_weights(folder.path(), read_architecture(folder.path())); });
  return errors;
}

/// Said a second time and by hand, so that a row of a family's table that says otherwise is seen.
bool adds_to_the_residual_stream(Role role) { return role == Role::kAttentionOutput || role == Role::kDownProjection; }

TEST(ZeroWeights, AreRefusedWhereNoTrainingGivesThem) {
  for (const auto* family : all_families()) {
    const auto saved = random_weights(testing::tiny_architecture(family), 3, torch::kCPU);
    for (const auto& parameter : parameter_shapes(saved->architecture())) {
      if (saved->architecture().block_of(parameter.name).value_or(1) != 1) continue;
      auto tensors = saved->all_held();
      tensors.at(parameter.name) = torch::zeros(parameter.shape);
      const bool is_damage = parameter.shape.size() > 1 && !adds_to_the_residual_stream(parameter.role);
      const auto expected = is_damage ? "`" + parameter.name + "` holds zeros alone" : "none";
      EXPECT_THAT(errors_of(saved->architecture(), tensors), ::testing::Each(HasSubstr(expected))) << parameter.name;
    }
  }
}

TEST(ZeroWeights, AreNoneWithASingleOtherNumber) {
  for (const auto* family : all_families()) {
    const auto saved = random_weights(testing::tiny_architecture(family), 3, torch::kCPU);
    auto tensors = saved->all_held();
    auto& embedding = tensors.at(saved->architecture().embedding().weight);
    embedding = torch::zeros_like(embedding);
    embedding[-1][-1] = 1.0;
    EXPECT_THAT(errors_of(saved->architecture(), tensors), ::testing::Each("none"));
  }
}

TEST(ZeroWeights, MakeABlockThatIsTheIdentity) {
  for (const auto* family : all_families()) {
    const auto saved = random_weights(testing::tiny_architecture(family), 3, torch::kCPU);
    auto grown = saved->architecture();
    ++grown.num_layers;
    auto tensors = random_weights(grown, 4, torch::kCPU)->all_held();
    for (const auto& [name, value] : saved->all_held()) tensors.at(name) = value;
    for (const auto role : {Role::kAttentionOutput, Role::kDownProjection}) {
      auto& added = tensors.at(grown.names_of(role, saved->architecture().num_layers).weight);
      added = torch::zeros_like(added);
    }
    EXPECT_THAT(errors_of(grown, tensors), ::testing::Each("none")) << family->name;
    const std::vector<std::vector<TokenId>> texts{testing::token_row(1, 9)};
    const auto rows = pad_rows(texts, torch::kCPU);
    const auto of_grown = Network(std::make_shared<Weights>(grown, tensors)).forward(rows);
    EXPECT_TRUE(torch::equal(of_grown, Network(saved).forward(rows))) << family->name;
  }
}

}  // namespace
}  // namespace lethe::model
