// Sequential edits of AlphaEdit and of MEMIT with its cache of keys beside what the published programs did, in fp32 and
// in fp64: golden/README.md.

#include <algorithm>
#include <cmath>
#include <map>

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

/// Of AlphaEdit's first four losses in fp32. Rounding that each kind of processor does in its own way is carried on by
/// the sequence: at the first step of small-gpt2's seventh edit 1.04e-4 was seen on a processor with AVX-512 (OpenBLAS
/// 0.3.21, one thread), the same at each run; the recordings are from one without. MEMIT with its cache, and AlphaEdit
/// in fp64, keep the shared tolerance.
constexpr double kAlphaEditLossTolerance = 3e-4;

/// A recorded run, and checks of a sequence beside it. The worst differences become properties of the test's report.
class AlphaEditRun : public testing::Test {
 protected:
  AlphaEditRun(const char* model, json recorded, torch::Dtype dtype, double tolerance)
      : run_(model, std::move(recorded), dtype), tolerance_(tolerance) {}
  ~AlphaEditRun() override {
    for (const auto& [name, value] : worst_) RecordProperty(name, std::to_string(value * 1e12) + "e-12");
  }

  test::PublishedRun run_;

  void expect_near(const std::string& what, double difference) const {
    auto& worst = worst_[what];
    worst = std::max(worst, difference);
    EXPECT_LT(difference, tolerance_) << what;
  }

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
    return editing::make_method(
        config, {run_.unedited(), run_.tokenizer(), contexts, {}, {{editing::kProjectorKind, projectors(recorded)}}});
  }

  [[nodiscard]] std::unique_ptr<editing::EditMethod> memit_seq(const json& recorded) const {
    auto config = spread_config<editing::MemitSeqConfig>(recorded);
    config.mom2_update_weight = recorded.at("mom2_update_weight");
    const auto contexts = run_.contexts(editing::method_config(config), "memit_prefixes");
    return editing::make_method(config, {run_.unedited(), run_.tokenizer(), contexts, run_.moments(config.layers)});
  }

  /// A layer's change since the start.
  void expect_final(const model::Network& edited, const json& recorded, const std::vector<int>& layers) const {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto name = edited.architecture().down_projection(layers[i]).weight;
      const auto change = (edited.parameter(name) - run_.unedited().parameter(name)).to(at::kDouble);
      const auto& final = recorded[i];
      expect_near("final_norm", std::abs(change.norm().item<double>() / final.at("norm").get<double>() - 1.0));
      const auto probe = test::uniform_matrix("alphaedit probe", change.size(1), 2).to(change.options());
      expect_near("final_probe", difference(change.mm(probe), final.at("probe")));
    }
  }

  void expect_factors(const editing::EditStep& step, const json& edit) const {
    ASSERT_EQ(step.updates.size(), edit.at("layers").size());
    for (std::size_t i = 0; i < step.updates.size(); ++i) {
      SCOPED_TRACE(step.updates[i].parameter);
      const auto& recorded = edit.at("layers")[i];
      expect_near("residual", difference(factors_of(step, i).left_OR, recorded.at("residual")));
      if (recorded.contains("solved_key")) {
        expect_near("x_layer_" + std::to_string(i),
                    difference(factors_of(step, i).right_IR, recorded.at("solved_key")));
      } else {
        const auto update = factors_of(step, i).left_OR.mm(factors_of(step, i).right_IR.t());
        expect_near("update_layer_" + std::to_string(i), difference(update, recorded.at("update")));
      }
    }
  }

  void follow(const editing::EditMethod& method, const json& recorded, double loss_tolerance) const {
    const auto edited = test::follow(
        run_.sequence(), method, recorded,
        [&](const auto&, auto, const auto& step, const json& edit) { expect_factors(step, edit); }, loss_tolerance);
    expect_final(edited, recorded.at("final"), recorded.at("layers").get<std::vector<int>>());
  }

 private:
  double tolerance_;
  mutable std::map<std::string, double> worst_;
};

class PublishedAlphaEdit : public AlphaEditRun, public testing::WithParamInterface<Recorded> {
 protected:
  PublishedAlphaEdit()
      : AlphaEditRun(GetParam().model, test::golden(GetParam().file), GetParam().dtype, GetParam().tolerance) {}

  static double loss_tolerance() {
    return GetParam().dtype == torch::kFloat32 ? kAlphaEditLossTolerance : test::kLossTolerance;
  }
};

INSTANTIATE_TEST_SUITE_P(
    Models, PublishedAlphaEdit,
    testing::Values(Recorded{"small-gpt2", "small-gpt2-alphaedit.json", torch::kFloat32, 5e-4},
                    Recorded{"small-gptj", "small-gptj-alphaedit.json", torch::kFloat32, 5e-4},
                    Recorded{"small-gpt2", "small-gpt2-alphaedit-fp64.json", torch::kFloat64, 1e-9},
                    Recorded{"small-gptj", "small-gptj-alphaedit-fp64.json", torch::kFloat64, 1e-9}),
    [](const auto& param) {
      const std::string precision = param.param.dtype == torch::kFloat64 ? "Fp64" : "Fp32";
      return std::string(param.param.model).substr(std::string("small-").size()) + precision;
    });

TEST_P(PublishedAlphaEdit, ThirtyEditsAreTheSame) {
  const auto& recorded = run_.golden("alphaedit");
  follow(*alphaedit(recorded), recorded, loss_tolerance());
}

TEST_P(PublishedAlphaEdit, ThreeStepsOfTenAreTheSame) {
  const auto& recorded = run_.golden("alphaedit-steps");
  follow(*alphaedit(recorded), recorded, loss_tolerance());
}

/// More keys than the projectors' ranks and than d_ff, across the history's folds into a dense factor.
class PublishedLongAlphaEdit : public AlphaEditRun {
 protected:
  PublishedLongAlphaEdit()
      : AlphaEditRun("small-gpt2", test::golden("small-alphaedit-long.json").at("small-gpt2").at("long-alphaedit"),
                     torch::kFloat64, 1e-8) {}
};

TEST_F(PublishedLongAlphaEdit, SixHundredEditsAreTheSame) {
  const json recorded = test::golden("small-alphaedit-long.json").at("small-gpt2").at("long-alphaedit");
  const auto method = alphaedit(recorded);
  const auto history = method->begin();
  auto network = run_.unedited();
  auto mark = recorded.at("marks").begin();
  std::int64_t number = 0;
  for (const auto& request : run_.requests()) {
    const auto [outcome, increment] = method->compute_after(history.get(), network, std::span(&request, 1));
    method->fold(*history, increment);
    const auto& step = std::get<editing::EditStep>(outcome);
    editing::apply_updates(network, step.updates);
    if (++number != mark->at("edit").get<std::int64_t>()) continue;
    SCOPED_TRACE("edit " + std::to_string(number));
    for (std::size_t i = 0; i < step.updates.size(); ++i) {
      expect_near("x", difference(factors_of(step, i).right_IR, mark->at("solved_key")[i]));
      expect_near("residual", difference(factors_of(step, i).left_OR, mark->at("residual")[i]));
    }
    expect_final(network, mark->at("final"), recorded.at("layers").get<std::vector<int>>());
    if (++mark == recorded.at("marks").end()) break;
  }
  EXPECT_EQ(mark, recorded.at("marks").end());
}

TEST_P(PublishedAlphaEdit, ThirtyEditsOfMemitWithItsCacheAreTheSame) {
  const auto& recorded = run_.golden("memit-seq");
  follow(*memit_seq(recorded), recorded, test::kLossTolerance);
}

}  // namespace
}  // namespace lethe
