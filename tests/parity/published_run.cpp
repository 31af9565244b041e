#include "tests/parity/published_run.h"

#include <cmath>
#include <memory>

#include "data/corpus.h"
#include "data/counterfact.h"
#include "editing/second_moments.h"
#include "metrics/rewrite_scores.h"
#include "model/weights.h"
#include "tests/support/test_device.h"

namespace lethe::test {
namespace {

using nlohmann::json;

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

std::vector<core::PromptScore> flattened(const std::vector<std::vector<core::PromptScore>>& scores) {
  std::vector<core::PromptScore> all;
  for (const auto& of_request : scores) all.insert(all.end(), of_request.begin(), of_request.end());
  return all;
}

/// A shipped model's weights, cast.
std::shared_ptr<const model::Weights> weights_in(torch::Dtype dtype, const std::string& model) {
  const auto weights = model::load_weights(source_path("assets") / model, test_device());
  auto tensors = weights->all_held();
  for (auto& [name, tensor] : tensors) tensor = tensor.to(dtype);
  return std::make_shared<const model::Weights>(weights->architecture(), std::move(tensors));
}

/// `recorded` with the prefixes that a shipped model's first recording holds.
json with_prefixes(json recorded, const std::string& model) {
  const auto prefixes = test::golden(model + ".json");
  for (const char* list : {"rome_prefixes", "memit_prefixes"}) recorded[list] = prefixes.at(list);
  return recorded;
}

}  // namespace

PublishedRun::PublishedRun(json recorded, model::Tokenizer tokenizer, model::Network network)
    : golden_(std::move(recorded)), tokenizer_(std::move(tokenizer)), network_(std::move(network)) {
  std::map<std::int64_t, data::EditRequest> by_case;
  for (auto& request : data::read_counterfact(source_path("assets/world/counterfact.json"))) {
    by_case[request.case_id] = request;
  }
  for (const std::int64_t case_id : golden_.at("cases")) requests_.push_back(by_case.at(case_id));
}

PublishedRun::PublishedRun(const std::string& model)
    : PublishedRun(model, test::golden(model + ".json"), torch::kFloat32) {}

PublishedRun::PublishedRun(const std::string& model, json recorded, torch::Dtype dtype)
    : PublishedRun(with_prefixes(std::move(recorded), model),
                   model::Tokenizer::from_folder(source_path("assets") / model),
                   model::Network(weights_in(dtype, model))) {}

Sequence PublishedRun::sequence() const { return {requests_, tokenizer_, network_}; }

editing::EditContexts PublishedRun::contexts(const core::MethodConfig& config, const char* list) const {
  return editing::make_contexts(config, network_, tokenizer_, 0, golden_.at(list).get<std::vector<std::string>>());
}

std::map<int, editing::SecondMoment> PublishedRun::moments(const std::vector<int>& layers) const {
  const auto documents = data::read_corpus(source_path("assets/world/corpus.txt"), golden_.at("documents"));
  editing::SecondMomentAccumulator sums(network_, layers);
  for (const auto& rows : editing::pack_documents(documents, tokenizer_, 128, 4096).batches) {
    sums.add(model::pad_rows(rows, test_device()));
  }
  EXPECT_EQ(sums.count(), golden_.at("document_tokens").get<std::int64_t>());
  return sums.finish();
}

constexpr const char* kGivenContexts = "prefixes of the published run";

editing::RomeConfig PublishedRun::rome() const {
  editing::RomeConfig config;
  config.layer = golden("rome").at("layer");
  config.clamp_norm_factor = golden("rome").at("clamp_norm_factor");
  config.contexts_file = kGivenContexts;
  return config;
}

editing::MemitConfig PublishedRun::memit(const std::string& method) const {
  const json& recorded = golden(method);
  editing::MemitConfig config;
  config.batch_size = recorded.value("batch", 1);
  config.layers = recorded.at("layers").get<std::vector<int>>();
  config.clamp_norm_factor = recorded.at("clamp_norm_factor");
  config.mom2_update_weight = recorded.at("mom2_update_weight");
  config.contexts_file = kGivenContexts;
  return config;
}

editing::FineTuneConfig PublishedRun::fine_tune() const {
  editing::FineTuneConfig config;
  config.layer = golden("ft-c").at("layer");
  config.linf_bound = golden("ft-c").at("linf_bound").get<double>();
  return config;
}

const PublishedRun& run_of(const std::string& model) {
  static std::map<std::string, std::unique_ptr<PublishedRun>> runs;
  auto& run = runs[model];
  if (!run) run = std::make_unique<PublishedRun>(model);
  return *run;
}

std::string model_test_name(const testing::TestParamInfo<const char*>& param) {
  return std::string(param.param).substr(std::string("small-").size());
}

double difference(const at::Tensor& actual, const json& record) {
  const at::Tensor expected_N = at::tensor(record.at("entries").get<std::vector<double>>(), at::kDouble);
  const at::Tensor flat = actual.detach().to(at::kCPU, at::kDouble).flatten();
  const at::Tensor actual_N = flat.slice(0, 0, flat.numel(), record.at("stride").get<std::int64_t>());
  const double size = expected_N.norm().item<double>();
  return (actual_N - expected_N).norm().item<double>() / (size > 0.0 ? size : 1.0);
}

void expect_losses(const std::vector<float>& actual, const json& recorded, double tolerance) {
  ASSERT_EQ(actual.size(), recorded.size());
  for (std::size_t step = 0; step < actual.size(); ++step) {
    const double expected = recorded[step].get<double>();
    EXPECT_NEAR(actual[step], expected, expected * (step < 4 ? tolerance : 1e-2)) << "step " << step;
  }
}

void expect_step_losses(const editing::EditStep& step, const json& recorded, double tolerance) {
  if (step.requests.empty()) {
    expect_losses(step.losses, recorded, tolerance);
    return;
  }
  ASSERT_EQ(step.requests.size(), recorded.size());
  for (std::size_t i = 0; i < recorded.size(); ++i) expect_losses(step.requests[i].losses, recorded[i], tolerance);
}

void expect_scores(std::span<const core::PromptScore> scores, const json& recorded) {
  ASSERT_EQ(scores.size(), recorded.at("nll").size());
  for (std::size_t prompt = 0; prompt < scores.size(); ++prompt) {
    SCOPED_TRACE("prompt " + std::to_string(prompt));
    expect_score(scores[prompt], recorded.at("nll")[prompt], recorded.at("correct")[prompt].get<int>() != 0);
  }
}

model::Network follow(const Sequence& sequence, const editing::EditMethod& method, const json& recorded,
                      const CheckStep& check, double loss_tolerance) {
  const auto batch = recorded.value("batch", std::size_t{1});
  const auto requests = sequence.requests.first(recorded.at("edits").size() * batch);
  model::Network network = sequence.start;
  const auto history = method.begin();
  for (std::size_t index = 0; index < recorded.at("edits").size(); ++index) {
    SCOPED_TRACE("edit " + std::to_string(index + 1));
    const json& edit = recorded.at("edits")[index];
    const auto present = requests.subspan(index * batch, batch);
    const auto [outcome, increment] = method.compute_after(history.get(), network, present);
    if (history) method.fold(*history, increment);
    const auto& step = std::get<editing::EditStep>(outcome);
    expect_step_losses(step, edit.at("losses"), loss_tolerance);
    check(network, present, step, edit);
    editing::apply_updates(network, step.updates);
    expect_scores(flattened(metrics::score_requests(network, sequence.tokenizer, present)), edit);
  }
  if (!recorded.contains("forgetting")) return network;
  SCOPED_TRACE("asked again");
  metrics::ScoreOptions options;
  options.rewrite_only = true;
  expect_scores(flattened(metrics::score_requests(network, sequence.tokenizer, requests, options)),
                recorded.at("forgetting"));
  return network;
}

const editing::LowRankUpdate& factors_of(const editing::EditStep& step, std::size_t index) {
  return std::get<editing::LowRankUpdate>(step.updates.at(index).change);
}

void expect_rank_one(const editing::EditStep& step, const json& edit, double tolerance) {
  EXPECT_LT(difference(factors_of(step).right_IR, edit.at("u")), 1e-4);
  EXPECT_LT(difference(factors_of(step).left_OR, edit.at("right")), tolerance);
}

void expect_layers(const editing::EditStep& step, const json& edit, double tolerance) {
  ASSERT_EQ(step.updates.size(), edit.at("layers").size());
  for (std::size_t index = 0; index < step.updates.size(); ++index) {
    SCOPED_TRACE(step.updates[index].parameter);
    const json& layer = edit.at("layers")[index];
    EXPECT_LT(difference(factors_of(step, index).right_IR, layer.at("solved_key")), 1e-4);
    EXPECT_LT(difference(factors_of(step, index).left_OR, layer.at("residual")), tolerance);
  }
}

void expect_dense_changes(const model::Network& before, const editing::EditStep& step, const json& edit,
                          double tolerance) {
  for (const editing::ParameterUpdate& update : step.updates) {
    const at::Tensor change = std::get<editing::DenseUpdate>(update.change).value - before.parameter(update.parameter);
    EXPECT_LT(difference(change, edit.at(update.parameter.ends_with(".bias") ? "bias" : "weight")), tolerance);
  }
}

}  // namespace lethe::test
