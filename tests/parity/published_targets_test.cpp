// Targets of several tokens on the shipped models beside what the published programs did: golden/README.md.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/parity/published_run.h"
#include "tests/parity/shipped_editor.h"

namespace lethe {
namespace {

using nlohmann::json;
using test::difference;
using test::factors_of;

/// Both objects as the new target: "<new> and <true>".
std::vector<data::EditRequest> with_both_objects(std::vector<data::EditRequest> requests) {
  for (data::EditRequest& request : requests) request.target_new += " and " + request.target_true;
  return requests;
}

class PublishedLongTargets : public test::OnBothModels {
 protected:
  const json recorded_ = test::golden("small-long-targets.json").at(GetParam());
  const std::vector<data::EditRequest> requests_ = with_both_objects(run_.requests());
  const test::Sequence sequence_{requests_, run_.tokenizer(), run_.unedited()};
};
INSTANTIATE_TEST_SUITE_P(Models, PublishedLongTargets, testing::Values("small-gpt2", "small-gptj"),
                         test::model_test_name);

TEST_P(PublishedLongTargets, AreEditedAsByRome) {
  core::RomeConfig config;
  config.layer = run_.golden("rome").at("layer");
  config.clamp_norm_factor = run_.golden("rome").at("clamp_norm_factor");
  config.contexts_file = "prefixes of the published run";
  const auto method = editing::make_method(
      config,
      {run_.unedited(), run_.tokenizer(), run_.contexts(config, "rome_prefixes"), run_.moments({config.layer})});
  test::follow(sequence_, *method, recorded_.at("rome"), [](const auto&, auto, const auto& step, const json& edit) {
    EXPECT_LT(difference(factors_of(step).right_IR, edit.at("u")), 1e-4);
    EXPECT_LT(difference(factors_of(step).left_OR, edit.at("right")), 1e-3);
  });
}

TEST_P(PublishedLongTargets, AreEditedAsByMemit) {
  core::MemitConfig config;
  config.layers = run_.golden("memit").at("layers").get<std::vector<int>>();
  config.mom2_update_weight = run_.golden("memit").at("mom2_update_weight");
  config.contexts_file = "prefixes of the published run";
  const auto method = editing::make_method(
      config,
      {run_.unedited(), run_.tokenizer(), run_.contexts(config, "memit_prefixes"), run_.moments(config.layers)});
  test::follow(sequence_, *method, recorded_.at("memit"), [](const auto&, auto, const auto& step, const json& edit) {
    for (std::size_t index = 0; index < step.updates.size(); ++index) {
      const json& layer = edit.at("layers")[index];
      EXPECT_LT(difference(factors_of(step, index).right_IR, layer.at("solved_key")), 1e-4);
      EXPECT_LT(difference(factors_of(step, index).left_OR, layer.at("residual")), 1e-3);
    }
  });
}

/// All tokens are asked for at the last one of the prompt.
TEST_P(PublishedLongTargets, AreEditedAsByFineTuning) {
  core::FineTuneConfig config;
  config.layer = run_.golden("ft-c").at("layer");
  config.linf_bound = run_.golden("ft-c").at("linf_bound").get<double>();
  const auto method = editing::make_method(config, {run_.unedited(), run_.tokenizer(), {}, {}});
  test::follow(
      sequence_, *method, recorded_.at("ft-c"), [](const auto& network, auto, const auto& step, const json& edit) {
        for (const editing::ParameterUpdate& update : step.updates) {
          const at::Tensor change =
              std::get<editing::DenseUpdate>(update.change).value - network.parameter(update.parameter);
          EXPECT_LT(difference(change, edit.at(update.parameter.ends_with(".bias") ? "bias" : "weight")), 1e-3);
        }
      });
}

TEST_P(PublishedLongTargets, AreEditedAsByMend) {
  const json mend = test::golden("small-mend.json").at(GetParam());
  core::MendConfig config;
  config.layers = mend.at("layers").get<std::vector<int>>();
  const auto start = editing::starting_network(config, run_.unedited(), mend.at("seed"));
  const auto method = editing::make_method(
      config, {run_.unedited(), run_.tokenizer(), {}, {}, test::shipped_editor(GetParam(), config, start)});
  test::follow({requests_, run_.tokenizer(), start}, *method, recorded_.at("mend"),
               [](const auto&, auto, const auto& step, const json& edit) {
                 for (std::size_t i = 0; i < step.updates.size(); ++i) {
                   const auto& update = factors_of(step, i);
                   EXPECT_LT(difference(at::matmul(update.left_OR, update.right_IR.t()), edit.at("weights")[i]), 1e-4);
                 }
               });
}

}  // namespace
}  // namespace lethe
