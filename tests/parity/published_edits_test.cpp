// Sequential edits of the shipped models, step by step beside what the published programs did: golden/README.md.

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "data/corpus.h"
#include "data/counterfact.h"
#include "editing/edit_method.h"
#include "editing/memit.h"
#include "editing/rome_forward.h"
#include "editing/rome_prompts.h"
#include "editing/second_moments.h"
#include "metrics/rewrite_scores.h"
#include "model/weights.h"
#include "tests/parity/golden.h"
#include "tests/support/test_device.h"

// Legend: F inner width, D width, N entries that are recorded of a vector or matrix.

namespace lethe {
namespace {

using nlohmann::json;
using test::source_path;

/// A shipped model with what the published run was given, and the numbers of that run.
class PublishedRun {
 public:
  explicit PublishedRun(const std::string& model)
      : golden_(test::golden(model + ".json")),
        tokenizer_(model::Tokenizer::from_folder(source_path("assets") / model)),
        network_(model::load_weights(source_path("assets") / model, test::test_device())) {
    std::map<std::int64_t, data::EditRequest> by_case;
    for (auto& request : data::read_counterfact(source_path("assets/world/counterfact.json"))) {
      by_case[request.case_id] = request;
    }
    for (const std::int64_t case_id : golden_.at("cases")) requests_.push_back(by_case.at(case_id));
  }

  [[nodiscard]] const json& golden(const std::string& method) const { return golden_.at(method); }
  [[nodiscard]] const std::vector<data::EditRequest>& requests() const { return requests_; }
  [[nodiscard]] const model::Tokenizer& tokenizer() const { return tokenizer_; }
  [[nodiscard]] const model::Network& unedited() const { return network_; }

  [[nodiscard]] editing::EditContexts contexts(const core::MethodConfig& config, const char* list) const {
    return editing::make_contexts(config, network_, tokenizer_, 0, golden_.at(list).get<std::vector<std::string>>());
  }

  /// Second moments over the documents that both sides read.
  [[nodiscard]] std::map<int, editing::SecondMoment> moments(const std::vector<int>& layers) const {
    const auto documents = data::read_corpus(source_path("assets/world/corpus.txt"), golden_.at("documents"));
    editing::SecondMomentAccumulator sums(network_, layers);
    for (const auto& rows : editing::pack_documents(documents, tokenizer_, 128, 4096)) {
      sums.add(model::pad_rows(rows, test::test_device()));
    }
    EXPECT_EQ(sums.count(), golden_.at("document_tokens").get<std::int64_t>());
    return sums.finish();
  }

