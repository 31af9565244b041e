// Sequential edits of a small Llama beside what the published programs did: golden/README.md. Its weights are those of
// a formula; it has shared key heads, heads wider than width / heads, Llama 3's rotary scaling, a head of its own, and
// a tokenizer of Llama 3's form, which puts a token in front of each text and cuts the world's targets into several.
// Recorded is what the programs compute in fp64; lethe computes in fp32 and in fp64.

#include <algorithm>
#include <map>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "editing/edit_prompts.h"
#include "editing/memit/memit.h"
#include "editing/value_forward.h"
#include "model/families/families.h"
#include "tests/parity/published_run.h"
#include "tests/support/uniform_weights.h"

// Legend: F inner width.

namespace lethe {
namespace {

using nlohmann::json;
using test::difference;
using test::factors_of;

constexpr int kMaxPositions = 128;

model::Architecture llama_shape() {
  model::Architecture shape;
  shape.family = &model::kLlama;
  shape.num_layers = 4;
  shape.width = 64;
  shape.num_heads = 4;
  shape.num_key_value_heads = 2;
  shape.head_dimension = 24;
  shape.rotary_dim = 24;
  shape.rotary_base = 500000.0;
  shape.rotary_scaling = {model::RotaryScalingForm::kLlama3, 8.0, 1.0, 4.0, 64};
  shape.inner_width = 160;
  shape.max_positions = kMaxPositions;
  shape.vocab_size = 1206;
  return shape;
}

struct Precision {
  torch::Dtype dtype;
  /// Of keys, values, factors and final weights, relative.
  double tolerance;
};

/// The worst differences become properties of the test's report.
class PublishedEditsOfLlama : public testing::TestWithParam<Precision> {
 protected:
  ~PublishedEditsOfLlama() override {
    for (const auto& [name, value] : worst_) RecordProperty(name, std::to_string(value * 1e12) + "e-12");
  }

  test::PublishedRun run_{test::golden("tiny-llama.json"),
                          model::Tokenizer::from_folder(test::source_path("tests/model/golden/tokenizers/llama3")),
                          model::Network(test::uniform_weights(llama_shape(), GetParam().dtype))};

  void expect_near(const std::string& what, const at::Tensor& actual, const json& recorded) {
    const double distance = difference(actual, recorded);
    auto& worst = worst_[what];
    worst = std::max(worst, distance);
    EXPECT_LT(distance, GetParam().tolerance) << what;
  }

  void expect_final(const model::Network& edited, int layer, const json& recorded) {
    const std::string name = edited.architecture().down_projection(layer).weight;
    expect_near("final", edited.parameter(name) - run_.unedited().parameter(name), recorded);
  }

  void follow_memit(const std::string& which, const test::CheckStep& check) {
    const editing::MemitConfig config = run_.memit(which);
    const auto method = editing::make_method(
        config, {run_.unedited(), run_.tokenizer(), run_.contexts(editing::method_config(config), "memit_prefixes"),
                 run_.moments(config.layers)});
    const auto edited = test::follow(run_.sequence(), *method, run_.golden(which), check);
    for (std::size_t i = 0; i < config.layers.size(); ++i) {
      expect_final(edited, config.layers[i], run_.golden(which).at("final")[i]);
    }
  }

 private:
  std::map<std::string, double> worst_;
};

INSTANTIATE_TEST_SUITE_P(Precisions, PublishedEditsOfLlama,
                         testing::Values(Precision{torch::kFloat32, 1e-4}, Precision{torch::kFloat64, 1e-9}),
                         [](const auto& param) {
                           return std::string(param.param.dtype == torch::kFloat64 ? "Fp64" : "Fp32");
                         });

TEST_P(PublishedEditsOfLlama, OfRomeAreTheSame) {
  const editing::RomeConfig config = run_.rome();
  const auto contexts = run_.contexts(editing::method_config(config), "rome_prefixes");
  const auto method =
      editing::make_method(config, {run_.unedited(), run_.tokenizer(), contexts, run_.moments({config.layer})});
  const auto edited =
      test::follow(run_.sequence(), *method, run_.golden("rome"),
                   [&](const auto& network, auto requests, const auto& step, const json& edit) {
                     const auto prompts = editing::make_edit_prompts(config, contexts, requests.front(),
                                                                     run_.tokenizer(), kMaxPositions);
                     EXPECT_EQ(prompts.subject_last.front(), edit.at("subject_last").template get<std::int64_t>());
                     const auto forward = editing::suffix_forward(network, prompts, config.layer);
                     expect_near("kbar", forward->subject_states().keys_CF.mean(0), edit.at("kbar"));
                     expect_near("k0", forward->subject_states().keys_CF[0], edit.at("k0"));
                     expect_near("v0", forward->initial_value(), edit.at("v0"));
                     expect_near("u", factors_of(step).right_IR, edit.at("u"));
                     expect_near("right", factors_of(step).left_OR, edit.at("right"));
                   });
  expect_final(edited, config.layer, run_.golden("rome").at("final"));
}

TEST_P(PublishedEditsOfLlama, OfMemitAreTheSame) {
  const editing::MemitConfig config = run_.memit();
  const auto contexts = run_.contexts(editing::method_config(config), "memit_prefixes");
  follow_memit("memit", [&](const auto& network, auto requests, const auto& step, const json& edit) {
    const auto prompts =
        editing::make_edit_prompts(config, contexts, requests.front(), run_.tokenizer(), kMaxPositions);
    const auto forward = editing::suffix_forward(network, prompts, config.layers.back(),
                                                 {editing::ValueSite::kBlockOutput, config.layers.front()});
    const at::Tensor key_F = editing::weighted_key(forward->subject_states().keys_CF, config.key_weights);
    expect_near("key", key_F, edit.at("key"));
    expect_near("h0", forward->initial_value(), edit.at("h0"));
    ASSERT_EQ(step.updates.size(), edit.at("layers").size());
    for (std::size_t i = 0; i < step.updates.size(); ++i) {
      SCOPED_TRACE(step.updates[i].parameter);
      expect_near("solved_key", factors_of(step, i).right_IR, edit.at("layers")[i].at("solved_key"));
      expect_near("residual", factors_of(step, i).left_OR, edit.at("layers")[i].at("residual"));
    }
  });
}

TEST_P(PublishedEditsOfLlama, OfMemitFiveAStepAreTheSame) {
  follow_memit("memit-steps", [&](const auto&, auto, const auto& step, const json& edit) {
    ASSERT_EQ(step.updates.size(), edit.at("layers").size());
    for (std::size_t i = 0; i < step.updates.size(); ++i) {
      SCOPED_TRACE(step.updates[i].parameter);
      const auto& factors = factors_of(step, i);
      expect_near("update", at::matmul(factors.left_OR, factors.right_IR.t()), edit.at("layers")[i].at("update"));
    }
  });
}

}  // namespace
}  // namespace lethe
