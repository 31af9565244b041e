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
  const editing::MemitConfig config = run_.memit();
  const auto method = editing::make_method(
      config, {run_.unedited(), run_.tokenizer(), run_.contexts(editing::method_config(config), "memit_prefixes"),
               run_.moments(config.layers)});
  test::follow(run_.sequence(), *method, recorded_.at("memit"),
               [&](const auto&, auto, const auto& step, const json& edit) { test::expect_layers(step, edit, 1e-4); });
}

TEST_P(PublishedBatches, OfFineTuningAreTheSame) {
  const editing::FineTuneConfig config = run_.fine_tune();
  const auto method = editing::make_method(config, {run_.unedited(), run_.tokenizer(), {}, {}});
  test::follow(run_.sequence(), *method, recorded_.at("ft-c"),
               [](const auto& network, auto, const auto& step, const json& edit) {
                 test::expect_dense_changes(network, step, edit, 1e-4);
               });
}

TEST_P(PublishedBatches, OfMendAreTheSame) {
  const auto mend = test::shipped_mend(GetParam(), run_);
  test::follow({run_.requests(), run_.tokenizer(), mend.start}, *mend.method, recorded_.at("mend"),
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