 private:
  json golden_;
  model::Tokenizer tokenizer_;
  model::Network network_;
  std::vector<data::EditRequest> requests_;
};

const PublishedRun& run_of(const std::string& model) {
  static std::map<std::string, std::unique_ptr<PublishedRun>> runs;
  auto& run = runs[model];
  if (!run) run = std::make_unique<PublishedRun>(model);
  return *run;
}

/// Difference relative to the recorded entries' norm. A record holds `stride` and the entries 0, stride, 2 stride, ...
/// of the flattened tensor.
double difference(const at::Tensor& actual, const json& record) {
  const at::Tensor expected_N = at::tensor(record.at("entries").get<std::vector<double>>(), at::kDouble);
  const at::Tensor flat = actual.detach().to(at::kCPU, at::kDouble).flatten();
  const at::Tensor actual_N = flat.slice(0, 0, flat.numel(), record.at("stride").get<std::int64_t>());
  return (actual_N - expected_N).norm().item<double>() / expected_N.norm().item<double>();
}

/// The first four losses of an optimisation to 1e-4, all of them to 1e-2: rounding grows with every step of Adam.
void expect_losses(const std::vector<float>& actual, const json& recorded) {
  ASSERT_EQ(actual.size(), recorded.size());
  for (std::size_t step = 0; step < actual.size(); ++step) {
    const double expected = recorded[step].get<double>();
    EXPECT_NEAR(actual[step], expected, expected * (step < 4 ? 1e-4 : 1e-2)) << "step " << step;
  }
}

/// NLLs to 1e-4 of the larger of 1 nat and their size; flags equal but where the margin says that rounding decides.
void expect_score(const core::PromptScore& score, const json& nll, bool is_correct) {
  const auto near = [](float actual, double expected) {
    EXPECT_NEAR(actual, expected, 1e-4 * std::max(1.0, std::abs(expected)));
  };
  near(score.nll_new, nll[0]);
  near(score.nll_true, nll[1]);
  if (std::abs(score.margin) >= 1e-4F) {
    EXPECT_EQ(score.is_correct, is_correct);
  }
  const double lead = nll[0].get<double>() - nll[1].get<double>();
  if (std::abs(lead) >= 1e-4) {
    EXPECT_EQ(score.nll_new < score.nll_true, lead < 0);
  }
}

void expect_scores(const PublishedRun& run, const model::Network& edited, std::size_t index, const json& edit) {
  const auto scores = metrics::score_requests(edited, run.tokenizer(), std::span(&run.requests()[index], 1)).at(0);
  ASSERT_EQ(scores.size(), edit.at("nll").size());
  for (std::size_t prompt = 0; prompt < scores.size(); ++prompt) {
    SCOPED_TRACE("prompt " + std::to_string(prompt));
    expect_score(scores[prompt], edit.at("nll")[prompt], edit.at("correct")[prompt].get<int>() != 0);
  }
}

/// What a forgetting reduction asks after the last edit: every edit's own prompt.
void expect_forgetting(const PublishedRun& run, const model::Network& edited, const json& recorded) {
  metrics::ScoreOptions options;
  options.rewrite_only = true;
  const auto scores = metrics::score_requests(edited, run.tokenizer(),
                                              std::span(run.requests()).first(recorded.at("nll").size()), options);
  for (std::size_t index = 0; index < scores.size(); ++index) {
    SCOPED_TRACE("edit " + std::to_string(index + 1) + " asked at the end");
    expect_score(scores[index].at(0), recorded.at("nll")[index], recorded.at("correct")[index].get<int>() != 0);
  }
}

using CheckEdit = std::function<void(const model::Network&, const data::EditRequest&, const editing::EditStep&,
                                     const json& recorded)>;

/// Edits one after the other; `check` sees each before it is applied, its scores are compared after.
void follow(const PublishedRun& run, const editing::EditMethod& method, const json& recorded, const CheckEdit& check) {
  model::Network network = run.unedited();
  for (std::size_t index = 0; index < recorded.at("edits").size(); ++index) {
    SCOPED_TRACE("edit " + std::to_string(index + 1));
    const json& edit = recorded.at("edits")[index];
    const data::EditRequest& request = run.requests().at(index);
    const auto outcome = method.compute(network, std::span(&request, 1));
    const auto& step = std::get<editing::EditStep>(outcome);
    expect_losses(step.losses, edit.at("losses"));
    check(network, request, step, edit);
    editing::apply_updates(network, step.updates);
    expect_scores(run, network, index, edit);
  }
  expect_forgetting(run, network, recorded.at("forgetting"));
}

const editing::LowRankUpdate& factors_of(const editing::EditStep& step, std::size_t index = 0) {
  return std::get<editing::LowRankUpdate>(step.updates.at(index).change);
}

class PublishedEdits : public testing::TestWithParam<const char*> {
 protected:
  const PublishedRun& run_ = run_of(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Models, PublishedEdits, testing::Values("small-gpt2", "small-gptj"), [](const auto& param) {
  return std::string(param.param).substr(std::string("small-").size());
});

TEST_P(PublishedEdits, RomeComputesTheSameSequence) {
  const json& recorded = run_.golden("rome");
  core::RomeConfig config;
  config.layer = recorded.at("layer");
  config.clamp_norm_factor = recorded.at("clamp_norm_factor");
  config.contexts_file = "prefixes of the published run";
  const auto contexts = run_.contexts(config, "rome_prefixes");
  const auto method =
      editing::make_method(config, {run_.unedited(), run_.tokenizer(), contexts, run_.moments({config.layer})});
  follow(run_, *method, recorded, [&](const auto& network, const auto& request, const auto& step, const json& edit) {
    const auto prompts = editing::make_rome_prompts(config, contexts, request, run_.tokenizer(), 128);
    const auto forward = editing::suffix_forward(network, prompts, config.layer);
    const editing::SubjectStates& states = forward->subject_states();
    EXPECT_LT(difference(states.keys_CF.mean(0), edit.at("kbar")), 1e-4);
    EXPECT_LT(difference(states.keys_CF[0], edit.at("k0")), 1e-4);
    EXPECT_LT(difference(forward->initial_value(), edit.at("v0")), 1e-4);
    EXPECT_LT(difference(factors_of(step).right_IR, edit.at("u")), 1e-4);
    EXPECT_LT(difference(factors_of(step).left_OR, edit.at("right")), 1e-2);
  });
}

TEST_P(PublishedEdits, RRomeComputesTheSameSequence) {
  const json& recorded = run_.golden("r-rome");
  core::RRomeConfig config;
  config.layer = recorded.at("layer");
  config.clamp_norm_factor = recorded.at("clamp_norm_factor");
  config.contexts_file = "prefixes of the published run";
  const auto method = editing::make_method(
      config,
      {run_.unedited(), run_.tokenizer(), run_.contexts(config, "rome_prefixes"), run_.moments({config.layer})});
  follow(run_, *method, recorded, [](const auto&, const auto&, const auto& step, const json& edit) {
    EXPECT_LT(difference(factors_of(step).right_IR, edit.at("u")), 1e-4);
    EXPECT_LT(difference(factors_of(step).left_OR, edit.at("right")), 1e-2);
  });
}

TEST_P(PublishedEdits, MemitComputesTheSameSequence) {
  const json& recorded = run_.golden("memit");
  core::MemitConfig config;
  config.layers = recorded.at("layers").get<std::vector<int>>();
  config.clamp_norm_factor = recorded.at("clamp_norm_factor");
  config.mom2_update_weight = recorded.at("mom2_update_weight");
  config.contexts_file = "prefixes of the published run";
  const auto contexts = run_.contexts(config, "memit_prefixes");
  const auto method =
      editing::make_method(config, {run_.unedited(), run_.tokenizer(), contexts, run_.moments(config.layers)});
  follow(run_, *method, recorded, [&](const auto& network, const auto& request, const auto& step, const json& edit) {
    const auto prompts = editing::make_rome_prompts(config, contexts, request, run_.tokenizer(), 128);
    const auto forward = editing::suffix_forward(network, prompts, config.layers.back(),
                                                 {editing::ValueSite::kBlockOutput, config.layers.front()});
    const at::Tensor key_F = editing::weighted_key(forward->subject_states().keys_CF, config.key_weights);
    EXPECT_LT(difference(key_F, edit.at("key")), 1e-4);
    EXPECT_LT(difference(forward->initial_value(), edit.at("h0")), 1e-4);
    for (std::size_t index = 0; index < config.layers.size(); ++index) {
      SCOPED_TRACE("layer " + std::to_string(config.layers[index]));
      const json& layer = edit.at("layers")[index];
      EXPECT_LT(difference(factors_of(step, index).right_IR, layer.at("solved_key")), 1e-4);
      EXPECT_LT(difference(factors_of(step, index).left_OR, layer.at("residual")), 1e-2);
    }
  });
}

TEST_P(PublishedEdits, FineTuningComputesTheSameSequence) {
  const json& recorded = run_.golden("ft-c");
  core::FineTuneConfig config;
  config.layer = recorded.at("layer");
  config.linf_bound = recorded.at("linf_bound").get<double>();
  const auto method = editing::make_method(config, {run_.unedited(), run_.tokenizer(), {}, {}});
  follow(run_, *method, recorded, [](const auto& network, const auto&, const auto& step, const json& edit) {
    for (const editing::ParameterUpdate& update : step.updates) {
      const at::Tensor change =
          std::get<editing::DenseUpdate>(update.change).value - network.parameter(update.parameter);
      EXPECT_LT(difference(change, edit.at(update.parameter.ends_with(".bias") ? "bias" : "weight")), 1e-4);
    }
  });
}

}  // namespace
}  // namespace lethe
