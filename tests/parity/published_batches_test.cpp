// Steps of four facts on the shipped models beside what the published programs did: golden/README.md.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/parity/published_run.h"
#include "tests/parity/shipped_editor.h"

namespace lethe {
namespace {

using nlohmann::json;
using test::difference;
using test::factors_of;

class PublishedBatches : public test::OnBothModels {
 protected:
  const json recorded_ = test::golden("small-batches.json").at(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Models, PublishedBatches, testing::Values("small-gpt2", "small-gptj"), test::model_test_name);

TEST_P(PublishedBatches, OfMemitAreTheSame) {
  const json& sequence = run_.golden("memit");
  core::MemitConfig config;
  config.layers = sequence.at("layers").get<std::vector<int>>();
  config.clamp_norm_factor = sequence.at("clamp_norm_factor");
  config.mom2_update_weight = sequence.at("mom2_update_weight");
  config.contexts_file = "prefixes of the published run";
  const auto method = editing::make_method(
      config,
      {run_.unedited(), run_.tokenizer(), run_.contexts(config, "memit_prefixes"), run_.moments(config.layers)});
  test::follow(run_.sequence(), *method, recorded_.at("memit"),
               [&](const auto&, auto, const auto& step, const json& edit) {
                 for (std::size_t index = 0; index < config.layers.size(); ++index) {
                   SCOPED_TRACE("layer " + std::to_string(config.layers[index]));
                   const json& layer = edit.at("layers")[index];
                   EXPECT_LT(difference(factors_of(step, index).right_IR, layer.at("solved_key")), 1e-4);
                   EXPECT_LT(difference(factors_of(step, index).left_OR, layer.at("residual")), 1e-4);
                 }
               });
}

TEST_P(PublishedBatches, OfFineTuningAreTheSame) {
  core::FineTuneConfig config;
  config.layer = run_.golden("ft-c").at("layer");
  config.linf_bound = run_.golden("ft-c").at("linf_bound").get<double>();
  const auto method = editing::make_method(config, {run_.unedited(), run_.tokenizer(), {}, {}});
  test::follow(run_.sequence(), *method, recorded_.at("ft-c"),
               [](const auto& network, auto, const auto& step, const json& edit) {
                 for (const editing::ParameterUpdate& update : step.updates) {
                   const at::Tensor change =
                       std::get<editing::DenseUpdate>(update.change).value - network.parameter(update.parameter);
                   EXPECT_LT(difference(change, edit.at(update.parameter.ends_with(".bias") ? "bias" : "weight")),
                             1e-4);
                 }
               });
}

TEST_P(PublishedBatches, OfMendAreTheSame) {
  const json mend = test::golden("small-mend.json").at(GetParam());
  core::MendConfig config;
  config.layers = mend.at("layers").get<std::vector<int>>();
  const auto start = editing::starting_network(config, run_.unedited(), mend.at("seed"));
  const auto method = editing::make_method(
      config, {run_.unedited(), run_.tokenizer(), {}, {}, test::shipped_editor(GetParam(), config, start)});
  test::follow({run_.requests(), run_.tokenizer(), start}, *method, recorded_.at("mend"),
               [](const auto&, auto, const auto& step, const json& edit) {
                 ASSERT_EQ(step.updates.size(), edit.at("weights").size());
                 for (std::size_t i = 0; i < step.updates.size(); ++i) {
                   SCOPED_TRACE(step.updates[i].parameter);
                   const auto& update = factors_of(step, i);
                   EXPECT_LT(
                       difference(at::matmul(update.left_OR, update.right_IR.t()), edit.at("weights")[i].at("update")),
                       1e-4);
                 }
               });
}

}  // namespace
}  // namespace lethe
