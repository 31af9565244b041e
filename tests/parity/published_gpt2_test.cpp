// Single edits of a model of GPT-2's 124M shape by CounterFact's records, beside what the published programs did:
// golden/README.md. The weights are those of a formula, spread as an initialised GPT-2's.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "data/counterfact.h"
#include "editing/edit_prompts.h"
#include "editing/memit/memit.h"
#include "editing/mend/mend.h"
#include "editing/moment_factor.h"
#include "editing/value_forward.h"
#include "metrics/rewrite_scores.h"
#include "model/families/families.h"
#include "tests/parity/published_run.h"
#include "tests/support/reference_data.h"
#include "tests/support/test_device.h"
#include "tests/support/uniform_weights.h"

// Legend: F inner width, D width, R rank.

namespace lethe {
namespace {

using nlohmann::json;
using test::difference;
using test::factors_of;

model::Architecture gpt2_shape() {
  model::Architecture shape;
  shape.family = &model::kGpt2;
  shape.num_layers = 12;
  shape.width = 768;
  shape.num_heads = 12;
  shape.inner_width = 3072;
  shape.max_positions = 1024;
  shape.vocab_size = 50257;
  return shape;
}

/// What all edits share.
struct Given {
  json golden = test::golden("gpt2-124m.json");
  model::Tokenizer tokenizer = model::Tokenizer::from_folder(test::reference_data() / "tokenizer");
  model::Network network{test::initialised_weights(gpt2_shape(), torch::kFloat32)};
  std::map<std::int64_t, data::EditRequest> records;
  std::shared_ptr<const editing::MomentFactor> factor;

  Given() {
    for (auto& request : data::read_counterfact(test::reference_data() / "counterfact/counterfact_500_full.json")) {
      records[request.case_id] = request;
    }
  }

  /// 0.02 I + 0.00375 B B^T with B [F,64] of the formula: condition number 250, the same at every layer.
  [[nodiscard]] std::map<int, editing::SecondMoment> moments(const std::vector<int>& layers) {
    if (!factor) {
      const at::Tensor half_FR = test::uniform_matrix("second moment", network.architecture().inner_width, 64);
      at::Tensor moment_FF = at::matmul(half_FR, half_FR.t()) * 0.00375;
      moment_FF.diagonal().add_(0.02);
      constexpr std::int64_t kTokens = 1'000'000;
      factor = std::make_shared<const editing::MomentFactor>(editing::SecondMoment{moment_FF, kTokens}, layers.front(),
                                                             test::test_device());
    }
    std::map<int, editing::SecondMoment> moments;
    for (const int layer : layers) moments[layer] = {{}, 1, factor};
    return moments;
  }

  [[nodiscard]] editing::EditContexts contexts(const core::MethodConfig& config, const char* list) const {
    return editing::make_contexts(config, network, tokenizer, 0, golden.at(list).get<std::vector<std::string>>());
  }
};

class PublishedEditsOfGpt2Shape : public testing::Test {
 protected:
  static std::unique_ptr<Given> given_;
  static void TearDownTestSuite() { given_.reset(); }
  void SetUp() override {
    if (!std::filesystem::exists(test::reference_data() / "counterfact/counterfact_500_full.json")) {
      GTEST_SKIP() << "no reference data (LETHE_REFERENCE_DATA)";
    }
    if (!given_) given_ = std::make_unique<Given>();
  }

