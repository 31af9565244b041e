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
  const editing::RomeConfig config = run_.rome();
  const auto method = editing::make_method(
      config, {run_.unedited(), run_.tokenizer(), run_.contexts(editing::method_config(config), "rome_prefixes"),
               run_.moments({config.layer})});
  test::follow(sequence_, *method, recorded_.at("rome"),
               [](const auto&, auto, const auto& step, const json& edit) { test::expect_rank_one(step, edit, 1e-3); });
}

TEST_P(PublishedLongTargets, AreEditedAsByMemit) {
  const editing::MemitConfig config = run_.memit();
  const auto method = editing::make_method(
      config, {run_.unedited(), run_.tokenizer(), run_.contexts(editing::method_config(config), "memit_prefixes"),
               run_.moments(config.layers)});
  test::follow(sequence_, *method, recorded_.at("memit"),
               [](const auto&, auto, const auto& step, const json& edit) { test::expect_layers(step, edit, 1e-3); });
}

/// All tokens are asked for at the last one of the prompt.
TEST_P(PublishedLongTargets, AreEditedAsByFineTuning) {
  const editing::FineTuneConfig config = run_.fine_tune();
  const auto method = editing::make_method(config, {run_.unedited(), run_.tokenizer(), {}, {}});
  test::follow(sequence_, *method, recorded_.at("ft-c"),
               [](const auto& network, auto, const auto& step, const json& edit) {
                 test::expect_dense_changes(network, step, edit, 1e-3);
               });
}

TEST_P(PublishedLongTargets, AreEditedAsByMend) {
  const auto mend = test::shipped_mend(GetParam(), run_);
  test::follow({requests_, run_.tokenizer(), mend.start}, *mend.method, recorded_.at("mend"),
               [](const auto&, auto, const auto& step, const json& edit) {
                 for (std::size_t i = 0; i < step.updates.size(); ++i) {
                   const auto& update = factors_of(step, i);
                   EXPECT_LT(difference(at::matmul(update.left_OR, update.right_IR.t()), edit.at("weights")[i]), 1e-4);
                 }
               });
}

}  // namespace
}  // namespace lethe
