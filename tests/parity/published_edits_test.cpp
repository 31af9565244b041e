// Sequential edits of the shipped models, step by step beside what the published programs did: golden/README.md.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "editing/edit_prompts.h"
#include "editing/memit/memit.h"
#include "editing/value_forward.h"
#include "tests/parity/published_run.h"

// Legend: F inner width, D width.

namespace lethe {
namespace {

using nlohmann::json;
using test::difference;
using test::follow;

using PublishedEdits = test::OnBothModels;
INSTANTIATE_TEST_SUITE_P(Models, PublishedEdits, testing::Values("small-gpt2", "small-gptj"), test::model_test_name);

TEST_P(PublishedEdits, RomeComputesTheSameSequence) {
  const json& recorded = run_.golden("rome");
  const editing::RomeConfig config = run_.rome();
  const auto contexts = run_.contexts(editing::method_config(config), "rome_prefixes");
  const auto method =
      editing::make_method(config, {run_.unedited(), run_.tokenizer(), contexts, run_.moments({config.layer})});
  follow(run_.sequence(), *method, recorded,
         [&](const auto& network, auto requests, const auto& step, const json& edit) {
           const auto prompts = editing::make_edit_prompts(config, contexts, requests.front(), run_.tokenizer(), 128);
           const auto forward = editing::suffix_forward(network, prompts, config.layer);
           const editing::SubjectStates& states = forward->subject_states();
           EXPECT_LT(difference(states.keys_CF.mean(0), edit.at("kbar")), 1e-4);
           EXPECT_LT(difference(states.keys_CF[0], edit.at("k0")), 1e-4);
           EXPECT_LT(difference(forward->initial_value(), edit.at("v0")), 1e-4);
           test::expect_rank_one(step, edit, 1e-2);
         });
}

TEST_P(PublishedEdits, RRomeComputesTheSameSequence) {
  const json& recorded = run_.golden("r-rome");
  editing::RRomeConfig config;
  config.layer = recorded.at("layer");
  config.clamp_norm_factor = recorded.at("clamp_norm_factor");
  config.contexts_file = "prefixes of the published run";
  const auto method = editing::make_method(
      config, {run_.unedited(), run_.tokenizer(), run_.contexts(editing::method_config(config), "rome_prefixes"),
               run_.moments({config.layer})});
  follow(run_.sequence(), *method, recorded,
         [](const auto&, auto, const auto& step, const json& edit) { test::expect_rank_one(step, edit, 1e-2); });
}

TEST_P(PublishedEdits, MemitComputesTheSameSequence) {
  const json& recorded = run_.golden("memit");
  const editing::MemitConfig config = run_.memit();
  const auto contexts = run_.contexts(editing::method_config(config), "memit_prefixes");
  const auto method =
      editing::make_method(config, {run_.unedited(), run_.tokenizer(), contexts, run_.moments(config.layers)});
  follow(run_.sequence(), *method, recorded,
         [&](const auto& network, auto requests, const auto& step, const json& edit) {
           const auto prompts = editing::make_edit_prompts(config, contexts, requests.front(), run_.tokenizer(), 128);
           const auto forward = editing::suffix_forward(network, prompts, config.layers.back(),
                                                        {editing::ValueSite::kBlockOutput, config.layers.front()});
           const at::Tensor key_F = editing::weighted_key(forward->subject_states().keys_CF, config.key_weights);
           EXPECT_LT(difference(key_F, edit.at("key")), 1e-4);
           EXPECT_LT(difference(forward->initial_value(), edit.at("h0")), 1e-4);
           test::expect_layers(step, edit, 1e-2);
         });
}

TEST_P(PublishedEdits, FineTuningComputesTheSameSequence) {
  const json& recorded = run_.golden("ft-c");
  const editing::FineTuneConfig config = run_.fine_tune();
  const auto method = editing::make_method(config, {run_.unedited(), run_.tokenizer(), {}, {}});
  follow(run_.sequence(), *method, recorded, [](const auto& network, auto, const auto& step, const json& edit) {
    test::expect_dense_changes(network, step, edit, 1e-4);
  });
}

}  // namespace
}  // namespace lethe
