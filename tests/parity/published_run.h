#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/metric_record.h"
#include "editing/edit_method.h"
#include "editing/fine_tune/fine_tune_config.h"
#include "editing/memit/memit_config.h"
#include "editing/methods/settings_of.h"
#include "editing/rome/rome_config.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"
#include "tests/parity/golden.h"

// Legend: F inner width, D width, N entries that are recorded of a vector or matrix.

namespace lethe::test {

/// Facts to edit one after the other from a network; a recorded sequence uses the first of them.
struct Sequence {
  std::span<const data::EditRequest> requests;
  const model::Tokenizer& tokenizer;
  const model::Network& start;
};

/// A model with what the published run was given, and the numbers of that run.
class PublishedRun {
 public:
  /// The facts are those of `recorded`'s cases in the world's records; prefixes and documents are its own, too.
  PublishedRun(nlohmann::json recorded, model::Tokenizer tokenizer, model::Network network);
  /// A run of a shipped model.
  explicit PublishedRun(const std::string& model);
  /// A run of the same model recorded elsewhere, in another precision perhaps; prefixes are those of the first one.
  PublishedRun(const std::string& model, nlohmann::json recorded, torch::Dtype dtype);

  [[nodiscard]] const nlohmann::json& golden(const std::string& method) const { return golden_.at(method); }
  [[nodiscard]] const std::vector<data::EditRequest>& requests() const { return requests_; }
  [[nodiscard]] const model::Tokenizer& tokenizer() const { return tokenizer_; }
  [[nodiscard]] const model::Network& unedited() const { return network_; }

  /// The settings of its sequences.
  [[nodiscard]] editing::RomeConfig rome() const;
  /// Of its single edits, or of its steps of several facts.
  [[nodiscard]] editing::MemitConfig memit(const std::string& method = "memit") const;
  [[nodiscard]] editing::FineTuneConfig fine_tune() const;

  /// As a method sees it that starts from the unedited network.
  [[nodiscard]] Sequence sequence() const;
  [[nodiscard]] editing::EditContexts contexts(const core::MethodConfig& config, const char* list) const;
  /// Second moments over the documents that both sides read.
  [[nodiscard]] std::map<int, editing::SecondMoment> moments(const std::vector<int>& layers) const;

 private:
  nlohmann::json golden_;
  model::Tokenizer tokenizer_;
  model::Network network_;
  std::vector<data::EditRequest> requests_;
};

/// Reads a run once. `model`: "small-gpt2" or "small-gptj".
const PublishedRun& run_of(const std::string& model);

/// Tests that run on both shipped models.
class OnBothModels : public testing::TestWithParam<const char*> {
 protected:
  const PublishedRun& run_ = run_of(GetParam());
};
std::string model_test_name(const testing::TestParamInfo<const char*>& param);

/// Difference relative to the recorded entries' norm, itself where they are all zero. A record holds `stride` and the
/// entries 0, stride, 2 stride, ... of the flattened tensor.
double difference(const at::Tensor& actual, const nlohmann::json& record);

/// Of the first four losses of an optimisation, relative.
inline constexpr double kLossTolerance = 1e-4;

/// The first four losses of an optimisation to `tolerance`, all of them to 1e-2: rounding grows with every step of
/// Adam.
void expect_losses(const std::vector<float>& actual, const nlohmann::json& recorded, double tolerance = kLossTolerance);

/// NLLs of prompts to 1e-4 of the larger of 1 nat and their size; flags and decisions equal but where the margin says
/// that rounding decides.
void expect_scores(std::span<const core::PromptScore> scores, const nlohmann::json& recorded);

/// Of a step's own optimisation, or of those of its requests.
void expect_step_losses(const editing::EditStep& step, const nlohmann::json& recorded,
                        double tolerance = kLossTolerance);

using CheckStep = std::function<void(const model::Network&, std::span<const data::EditRequest>,
                                     const editing::EditStep&, const nlohmann::json& recorded)>;

/// Edits one after the other, `batch` facts a step; `check` sees each before it is applied, its scores are compared
/// after, and what is asked again after the last.
/// Returns the edited network.
model::Network follow(const Sequence& sequence, const editing::EditMethod& method, const nlohmann::json& recorded,
                      const CheckStep& check, double loss_tolerance = kLossTolerance);

const editing::LowRankUpdate& factors_of(const editing::EditStep& step, std::size_t index = 0);

// Checks of a step beside a recorded one, by relative difference.

/// ROME's u to 1e-4, and the update's other factor.
void expect_rank_one(const editing::EditStep& step, const nlohmann::json& edit, double tolerance);
/// Every layer's solved key to 1e-4, and its share of the residual.
void expect_layers(const editing::EditStep& step, const nlohmann::json& edit, double tolerance);
/// Changes of weight and bias from where the step began.
void expect_dense_changes(const model::Network& before, const editing::EditStep& step, const nlohmann::json& edit,
                          double tolerance);

}  // namespace lethe::test
