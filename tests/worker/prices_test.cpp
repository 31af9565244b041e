// What edits, evaluations and prerequisites of published models ask of a machine, from their shapes alone.

#include "worker/planning/prices.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "editing/alphaedit/alphaedit_config.h"
#include "editing/fine_tune/fine_tune_config.h"
#include "editing/memit/memit_config.h"
#include "editing/mend/mend_price.h"
#include "editing/methods/settings_of.h"
#include "editing/price.h"
#include "editing/rome/rome_config.h"
#include "worker/planning/inspect.h"

namespace lethe::worker {
namespace {

using editing::method_config;
using editing::price_of;

constexpr std::int64_t kFactorBytes = 2'147'483'648;  // of GPT-J: 16384^2 doubles

editing::RomeConfig rome_at(int layer, core::Fidelity fidelity = core::Fidelity::kCode) {
  auto config = editing::RomeConfig::defaults(fidelity);
  config.layer = layer;
  return config;
}
editing::MemitConfig memit_at(std::vector<int> layers) {
  auto config = editing::MemitConfig::defaults(core::Fidelity::kCode);
  config.layers = std::move(layers);
  return config;
}
model::Architecture gpt2_xl() { return model::published_architecture("gpt2-xl").value(); }
model::Architecture gpt_j() { return model::published_architecture("gpt-j-6b").value(); }

double edit_teraflops(const core::MethodConfig& method, const model::Architecture& architecture) {
  const auto price = price_of(method, architecture, 1000);
  return (price.edit + price.solve).flops / 1e12;
}

/// An experiment on one model whose folder is not there.
core::ExperimentConfig experiment(const std::string& model, const std::vector<core::MethodConfig>& methods) {
  core::ExperimentConfig config;
  core::ModelConfig one;
  one.name = model;
  one.path = "/nowhere/" + model;
  one.second_moments = core::SecondMomentConfig{};
  one.second_moments->corpus = "/nowhere/corpus.txt";
  for (const auto& method : methods) {
    one.methods.insert_or_assign(method.method(), method);
    config.cells.push_back({method.method(), model, 0});
    config.edits[config.cells.back()] = 60;
  }
  config.models = {one};
  return config;
}

/// What can be said without any input file.
core::Inspection inspected(const core::ExperimentConfig& config) {
  const InspectionSources nothing{
      []() -> const std::vector<data::EditRequest>& { throw core::DataError("no records"); },
      [](int) -> const std::vector<std::int64_t>& { throw core::DataError("no order"); }};
  InputDigests digests({});
  return inspect(config, nothing, digests).inspection;
}

core::CellFacts priced(const core::ExperimentConfig& config, const model::Architecture& architecture,
                       std::size_t cell = 0) {
  core::CellFacts facts;
  facts.cell = config.cells.at(cell);
  price_edits(config, inputs_of_shape(config.model(facts.cell.model), architecture), facts);
  return facts;
}

TEST(PublishedShapes, AreFoundByNameOrFolder) {
  EXPECT_EQ(gpt2_xl().num_layers, 48);
  EXPECT_EQ(gpt2_xl().num_parameters(), 1'557'611'200);
  auto config = experiment("mine", {method_config(rome_at(5))});
  config.models[0].path = "/models/GPT-J_6B";
  const auto inspection = inspected(config);
  ASSERT_EQ(inspection.models.size(), 1U);
  EXPECT_EQ(inspection.models[0].family, "gptj");
  EXPECT_EQ(inspection.models[0].num_layers, 28);
  EXPECT_EQ(gpt_j().inner_width, 16384);
  EXPECT_FALSE(model::published_architecture("llama").has_value());
  EXPECT_TRUE(inspected(experiment("llama", {method_config(rome_at(5))})).models.empty());
}

TEST(PublishedShapes, FillWhatTheInspectionCannotRead) {
  editing::FineTuneConfig fine_tune;
  fine_tune.linf_bound = 1e-3;
  auto config = experiment("gpt2-xl", {method_config(rome_at(17)), method_config(fine_tune)});
  auto unknown = experiment("unheard-of", {method_config(rome_at(0))});
  config.models.push_back(unknown.models[0]);
  config.cells.push_back(unknown.cells[0]);
  config.edits[unknown.cells[0]] = 60;
  const auto inspection = inspected(config);
  ASSERT_EQ(inspection.models.size(), 1U);
  EXPECT_EQ(inspection.prerequisite("moments", "gpt2-xl").stems, std::vector<std::string>{"layer-017"});
  EXPECT_EQ(inspection.prerequisite("moments", "gpt2-xl").folder, "") << "nothing names its contents yet";
  EXPECT_EQ(inspection.find_prerequisite("moments", "unheard-of"), nullptr);
  EXPECT_EQ(inspection.cell({"rome", "gpt2-xl", 0}).delta_bytes_per_edit, 32'000);
  EXPECT_EQ(inspection.cell({"ft-c", "gpt2-xl", 0}).snapshot_bytes, (1600 * 6400 + 1600) * 4);
  EXPECT_EQ(inspection.cell({"rome", "unheard-of", 0}).worker_bytes, 0);
  EXPECT_FALSE(inspection.problems.empty());

  const auto several = inspected(experiment("gpt2-xl", {method_config(memit_at({13, 15}))}));
  EXPECT_EQ(several.prerequisite("moments", "gpt2-xl").stems, (std::vector<std::string>{"layer-013", "layer-015"}));
  EXPECT_EQ(several.cell({"memit", "gpt2-xl", 0}).delta_bytes_per_edit, 64'000);
}

TEST(Prices, MatchTheCountedArithmeticOfPublishedModels) {
  // Counted independently: 7.4 TFLOP for an edit of GPT-2 XL with prefixes cached, 34 for GPT-J.
  EXPECT_NEAR(edit_teraflops(method_config(rome_at(17)), gpt2_xl()), 7.4, 1.0);
  EXPECT_NEAR(edit_teraflops(method_config(rome_at(5)), gpt_j()), 34.0, 5.0);
  EXPECT_NEAR(edit_teraflops(method_config(memit_at({13, 14, 15, 16, 17})), gpt2_xl()), 2.4, 0.4);
  auto memit = memit_at({3, 4, 5, 6, 7, 8});
  memit.v_num_grad_steps = 25;
  EXPECT_NEAR(edit_teraflops(method_config(memit), gpt_j()), 12.2, 1.5);
  editing::FineTuneConfig fine_tune;
  EXPECT_NEAR(edit_teraflops(method_config(fine_tune), gpt2_xl()), 1.3, 0.2);
  const auto single = price_of(method_config(fine_tune), gpt2_xl(), 1000).edit;
  fine_tune.batch_size = 8;
  const auto several = price_of(method_config(fine_tune), gpt2_xl(), 1000).edit;
  EXPECT_DOUBLE_EQ(several.flops, single.flops) << "of one fact";
  EXPECT_DOUBLE_EQ(several.bytes, single.bytes / 8) << "weights are read once for all";
}

TEST(Prices, FollowTheNumberOfContexts) {
  const auto price = [](const auto& config) { return price_of(method_config(config), gpt2_xl(), 1000); };
  const auto code = rome_at(17);
  const auto text = rome_at(17, core::Fidelity::kPaper);
  // 51 rows and that of the KL term, where the published code has 21 and one.
  EXPECT_NEAR(price(text).edit.flops / price(code).edit.flops, 51.0 / 21.0, 0.1);
  const auto graph = [&](const auto& config) { return price(config).bytes - 2 * editing::projection_bytes(gpt2_xl()); };
  EXPECT_DOUBLE_EQ(static_cast<double>(graph(text)) / static_cast<double>(graph(code)), 52.0 / 22.0);

  auto few = code;
  few.context_lengths = {{5, 3}, {10, 3}};
  EXPECT_NEAR(price(few).edit.flops / price(code).edit.flops, 7.0 / 21.0, 0.05);

  auto memit = memit_at({13, 14, 15, 16, 17});
  const auto six = price(memit);
  memit.context_lengths = {{10, 4}};  // of each of five seeds
  EXPECT_NEAR(price(memit).edit.flops / six.edit.flops, 21.0 / 6.0, 0.2);
  EXPECT_GT(price(memit).bytes, six.bytes);
  memit.context_seeds.clear();  // none is sampled: the bare prompt alone
  EXPECT_LT(price(memit).edit.flops, six.edit.flops / 4);
}

TEST(Prices, OfTheMonitorAreThoseOfItsNormsAndOfTheTextReadTwice) {
  auto config = experiment("gpt-j", {method_config(memit_at({3, 4, 5, 6, 7, 8}))});
  const auto work = [&] {
    core::ModelFacts facts;
    facts.name = "gpt-j";
    price_reductions(config, inputs_of_shape(config.models[0], gpt_j()), facts);
    return facts.monitor_work;
  };
  EXPECT_EQ(work(), core::Work{});
  config.monitor_every = 100;
  const auto norms = work();
  EXPECT_NEAR(norms.flops / (6 * 2.7e8), 50.0, 1.0) << "steps of a weight and its change";
  config.monitor_text = "/nowhere/text.txt";
  // Two models of 6e9 weights, 2,000 tokens: 2 operations a weight and token.
  EXPECT_NEAR((work().flops - norms.flops) / (2 * 2 * 6.0e9 * 2000), 1.0, 0.1);
}

TEST(Prices, OfAnEditHoldTheScoringRightAfterIt) {
  const auto config = experiment("gpt2-xl", {method_config(rome_at(17))});
  const auto price = price_of(config.models[0].methods.at("rome"), gpt2_xl(), 1000);
  const auto facts = priced(config, gpt2_xl());
  EXPECT_NEAR((facts.edit_work.flops - price.edit.flops - price.solve.flops) / 1e12, 0.35, 0.05);
}

TEST(Prices, SolvesAreWhereTheFactorsAre) {
  auto config = experiment("gpt-j-6b", {method_config(rome_at(5))});
  const auto solve = price_of(config.models[0].methods.at("rome"), gpt_j(), 1000).solve;
  EXPECT_GE(solve.bytes, static_cast<double>(kFactorBytes));
  using enum core::SecondMomentPlacement;
  const auto facts = [&](const std::string& device, core::SecondMomentPlacement placement) {
    config.device = device;
    config.models[0].second_moment_placement = placement;
    return priced(config, gpt_j());
  };
  EXPECT_EQ(facts("cuda", kHost).host_work, solve);
  EXPECT_EQ(facts("cuda", kDevice).host_work, core::Work{});
  EXPECT_DOUBLE_EQ(facts("cuda", kDevice).edit_work.bytes, facts("cuda", kHost).edit_work.bytes + solve.bytes);
  EXPECT_EQ(facts("cpu", kHost).host_work, core::Work{});
  EXPECT_EQ(facts("cpu", kHost).edit_work, facts("cpu", kDevice).edit_work);
}

TEST(Prices, CountWhatAWorkerHolds) {
  auto config = experiment("gpt-j-6b", {method_config(rome_at(0)), method_config(memit_at({3, 4, 5, 6, 7, 8})),
                                        method_config(editing::FineTuneConfig{})});
  config.device = "cuda";
  const auto gptj = gpt_j();
  const std::int64_t weights = 4 * gptj.num_parameters();
  const auto rome = priced(config, gptj).worker_bytes;
  EXPECT_GT(rome, weights + kFactorBytes) << "the factor alone is 16384^2 doubles";
  EXPECT_LT(rome, weights + 8'000'000'000);
  const auto memit = [&] { return priced(config, gptj, 1); };
  const auto fine_tune = [&] { return priced(config, gptj, 2); };
  EXPECT_GT(memit().worker_bytes, weights + 6 * kFactorBytes) << "a factor for every layer";
  EXPECT_EQ(memit().worker_host_bytes, 0);
  config.models[0].second_moment_placement = core::SecondMomentPlacement::kHost;
  EXPECT_LT(memit().worker_bytes, weights + 6'500'000'000) << "weights of six layers, activations";
  EXPECT_EQ(memit().worker_host_bytes, 6 * kFactorBytes);
  EXPECT_EQ(fine_tune().worker_host_bytes, 0);
  config.device = "cpu";
  EXPECT_EQ(memit().worker_host_bytes, 0) << "the worker's own memory is the host's";
  EXPECT_GT(memit().worker_bytes, weights + 6 * kFactorBytes);
}

TEST(Prices, CountHalfTheBytesOfMatricesThatAreHeldAsStored) {
  auto config = experiment("gpt-j-6b", {method_config(rome_at(0))});
  const auto gptj = gpt_j();
  const auto widened = priced(config, gptj).worker_bytes;
  config.models[0].weights = core::WeightsInMemory::kStored;
  const auto saved = widened - priced(config, gptj).worker_bytes;
  const std::int64_t largest = 4 * gptj.width * gptj.vocab_size;
  EXPECT_NEAR(static_cast<double>(saved), static_cast<double>(2 * gptj.num_parameters() - largest), 1e7);
}

TEST(Prices, CountWhatAReducerHolds) {
  auto config = experiment("gpt-j-6b", {method_config(rome_at(0))});
  config.device = "cuda";
  config.tasks.emplace_back();
  const auto reducer_bytes = [&] {
    core::ModelFacts facts;
    facts.name = "gpt-j-6b";
    price_reductions(config, inputs_of_shape(config.models.front(), gpt_j()), facts);
    return facts.reducer_bytes;
  };
  EXPECT_GT(reducer_bytes(), 4 * gpt_j().num_parameters());
  const auto edited_at_the_bottom = reducer_bytes();
  config.models[0].methods.insert_or_assign("rome", method_config(rome_at(5)));
  EXPECT_GT(reducer_bytes(), edited_at_the_bottom);
  const auto with_cache = reducer_bytes();
  config.reducer_cache_gb = 0.0;
  const auto kept = with_cache - reducer_bytes();
  EXPECT_GT(kept, 0) << "states of the tasks' prompts below the edited layers";
  EXPECT_LE(kept, 4'000'000'000);
}

TEST(Prices, OfSecondMomentsCountTheirSumsAndParts) {
  auto config = experiment("gpt-j-6b", {method_config(memit_at({3, 4, 5, 6, 7, 8}))});
  config.device = "cuda";
  const auto moments = [&] { return inspected(config).prerequisite("moments", "gpt-j-6b"); };
  EXPECT_EQ(moments().title, "second moments of gpt-j-6b, layer(s) 3, 4, 5, 6, 7, 8");
  EXPECT_EQ(moments().num_slices, 10) << "100,000 documents, 10,000 each";
  EXPECT_EQ(moments().disk_bytes, 6 * kFactorBytes);
  EXPECT_NEAR(static_cast<double>(moments().slices_disk_bytes), 10 * 6 * 1.0905e9, 1e9);
  EXPECT_GT(moments().work.flops, 0.0);
  EXPECT_LT(moments().step_work.flops, moments().work.flops) << "it gives signs of life on the way";
  EXPECT_GT(moments().last_work.disk_bytes, static_cast<double>(moments().slices_disk_bytes));
  const auto all_at_once = moments().peak_bytes;
  config.models[0].second_moments->memory_gb = 2.5;
  EXPECT_NEAR(static_cast<double>(all_at_once - moments().peak_bytes), 6 * 1.0905e9 - 2.5e9, 1e8);
}

TEST(Prices, CountTheModelOnceInWhatMakesAPrerequisite) {
  editing::MendConfig mend;
  mend.training.records = "/nowhere/train.json";
  editing::AlphaEditConfig alphaedit;
  alphaedit.layers = {3, 4, 5, 6, 7, 8};
  auto config = experiment("gpt-j-6b", {method_config(alphaedit), method_config(mend)});
  for (const auto held : {core::WeightsInMemory::kFp32, core::WeightsInMemory::kStored}) {
    config.models[0].weights = held;
    const auto inspection = inspected(config);
    const auto weights = inspection.models.front().weight_bytes;
    EXPECT_EQ(weights, inputs_of_shape(config.models.front(), gpt_j()).weight_bytes);
    const std::map<std::string, std::int64_t> most_beside{
        {"moments", 14'000'000'000}, {"projector", 4 * kFactorBytes}, {"editor", 16'000'000'000}};
    for (const auto& [kind, bytes] : most_beside) {
      const auto peak = inspection.prerequisite(kind, "gpt-j-6b").peak_bytes;
      EXPECT_GT(peak, weights) << kind;
      EXPECT_LE(peak, weights + bytes) << kind << " beside weights of " << weights;
    }
  }
}

TEST(Prices, OfAnEditorAreThoseOfItsIterations) {
  editing::MendConfig mend;
  mend.training.records = "/nowhere/train.json";
  mend.training.max_iterations = 1000;
  mend.training.validation_edits = 50;
  const auto facts = inspected(experiment("gpt2-xl", {method_config(mend)})).prerequisite("editor", "gpt2-xl");
  const auto iteration = editing::training_iteration_work(mend, gpt2_xl());
  EXPECT_GT(iteration.flops, 0.0);
  EXPECT_DOUBLE_EQ(facts.work.flops, 1000.0 * iteration.flops);
  EXPECT_DOUBLE_EQ(facts.step_work.flops, 50.0 * iteration.flops) << "a validation is the longest silence";
  EXPECT_EQ(facts.num_slices, 1);
}

}  // namespace
}  // namespace lethe::worker
