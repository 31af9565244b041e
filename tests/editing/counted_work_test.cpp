#include "tests/support/counted_work.h"

#include <array>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <torch/version.h>

#include "editing/alphaedit/alphaedit.h"
#include "editing/mend/mend_editor.h"
#include "editing/methods/catalogue.h"
#include "editing/methods/method_list.h"
#include "tests/editing/editing_fixture.h"
#include "tests/support/toy_task.h"

// What an edit of each method, a scored record and a task ask of a GPU, counted on the stand-in for one: no more than
// when they were last counted. Who makes them ask for less, or for more with a reason, changes the table.

namespace lethe::editing {
namespace {

using test::ForeignCounts;

/// Of the optimisers: 20 to 25 in published settings.
constexpr int kNumLosses = 15;
/// The counts below are LibTorch 1.13's, which another version composes otherwise.
constexpr bool kIsCountedVersion = TORCH_VERSION_MAJOR == 1;
constexpr double kMostOperators = kIsCountedVersion ? 1.02 : 1.15;  ///< times those counted
constexpr std::int64_t kMoreWaits = kIsCountedVersion ? 1 : 4;      ///< as well as copies and uploads

struct Counted {
  const char* method;
  ForeignCounts asked;  ///< operators, waits, copies to the host among them, uploads
};
std::ostream& operator<<(std::ostream& out, const Counted& counted) { return out << counted.method; }

/// A fact edited in a network of three blocks: the first alone by ROME, r-ROME, FT-C and FT, the first two by the
/// others, after four contexts.
constexpr std::array kEdits{
    Counted{"rome", {2499, 27, 15, 8}},      Counted{"r-rome", {2501, 27, 15, 8}},
    Counted{"memit", {1978, 24, 17, 9}},     Counted{"memit-seq", {2004, 26, 17, 9}},
    Counted{"alphaedit", {2004, 26, 17, 9}}, Counted{"ft-c", {1906, 19, 0, 5}},
    Counted{"ft", {1812, 19, 0, 5}},         Counted{"mend", {304, 21, 4, 12}},
};
constexpr ForeignCounts kRecord{136, 6, 6, 10};  ///< 13 prompts
constexpr ForeignCounts kTask{322, 5, 3, 4};     ///< eight examples, three new tokens

void expect_no_more(const ForeignCounts& asked, const ForeignCounts& counted) {
  EXPECT_LE(static_cast<double>(asked.operators), kMostOperators * static_cast<double>(counted.operators));
  EXPECT_LE(asked.waits, counted.waits + kMoreWaits);
  EXPECT_LE(asked.downloads, counted.downloads + kMoreWaits);
  EXPECT_LE(asked.uploads, counted.uploads + kMoreWaits);
}

/// The method as the table says, with as many losses whatever they are.
core::MethodConfig config_named(const std::string& name) {
  const auto& defaults = catalogue().defaults(name, core::Fidelity::kCode);
  const core::MethodConfig published(name, defaults->clone());
  return visit_config(published, [&]<typename Config>(Config config) {
    if constexpr (requires { config.layer; }) config.layer = 0;
    if constexpr (requires { config.layers; }) config.layers = {0, 1};
    if constexpr (requires { config.v_num_grad_steps; }) config.v_num_grad_steps = kNumLosses;
    if constexpr (requires { config.num_steps; }) config.num_steps = kNumLosses;
    if constexpr (requires { config.early_stop_loss; }) config.early_stop_loss = 0.0;
    if constexpr (requires { config.mom2_update_weight; }) config.mom2_update_weight = 5.0;
    if constexpr (requires { config.training; }) config.training.rank = 3;
    if (name == "ft-c") {
      if constexpr (requires { config.linf_bound; }) config.linf_bound = 1e-3;
    }
    return method_config(std::move(config), name);
  });
}

/// Half of all directions are protected.
NullSpaces null_spaces(const model::Network& network) {
  const auto width = network.architecture().inner_width;
  NullSpaces spaces;
  for (const int layer : {0, 1}) {
    const auto basis = at::eye(width, at::kDouble).narrow(1, 0, width / 2).contiguous().to(network.device());
    spaces.try_emplace(layer, NullSpaceBasis{basis, false, {}}, layer, network.device());
  }
  return spaces;
}

MethodInputs inputs_of(const core::MethodConfig& config, const model::Network& network) {
  auto inputs = test::inputs_of(network, config->second_moment_layers());
  if (find_config<AlphaEditConfig>(config) != nullptr) {
    inputs.artifacts[kProjectorKind] = std::make_shared<ArtifactOf<NullSpaces>>(null_spaces(network));
  }
  if (const auto* mend = find_config<MendConfig>(config)) {
    inputs.artifacts[kEditorKind] = std::make_shared<ArtifactOf<MendEditor>>(
        initial_editor(*mend, network.architecture(), network.device(), network.dtype()));
  }
  return inputs;
}

class CountedEdits : public testing::TestWithParam<Counted> {};

TEST_P(CountedEdits, AskForNoMoreThanTheyDid) {
  const auto network = test::lively_network(&model::kGpt2);
  ASSERT_FALSE(network.device().is_cpu());
  const auto config = config_named(GetParam().method);
  const auto method = make_method(config, inputs_of(config, network));
  const auto edit = test::count_edit(*method, network, test::request_of("Who is {}", "Suao", "ab"));
  ASSERT_TRUE(edit.is_made);
  EXPECT_EQ(edit.num_losses, find_config<MendConfig>(config) != nullptr ? 1 : kNumLosses);
  expect_no_more(edit.asked, GetParam().asked);
}

INSTANTIATE_TEST_SUITE_P(Methods, CountedEdits, testing::ValuesIn(kEdits));

TEST(CountedWork, EveryMethodIsInTheTable) {
  std::vector<std::string> names;
  for (const auto& counted : kEdits) names.emplace_back(counted.method);
  EXPECT_EQ(names, catalogue().names());
}

TEST(CountedWork, AScoredRecordAsksForNoMoreThanItDid) {
  const auto network = test::lively_network(&model::kGpt2);
  auto record = test::request_of("Who is {}", "Suao", "ab");
  record.target_true = "cd";
  record.paraphrase_prompts = {"So they say. Who is Suao", "Suao is"};
  for (char name = 'a'; name < 'a' + 10; ++name)
    record.neighborhood_prompts.push_back("Who is Su" + std::string(1, name));
  expect_no_more(test::count_scores(network, test::byte_tokenizer(), {&record, 1}), kRecord);
}

TEST(CountedWork, ATaskAsksForNoMoreThanItDid) {
  const auto network = test::lively_network(&model::kGpt2);
  const auto config = test::toy_task_config();
  const auto examples =
      test::toy_task_examples({"abc", "abd and more", "a", "zz top", "of old", "b", "and so on", "but"});
  const auto task = metrics::prepare_task(config, examples, test::byte_tokenizer(), network.architecture());
  expect_no_more(test::count_task(network, test::byte_tokenizer(), task), kTask);
}

}  // namespace
}  // namespace lethe::editing
