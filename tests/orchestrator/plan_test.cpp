#include "orchestrator/display/plan_report.h"

#include <sstream>

#include <gtest/gtest.h>

#include "orchestrator/device_binding.h"
#include "orchestrator/display/footprint.h"
#include "orchestrator/display/known_models.h"
#include "orchestrator/display/progress.h"
#include "orchestrator/scheduling/cost_model.h"
#include "tests/orchestrator/fakes.h"
#include "tests/orchestrator/small_experiment.h"

namespace lethe::orchestrator {
namespace {

using testing::FakeLedger;
using testing::make_config;
using testing::make_inspection;

core::ModelConfig named(const std::string& name, const std::string& path) {
  core::ModelConfig model;
  model.name = name;
  model.path = path;
  return model;
}

TEST(KnownModels, AreFoundByNameOrFolder) {
  const auto xl = known_model(named("gpt2-xl", "/models/whatever"));
  ASSERT_TRUE(xl.has_value());
  EXPECT_EQ(xl->num_layers, 48);
  EXPECT_EQ(xl->num_parameters, 1'557'611'200);
  const auto gptj = known_model(named("mine", "/models/GPT-J_6B"));
  ASSERT_TRUE(gptj.has_value());
  EXPECT_EQ(gptj->family, "gptj");
  EXPECT_EQ(gptj->inner_width, 16384);
  EXPECT_FALSE(known_model(named("llama", "/models/llama")).has_value());
}

TEST(KnownModels, FillWhatTheInspectionCouldNotRead) {
  auto config = make_config({.models = {"gpt2-xl", "unheard-of"}, .num_samples = 1});
  std::get<editing::RomeConfig>(config.models[0].methods["rome"]).layer = 17;
  auto inspection = make_inspection(config);
  inspection.models.clear();
  for (auto& cell : inspection.cells) cell.delta_bytes_per_edit = 0;
  const auto completed = complete_with_known(config, inspection);
  ASSERT_EQ(completed.models.size(), 1U);
  EXPECT_EQ(completed.models[0].moments_layers, std::vector{17});
  ASSERT_EQ(completed.cells.size(), 2U) << "cells of the unknown model are left out";
  EXPECT_EQ(completed.cell({"rome", "gpt2-xl", 0}).delta_bytes_per_edit, 32'000);
  auto with_memit = config;
  editing::MemitConfig memit;
  memit.layers = {13, 15};
  with_memit.models[0].methods["rome"] = memit;
  EXPECT_EQ(complete_with_known(with_memit, inspection).models[0].moments_layers, (std::vector{13, 15}));
  EXPECT_EQ(complete_with_known(with_memit, inspection).cell({"rome", "gpt2-xl", 0}).delta_bytes_per_edit, 64'000);
  EXPECT_EQ(completed.cell({"ft-c", "gpt2-xl", 0}).snapshot_bytes, (1600 * 6400 + 1600) * 4);
}

TEST(CostModel, MatchesTheCountedArithmeticOfPublishedModels) {
  const auto xl = *known_model(named("gpt2-xl", ""));
  editing::RomeConfig rome;
  rome.layer = 17;
  // Counted independently: 7.4 TFLOP for an edit of GPT-2 XL with prefixes cached, 34 for GPT-J.
  EXPECT_NEAR(edit_work(rome, xl).flops / 1e12, 7.4, 1.0);
  auto gptj = *known_model(named("gpt-j-6b", ""));
  rome.layer = 5;
  EXPECT_NEAR(edit_work(rome, gptj).flops / 1e12, 34.0, 5.0);
  editing::MemitConfig memit;
  memit.layers = {13, 14, 15, 16, 17};
  EXPECT_NEAR(edit_work(memit, xl).flops / 1e12, 2.4, 0.4);
  memit.layers = {3, 4, 5, 6, 7, 8};
  memit.v_num_grad_steps = 25;
  EXPECT_NEAR(edit_work(memit, gptj).flops / 1e12, 12.2, 1.5);
  editing::FineTuneConfig fine_tune;
  EXPECT_NEAR(edit_work(fine_tune, xl).flops / 1e12, 1.3, 0.2);
  const auto single = edit_work(fine_tune, xl);
  fine_tune.batch_size = 8;
  EXPECT_DOUBLE_EQ(edit_work(fine_tune, xl).flops, single.flops) << "of one fact";
  EXPECT_DOUBLE_EQ(edit_work(fine_tune, xl).bytes, single.bytes / 8) << "weights are read once for all";
  EXPECT_NEAR(scoring_work(xl).flops / 1e12, 0.35, 0.05);
}

TEST(CostModel, MeasuredRatesReplacePriors) {
  const auto config = make_config({});
  CostModel costs(config, make_inspection(config));
  costs.observe_edits("rome", "small-gpt2", 4.0);
  EXPECT_DOUBLE_EQ(costs.edit_seconds("rome", "small-gpt2"), 4.0);
  costs.observe_edits("rome", "small-gpt2", 5.0);
  EXPECT_NEAR(costs.edit_seconds("rome", "small-gpt2"), 4.3, 1e-9);
  EXPECT_NE(costs.edit_seconds("rome", "small-gptj"), 4.0);
  const std::vector parts{core::ReductionPart::kDistance};
  const double prior = costs.reduction_seconds("small-gpt2", 10, parts);
  costs.observe_reduction("small-gpt2", 10, parts, 3.0 * prior);
  EXPECT_NEAR(costs.reduction_seconds("small-gpt2", 10, parts), 3.0 * prior, 1e-9);
}

TEST(CostModel, SolvesOnTheHostTakeTheHostsTime) {
  auto config = make_config({.models = {"gpt-j-6b"}});
  auto inspection = make_inspection(config);
  inspection.models = {*known_model(config.models[0])};
  const auto seconds = [&](const std::string& device, core::SecondMomentPlacement placement) {
    config.device = device;
    config.models[0].second_moment_placement = placement;
    return CostModel(config, inspection).edit_seconds("rome", "gpt-j-6b");
  };
  using enum core::SecondMomentPlacement;
  EXPECT_GT(seconds("cuda", kHost), seconds("cuda", kDevice) + 0.5) << "2 GiB at 8 GB/s, with the plan's safety";
  EXPECT_EQ(seconds("cpu", kHost), seconds("cpu", kDevice));
}

TEST(Footprint, CountsWhatAnExecutorHolds) {
  auto config = make_config({.models = {"gpt-j-6b"}});
  config.device = "cuda";
  auto gptj = *known_model(config.models[0]);
  gptj.moments_layers = {5};
  const std::int64_t weights = 4 * gptj.num_parameters;
  const auto rome = worker_memory(config, editing::RomeConfig{}, gptj);
  EXPECT_GT(rome, weights + 2'147'483'648) << "the factor alone is 16384^2 doubles";
  EXPECT_LT(rome, weights + 8'000'000'000);
  editing::MemitConfig memit;
  memit.layers = {3, 4, 5, 6, 7, 8};
  EXPECT_GT(worker_memory(config, memit, gptj), weights + 6 * 2'147'483'648) << "a factor for every layer";
  EXPECT_EQ(worker_host_memory(config, memit, gptj), 0);
  config.models[0].second_moment_placement = core::SecondMomentPlacement::kHost;
  EXPECT_LT(worker_memory(config, memit, gptj), weights + 6'500'000'000) << "weights of six layers, activations";
  EXPECT_EQ(worker_host_memory(config, memit, gptj), 6 * 2'147'483'648);
  EXPECT_EQ(worker_host_memory(config, editing::FineTuneConfig{}, gptj), 0);
  config.device = "cpu";
  EXPECT_EQ(worker_host_memory(config, memit, gptj), 0) << "the worker's own memory is the host's";
  EXPECT_GT(worker_memory(config, memit, gptj), weights + 6 * 2'147'483'648);
  config.device = "cuda";
  EXPECT_GT(role_memory(config, gptj).reducer_bytes, weights);
  gptj.moments_layers = {3, 4, 5, 6, 7, 8};
  gptj.moments_documents = 100'000;
  config.models[0].second_moments = core::SecondMomentConfig{};
  EXPECT_EQ(moments_disk(gptj), 6 * 2'147'483'648);
  EXPECT_NEAR(static_cast<double>(partial_sums_disk(config, gptj)), 10 * 6 * 1.0905e9, 1e9);
  const auto all_at_once = role_memory(config, gptj).moments_bytes;
  config.models[0].second_moments->memory_gb = 2.5;
  EXPECT_NEAR(static_cast<double>(all_at_once - role_memory(config, gptj).moments_bytes), 6 * 1.0905e9 - 2.5e9, 1e8);
  config.tasks.emplace_back();
  config.models[0].methods["rome"] = editing::RomeConfig{};
  EXPECT_EQ(config.models[0].methods["rome"]->edited_layers(gptj.num_layers).front(), 0);
  const auto edited_at_the_bottom = role_memory(config, gptj).reducer_bytes;
  editing::RomeConfig rome_in_the_middle;
  rome_in_the_middle.layer = 5;
  config.models[0].methods["rome"] = rome_in_the_middle;
  EXPECT_GT(role_memory(config, gptj).reducer_bytes, edited_at_the_bottom);
  const auto with_cache = role_memory(config, gptj).reducer_bytes;
  config.reducer_cache_gb = 0.0;
  const auto kept = with_cache - role_memory(config, gptj).reducer_bytes;
  EXPECT_GT(kept, 0) << "states of the tasks' prompts below the edited layers";
  EXPECT_LE(kept, 4'000'000'000);
  config.keep_snapshots = "newest";
  core::CellFacts cell;
  cell.cell = config.cells[0];
  cell.edits = 60;
  cell.snapshot_bytes = 1'000'000'000;
  EXPECT_LT(cell_disk(config, cell), 1'100'000'000);
  config.keep_snapshots = "all";
  EXPECT_GT(cell_disk(config, cell), 6'000'000'000);
}

TEST(PlanReport, ListsCellsPrerequisitesMemoryDiskAndTime) {
  const auto config = make_config({});
  FakeLedger ledger;
  ledger.complete(config, config.cells[0], 60);
  std::ostringstream out;
  print_plan(config, make_inspection(config), ledger, 4, out);
  const auto text = out.str();
  for (const auto& cell : config.cells) EXPECT_NE(text.find(cell.name()), std::string::npos) << text;
  for (const char* word : {"8 cells, 480 edits", "second moments of small-gpt2, layer(s) 0", "reducer",
                           "disk:", "done: 1 of 8 cells, 60 of 480 edits", "on 4 executor(s)"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word << "\n" << text;
  }
}

TEST(PlanReport, TellsHowTheSecondMomentsAreCut) {
  const auto config = make_config({.models = {"small-gpt2"}, .corpus_slices = 20});
  FakeLedger ledger;
  ledger.slices["small-gpt2"] = {0, 7, 8};
  std::ostringstream out;
  print_plan(config, make_inspection(config), ledger, 4, out);
  // The corpus holds 1,000 documents: ten slices of the twenty that were asked for.
  EXPECT_NE(out.str().find("in 10 slices of 100 documents (3 done)"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("over 1000 documents: the corpus has no more, max_documents is 2000"), std::string::npos)
      << out.str();
  EXPECT_EQ(out.str().find("slice 3"), std::string::npos) << "slices are not listed one by one";
}

TEST(PlanReport, NamesCellsItCannotPrice) {
  const auto config = make_config({.models = {"small-gpt2", "mystery"}});
  auto inspection = make_inspection(config);
  std::erase_if(inspection.models, [](const auto& model) { return model.name == "mystery"; });
  std::erase_if(inspection.cells, [](const auto& cell) { return cell.cell.model == "mystery"; });
  std::ostringstream out;
  print_plan(config, inspection, FakeLedger(), 1, out);
  EXPECT_NE(out.str().find("size of mystery is unknown"), std::string::npos) << out.str();
}

TEST(Format, BytesAndDurations) {
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1'500'000'000), "1.5 GB");
  EXPECT_EQ(format_duration(59.4), "59 s");
  EXPECT_EQ(format_duration(200.0), "3 min 20 s");
  EXPECT_EQ(format_duration(7500.0), "2 h 05 min");
  EXPECT_EQ(format_duration(273'600.0), "3 d 4 h");
}

TEST(DeviceBinding, ReadsTheListOfDevices) {
  EXPECT_EQ(parse_device_list("GPU 0: NVIDIA H200 (UUID: GPU-aa-1)\nGPU 1: NVIDIA H200 (UUID: GPU-bb-2)\n"),
            (std::vector<std::string>{"GPU-aa-1", "GPU-bb-2"}));
  EXPECT_EQ(parse_device_list("GPU 0: A100 (UUID: GPU-aa)\n  MIG 3g.20gb Device 0: (UUID: MIG-1)\n"
                              "  MIG 3g.20gb Device 1: (UUID: MIG-2)\nGPU 1: A100 (UUID: GPU-bb)\n"),
            (std::vector<std::string>{"MIG-1", "MIG-2", "GPU-bb"}));
  EXPECT_TRUE(parse_device_list("No devices were found\n").empty());
}

TEST(DeviceBinding, DealsRanksToDevices) {
  Welcome welcome{"/out", "/out/e.json", "cuda", 3, 2};
  const std::vector<std::string> devices{"GPU-a", "GPU-b"};
  const auto device_of = [&](int rank) { return executor_environment(welcome, rank, devices)["CUDA_VISIBLE_DEVICES"]; };
  EXPECT_EQ(device_of(0), "GPU-a");
  EXPECT_EQ(device_of(1), "GPU-a");
  EXPECT_EQ(device_of(2), "GPU-b");
  EXPECT_EQ(device_of(4), "GPU-a");
  EXPECT_EQ(executor_environment(welcome, 0, devices)["OMP_NUM_THREADS"], "3");
  welcome.device = "cpu";
  EXPECT_FALSE(executor_environment(welcome, 0, devices).contains("CUDA_VISIBLE_DEVICES"));
}

}  // namespace
}  // namespace lethe::orchestrator
