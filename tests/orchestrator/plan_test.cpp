#include "orchestrator/display/plan_report.h"

#include <sstream>

#include <gtest/gtest.h>
#include <spdlog/fmt/fmt.h>

#include "orchestrator/device_binding.h"
#include "orchestrator/display/cell_disk.h"
#include "orchestrator/display/plan_resources.h"
#include "orchestrator/display/progress.h"
#include "orchestrator/scheduling/cost_model.h"
#include "tests/orchestrator/fakes.h"
#include "tests/orchestrator/small_experiment.h"

namespace lethe::orchestrator {
namespace {

using testing::FakeLedger;
using testing::make_config;
using testing::make_inspection;

TEST(CostModel, MeasuredRatesReplacePriors) {
  const auto config = make_config({});
  CostModel costs(config, make_inspection(config));
  costs.observe_first_step("rome", "small-gpt2", SecondsPerFact{90.0});
  EXPECT_DOUBLE_EQ(costs.edit_seconds("rome", "small-gpt2").value, 90.0) << "there is nothing better yet";
  costs.observe_edits("rome", "small-gpt2", 10, 40.0);
  EXPECT_DOUBLE_EQ(costs.edit_seconds("rome", "small-gpt2").value, 4.0) << "the first step does not count any more";
  costs.observe_edits("rome", "small-gpt2", 30, 240.0);
  EXPECT_NEAR(costs.edit_seconds("rome", "small-gpt2").value, 7.0, 0.1) << "280 s for 40 facts";
  for (int i = 0; i < 300; ++i) costs.observe_edits("rome", "small-gpt2", 1, 2.0);
  EXPECT_NEAR(costs.edit_seconds("rome", "small-gpt2").value, 2.0, 0.4) << "what was long ago fades";
}

TEST(CostModel, WhatWasNotMeasuredIsCorrectedAsItsNeighboursWere) {
  const auto config = make_config({});
  CostModel costs(config, make_inspection(config));
  const double prior = costs.edit_seconds("ft-c", "small-gpt2").value;
  const std::vector tasks{core::ReductionPart::kTasks};
  const std::vector forgetting{core::ReductionPart::kForgetting};
  const double tasks_prior = costs.reduction_seconds("small-gpt2", 10, tasks);
  const double forgetting_prior = costs.reduction_seconds("small-gpt2", 10, forgetting);
  costs.observe_edits("rome", "small-gpt2", 10, 10 * 0.1 * prior);
  EXPECT_NEAR(costs.edit_seconds("ft-c", "small-gpt2").value, 0.1 * prior, 1e-9) << "another method";
  EXPECT_NEAR(costs.edit_seconds("rome", "small-gptj").value, 0.1 * prior, 1e-9) << "another model";
  EXPECT_NEAR(costs.reduction_seconds("small-gpt2", 10, tasks), 0.1 * tasks_prior, 1e-9) << "and its reductions";
  EXPECT_GE(costs.cautious_edit_seconds("ft-c", "small-gpt2").value, prior) << "but no limit becomes shorter by it";
  EXPECT_GE(costs.cautious_reduction_seconds("small-gpt2", 10, tasks), tasks_prior);
  costs.observe_part("small-gpt2", 10, core::ReductionPart::kTasks, 3.0 * tasks_prior);
  EXPECT_NEAR(costs.reduction_seconds("small-gpt2", 10, tasks), 3.0 * tasks_prior, 1e-9);
  EXPECT_NEAR(costs.reduction_seconds("small-gpt2", 10, forgetting), 3.0 * forgetting_prior, 1e-9) << "another part";
  costs.observe_reduction_overhead("small-gpt2", 5.0);
  EXPECT_NEAR(costs.reduction_seconds("small-gpt2", 10, tasks), 3.0 * tasks_prior + 5.0, 1e-9);
}

TEST(CostModel, WhatAFileCostsDoesNotGrowWithTheEdits) {
  const auto config = make_config({});
  CostModel costs(config, make_inspection(config));
  const std::vector forgetting{core::ReductionPart::kForgetting};
  costs.observe_part("small-gpt2", 10, core::ReductionPart::kDistance, 1.0);
  costs.observe_part("small-gpt2", 10, core::ReductionPart::kForgetting, 1.1);
  EXPECT_NEAR(costs.reduction_seconds("small-gpt2", 1000, forgetting), 1.0 + 100 * 0.1, 1e-6) << "not 110 s";
}

TEST(CostModel, WorkOnTheHostTakesTheHostsTime) {
  auto config = make_config({.models = {"gpt-j-6b"}});
  config.device = "cuda";
  auto inspection = make_inspection(config);
  const core::Work solve{4.3e9, 2'147'483'648.0, 0.0, 0.0};  // with a factor of 16384^2 doubles
  const auto seconds = [&](core::Work on_device, core::Work on_host) {
    for (auto& cell : inspection.cells) {
      cell.edit_work = on_device;
      cell.host_work = on_host;
    }
    return CostModel(config, inspection).edit_seconds("rome", "gpt-j-6b").value;
  };
  EXPECT_GT(seconds({}, solve), seconds(solve, {}) + 0.5) << "2 GiB at 8 GB/s, with the plan's safety";
  config.device = "cpu";
  EXPECT_EQ(seconds({}, solve), seconds(solve, {}));
}

TEST(CostModel, TakesTheLongerOfArithmeticAndTrafficWithItsSafety) {
  const DeviceSpeed speed{100.0, 10.0, 0.5, 4.0};
  EXPECT_DOUBLE_EQ(seconds_of(core::Work{200.0, 10.0, 0.0, 0.0}, speed), 3.0 * 2.0);
  EXPECT_DOUBLE_EQ(seconds_of(core::Work{200.0, 50.0, 0.0, 0.0}, speed), 3.0 * 5.0);
  EXPECT_DOUBLE_EQ(seconds_of(core::Work{200.0, 50.0, 4.0, 8.0}, speed), 3.0 * 5.0 + 4.0 * 0.5 + 2.0);
}

TEST(CostModel, SecondsOfStepsAndOfFactsAreConvertedByTheNumberOfFacts) {
  EXPECT_DOUBLE_EQ(SecondsPerStep{8.0}.per_fact(4).value, 2.0);
  EXPECT_DOUBLE_EQ(SecondsPerFact{2.0}.step(4).value, 8.0);
  EXPECT_DOUBLE_EQ(SecondsPerFact{2.0}.of(10), 20.0);
  EXPECT_DOUBLE_EQ(SecondsPerFact{2.0}.of(-3), 0.0) << "more is committed than the config asks for now";
}

TEST(CellDisk, CountsTheSnapshotsThatAreKept) {
  auto config = make_config({.models = {"gpt-j-6b"}});
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
  ledger.slices["moments small-gpt2"] = {0, 7, 8};
  auto inspection = make_inspection(config);
  inspection.prerequisites.at(0).note = "over 1000 documents: the corpus has no more, max_documents is 2000";
  std::ostringstream out;
  print_plan(config, inspection, ledger, 4, out);
  // The corpus holds 1,000 documents: ten slices of the twenty that were asked for.
  EXPECT_NE(out.str().find("in 10 slices (3 done)"), std::string::npos) << out.str();
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

TEST(PlanResources, AreOfTheHungriestRole) {
  auto config = make_config({.models = {"small-gpt2", "small-gptj"}});
  auto inspection = make_inspection(config);
  constexpr std::int64_t kGigabyte = std::int64_t{1} << 30;
  for (auto& cell : inspection.cells) cell.worker_bytes = kGigabyte;
  for (auto& model : inspection.models) {
    model.reducer_bytes = kGigabyte;
    model.weight_bytes = kGigabyte;
  }
  for (auto& prerequisite : inspection.prerequisites) prerequisite.peak_bytes = 0;
  const auto host = [&] { return executor_needs(config, inspection).host_bytes; };
  const auto least = host();
  inspection.cells.back().worker_bytes = 5 * kGigabyte;
  EXPECT_EQ(host() - least, 5 * kGigabyte) << "four more, and a quarter of them";
  inspection.models.back().reducer_bytes = 9 * kGigabyte;
  EXPECT_EQ(host() - least, 10 * kGigabyte);
  inspection.prerequisites.front().peak_bytes = 17 * kGigabyte;
  EXPECT_EQ(host() - least, 20 * kGigabyte) << "the model included, as in every role";
  EXPECT_EQ(executor_needs(config, inspection).device_bytes, 0);

  config.device = "cuda";
  EXPECT_EQ(executor_needs(config, inspection).device_bytes, 17 * kGigabyte);
  const auto beside = host();
  EXPECT_LT(beside, 8 * kGigabyte) << "what computes lies on the GPU";
  inspection.cells.front().worker_host_bytes = 13 * kGigabyte;
  EXPECT_EQ(host() - beside, 13 * kGigabyte);
}

TEST(PlanResources, AreLinesForBatchScripts) {
  auto config = make_config({.models = {"small-gpt2"}});
  config.threads = 3;
  std::ostringstream out;
  print_resources(config, make_inspection(config), "/runs/one", out);
  const auto text = out.str();
  EXPECT_EQ(text.rfind("out=/runs/one\ndevice=cpu\nexecutors_per_gpu=1\nthreads=3\nhost_mb=", 0), 0U) << text;
  EXPECT_NE(text.find(fmt::format("\nnum_cells={}\n", config.cells.size())), std::string::npos) << text;
  std::string cells;
  for (const auto& cell : config.cells) cells += "cell=" + cell.name() + "\n";
  EXPECT_EQ(text.substr(text.find("cell=")), cells) << "in the order in which an array numbers them";
}

TEST(Format, BytesAndDurations) {
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1'500'000'000), "1.5 GB");
  EXPECT_EQ(format_duration(59.4), "59 s");
  EXPECT_EQ(format_duration(200.0), "3 min 20 s");
  EXPECT_EQ(format_duration(7500.0), "2 h 05 min");
  EXPECT_EQ(format_duration(273'600.0), "3 d 4 h");
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
