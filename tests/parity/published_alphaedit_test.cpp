// Sequential edits of AlphaEdit and of MEMIT with its cache of keys beside what the published programs did, in fp32 and
// in fp64: golden/README.md.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "editing/alphaedit/alphaedit.h"
#include "tests/parity/published_run.h"
#include "tests/support/test_device.h"
#include "tests/support/uniform_weights.h"

namespace lethe {
namespace {

using nlohmann::json;
using test::difference;
using test::factors_of;

struct Recorded {
  const char* model;
  const char* file;
  torch::Dtype dtype;
  /// Of factors and final weights. The published program in fp32 is up to 7.1e-5 from itself in fp64.
  double tolerance;
};

class PublishedAlphaEdit : public testing::TestWithParam<Recorded> {
 protected:
  test::PublishedRun run_{GetParam().model, GetParam().file, GetParam().dtype};

  [[nodiscard]] double tolerance() const { return GetParam().tolerance; }

  template <typename Config>
  [[nodiscard]] Config spread_config(const json& recorded) const {
    Config config;
    config.layers = recorded.at("layers").get<std::vector<int>>();
    config.clamp_norm_factor = recorded.at("clamp_norm_factor");
    config.batch_size = recorded.value("batch", 1);
    config.contexts_file = "prefixes of the published run";
    return config;
  }

  /// The projectors of the recorded ranks.
  [[nodiscard]] std::shared_ptr<const editing::Artifact> projectors(const json& recorded) const {
    const auto layers = recorded.at("layers").get<std::vector<int>>();
    editing::NullSpaces spaces;
    for (const auto& [layer, moment] : run_.moments(layers)) {
      spaces.emplace(layer, editing::NullSpace(moment, layer, recorded.at("nullspace_threshold"), test::test_device()));
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
      EXPECT_EQ(spaces.at(layers[i]).rank(), recorded.at("ranks")[i].get<std::int64_t>());
    }
    return std::make_shared<const editing::ArtifactOf<editing::NullSpaces>>(std::move(spaces));
  }

  [[nodiscard]] std::unique_ptr<editing::EditMethod> alphaedit(const json& recorded) const {
    auto config = spread_config<editing::AlphaEditConfig>(recorded);
    config.nullspace_threshold = recorded.at("nullspace_threshold");
    config.l2 = recorded.at("L2");
    config.v_num_grad_steps = recorded.value("v_num_grad_steps", config.v_num_grad_steps);
    const auto contexts = run_.contexts(editing::method_config(config), "memit_prefixes");
    return editing::make_method(config, {run_.unedited(), run_.tokenizer(), contexts, {},
                                         {{editing::kProjectorKind, projectors(recorded)}}});
  }

  [[nodiscard]] std::unique_ptr<editing::EditMethod> memit_seq(const json& recorded) const {
    auto config = spread_config<editing::MemitSeqConfig>(recorded);
    config.mom2_update_weight = recorded.at("mom2_update_weight");
    const auto contexts = run_.contexts(editing::method_config(config), "memit_prefixes");
    return editing::make_method(config,
                                {run_.unedited(), run_.tokenizer(), contexts, run_.moments(config.layers)});
  }

  /// A layer's change since the start.
  void expect_final(const model::Network& edited, const json& recorded) const {
    const auto layers = recorded.at("layers").get<std::vector<int>>();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto name = edited.architecture().down_projection(layers[i]).weight;
      const auto change = (edited.parameter(name) - run_.unedited().parameter(name)).to(at::kDouble);
      const auto& final = recorded.at("final")[i];
      EXPECT_NEAR(change.norm().item<double>() / final.at("norm").get<double>(), 1.0, tolerance());
      const auto probe = test::uniform_matrix("alphaedit probe", change.size(1), 2).to(change.options());
      EXPECT_LT(difference(change.mm(probe), final.at("probe")), tolerance());
    }
  }

  void expect_factors(const editing::EditStep& step, const json& edit) const {
    ASSERT_EQ(step.updates.size(), edit.at("layers").size());
    for (std::size_t i = 0; i < step.updates.size(); ++i) {
      SCOPED_TRACE(step.updates[i].parameter);
      const auto& recorded = edit.at("layers")[i];
      EXPECT_LT(difference(factors_of(step, i).left_OR, recorded.at("residual")), tolerance());
      if (recorded.contains("solved_key")) {
        EXPECT_LT(difference(factors_of(step, i).right_IR, recorded.at("solved_key")), tolerance());
      } else {
        const auto update = factors_of(step, i).left_OR.mm(factors_of(step, i).right_IR.t());
        EXPECT_LT(difference(update, recorded.at("update")), tolerance());
      }
    }
  }

  void follow(const editing::EditMethod& method, const json& recorded) const {
    const auto edited = test::follow(
        run_.sequence(), method, recorded,
        [&](const auto&, auto, const auto& step, const json& edit) { expect_factors(step, edit); });
    expect_final(edited, recorded);
  }
};

INSTANTIATE_TEST_SUITE_P(Models, PublishedAlphaEdit,
                         testing::Values(Recorded{"small-gpt2", "small-gpt2-alphaedit.json", torch::kFloat32, 5e-4},
                                         Recorded{"small-gptj", "small-gptj-alphaedit.json", torch::kFloat32, 5e-4},
                                         Recorded{"small-gpt2", "small-gpt2-alphaedit-fp64.json", torch::kFloat64, 1e-9},
                                         Recorded{"small-gptj", "small-gptj-alphaedit-fp64.json", torch::kFloat64,
                                                  1e-9}),
                         [](const auto& param) {
                           const std::string precision = param.param.dtype == torch::kFloat64 ? "Fp64" : "Fp32";
                           return std::string(param.param.model).substr(std::string("small-").size()) + precision;
                         });

TEST_P(PublishedAlphaEdit, ThirtyEditsAreTheSame) {
  const auto& recorded = run_.golden("alphaedit");
  follow(*alphaedit(recorded), recorded);
}

TEST_P(PublishedAlphaEdit, ThreeStepsOfTenAreTheSame) {
  const auto& recorded = run_.golden("alphaedit-steps");
  follow(*alphaedit(recorded), recorded);
}

TEST_P(PublishedAlphaEdit, ThirtyEditsOfMemitWithItsCacheAreTheSame) {
  const auto& recorded = run_.golden("memit-seq");
  follow(*memit_seq(recorded), recorded);
}

}  // namespace
}  // namespace lethe