  /// Each of a method's recorded edits on its own, from `start`.
  static void repeat(const char* name, const editing::EditMethod& method, const model::Network& start,
                     const test::CheckStep& check) {
    for (const json& edit : given_->golden.at(name).at("edits")) {
      SCOPED_TRACE("case " + edit.at("case").dump());
      const std::span requests(&given_->records.at(edit.at("case")), 1);
      const auto outcome = method.compute(start, requests);
      const auto& step = std::get<editing::EditStep>(outcome);
      test::expect_step_losses(step, edit.at("losses"));
      check(start, requests, step, edit);
      model::Network edited = start;
      editing::apply_updates(edited, step.updates);
      test::expect_scores(metrics::score_requests(edited, given_->tokenizer, requests).front(), edit);
    }
  }
};
std::unique_ptr<Given> PublishedEditsOfGpt2Shape::given_;

TEST_F(PublishedEditsOfGpt2Shape, OfRomeAreTheSame) {
  editing::RomeConfig config;
  config.layer = 5;
  config.contexts_file = "prefixes of the published run";
  const auto contexts = given_->contexts(editing::method_config(config), "rome_prefixes");
  const auto method =
      editing::make_method(config, {given_->network, given_->tokenizer, contexts, given_->moments({config.layer})});
  repeat("rome", *method, given_->network, [&](const auto& network, auto requests, const auto& step, const json& edit) {
    const auto prompts = editing::make_edit_prompts(config, contexts, requests.front(), given_->tokenizer, 1024);
    const auto forward = editing::suffix_forward(network, prompts, config.layer);
    EXPECT_LT(difference(forward->subject_states().keys_CF.mean(0), edit.at("kbar")), 1e-4);
    EXPECT_LT(difference(forward->subject_states().keys_CF[0], edit.at("k0")), 1e-4);
    EXPECT_LT(difference(forward->initial_value(), edit.at("v0")), 1e-4);
    test::expect_rank_one(step, edit, 1e-3);
  });
}

TEST_F(PublishedEditsOfGpt2Shape, OfRRomeAreTheSame) {
  editing::RRomeConfig config;
  config.layer = 5;
  config.contexts_file = "prefixes of the published run";
  const auto method = editing::make_method(
      config, {given_->network, given_->tokenizer, given_->contexts(editing::method_config(config), "rome_prefixes"),
               given_->moments({config.layer})});
  repeat("r-rome", *method, given_->network,
         [](const auto&, auto, const auto& step, const json& edit) { test::expect_rank_one(step, edit, 1e-3); });
}

TEST_F(PublishedEditsOfGpt2Shape, OfMemitAreTheSame) {
  editing::MemitConfig config;
  config.layers = {3, 4, 5};
  config.mom2_update_weight = 20000;
  config.contexts_file = "prefixes of the published run";
  const auto contexts = given_->contexts(editing::method_config(config), "memit_prefixes");
  const auto method =
      editing::make_method(config, {given_->network, given_->tokenizer, contexts, given_->moments(config.layers)});
  repeat("memit", *method, given_->network,
         [&](const auto&, auto, const auto& step, const json& edit) { test::expect_layers(step, edit, 1e-3); });
}

TEST_F(PublishedEditsOfGpt2Shape, OfFineTuningAreTheSame) {
  editing::FineTuneConfig config;
  config.linf_bound = 5e-4;
  const auto method = editing::make_method(config, {given_->network, given_->tokenizer, {}, {}});
  repeat("ft-c", *method, given_->network, [](const auto& network, auto, const auto& step, const json& edit) {
    test::expect_dense_changes(network, step, edit, 1e-4);
  });
}

/// All tensors by the formula, around an untrained editor's.
std::shared_ptr<const editing::Artifact> formula_editor(editing::MendConfig config, const model::Network& start) {
  config.training.rank = 48;
  config.training.initial_rate = -1e-4;
  auto editor = editing::initial_editor(config, start.architecture(), test::test_device(), torch::kFloat32);
  for (auto& [name, tensor] : editor.trained()) {
    const bool is_matrix = tensor.dim() == 2;
    const at::Tensor values =
        test::uniform_matrix(name, is_matrix ? tensor.size(0) : 1, is_matrix ? tensor.size(1) : tensor.size(0))
            .view(tensor.sizes());
    if (name == "rates") {
      tensor.mul_(values * 0.5 + 1.0);
    } else if (name.ends_with(".left")) {
      tensor.copy_(values * 0.02);
    } else if (name.ends_with(".right")) {
      tensor.copy_(values * 0.05);
    } else {
      tensor.copy_(values * 0.1 + (name.ends_with(".scale") ? 1.0 : 0.0));
    }
  }
  return std::make_shared<const editing::ArtifactOf<editing::MendEditor>>(std::move(editor));
}

TEST_F(PublishedEditsOfGpt2Shape, OfMendAreTheSame) {
  const editing::MendConfig config;
  const auto start = editing::starting_network(config, given_->network, 37);
  const auto method = editing::make_method(
      config, {given_->network, given_->tokenizer, {}, {}, {{editing::kEditorKind, formula_editor(config, start)}}});
  repeat("mend", *method, start, [](const auto&, auto, const auto& step, const json& edit) {
    ASSERT_EQ(step.updates.size(), edit.at("weights").size());
    for (std::size_t i = 0; i < step.updates.size(); ++i) {
      SCOPED_TRACE(step.updates[i].parameter);
      const auto& update = factors_of(step, i);
      EXPECT_LT(difference(at::matmul(update.left_OR, update.right_IR.t()), edit.at("weights")[i]), 1e-4);
    }
  });
}

}  // namespace
}  // namespace lethe
