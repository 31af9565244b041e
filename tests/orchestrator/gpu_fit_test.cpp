#include "orchestrator/display/gpu_fit.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "orchestrator/display/plan_report.h"
#include "orchestrator/scheduling/cost_model.h"
#include "tests/orchestrator/fakes.h"
#include "tests/orchestrator/small_experiment.h"

namespace lethe::orchestrator {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::int64_t kOneGb = 1'000'000'000;

/// One model for a GPU: a worker of 30 GB, a reducer of 48, second moments of 36.
class GpuFitTest : public ::testing::Test {
 protected:
  GpuFitTest() {
    config_.device = "cuda";
    for (auto& cell : inspection_.cells) cell.worker_bytes = (cell.cell.method == "rome" ? 30 : 26) * kOneGb;
    inspection_.models[0].reducer_bytes = 48 * kOneGb;
    for (auto& one : inspection_.prerequisites) {
      if (one.kind == "moments") one.peak_bytes = 36 * kOneGb;
    }
  }
  [[nodiscard]] GpuFit fit(const std::string& gpu) const { return fit_on(config_, inspection_, named_gpu(gpu)); }

  core::ExperimentConfig config_ = testing::make_config({.models = {"gpt-j-6b"}, .has_tasks = false});
  core::Inspection inspection_ = testing::make_inspection(config_);
};

TEST(GpuModels, AreSortedAndHavePeaksOfFp32) {
  for (const auto& gpu : gpu_models()) {
    EXPECT_EQ(&gpu_model(std::string(gpu.name)), &gpu);
    EXPECT_GE(gpu.memory_bytes, 16 * kOneGb) << gpu.name;
    EXPECT_LT(gpu.flops_per_second, 1e14) << gpu.name << ": is that of tensor cores";
    EXPECT_GT(gpu.bytes_per_second, 6e11) << gpu.name;
  }
  EXPECT_EQ(gpu_model("a100-40").memory_bytes, 40 * kOneGb);
  EXPECT_DOUBLE_EQ(gpu_model("a100-80").flops_per_second, 19.5e12) << "156 would be TF32";
}

TEST(GpuModels, AnUnknownNameIsToldAll) {
  try {
    static_cast<void>(gpu_model("a100"));
    FAIL();
  } catch (const core::ConfigError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("--gpu a100: is not known; did you mean \"a100-40\"?"),
                                    HasSubstr("expected a100-40, a100-80, a40"), HasSubstr("v100-32")));
  }
}

TEST_F(GpuFitTest, TheHungriestRoleDecidesHowManyExecutorsFit) {
  EXPECT_EQ(fit("h200").executors, 2);
  EXPECT_EQ(fit("h200").largest.what, "reducer of gpt-j-6b");
  EXPECT_EQ(fit("l40s").executors, 1) << "to the byte";
  EXPECT_THAT(fit("l40s").problems, IsEmpty());
  config_.executors_per_gpu = 2;
  EXPECT_THAT(fit("h200").problems, IsEmpty());
  EXPECT_THAT(fit("a100-80").problems, ElementsAre(AllOf(HasSubstr("2 times 48.0 GB (reducer of gpt-j-6b)"),
                                                         HasSubstr("set executors_per_gpu: 1"))));
}

TEST_F(GpuFitTest, WhatDoesNotFitAtAllIsNamedLineByLineWithItsRemedies) {
  config_.reducer_cache_gb = 16.0;
  const auto problems = fit("a100-40").problems;
  EXPECT_THAT(problems,
              ElementsAre(AllOf(HasSubstr("reducer of gpt-j-6b takes 48.0 GB"), HasSubstr("one a100-40 has 40.0 GB"),
                                HasSubstr("reducer_cache_gb: 8"), HasSubstr("weights: stored"))));
  const auto many = fit("rtx4090").problems;
  ASSERT_EQ(many.size(), 4U) << "reducer, second moments and both workers";
  EXPECT_THAT(many[0], HasSubstr("reducer_cache_gb: 0"));
  EXPECT_THAT(many[1], AllOf(HasSubstr("moments of gpt-j-6b"), HasSubstr("batch_tokens")));
  EXPECT_THAT(many[2], AllOf(HasSubstr("worker rome of gpt-j-6b takes 30.0 GB"),
                             HasSubstr("models.gpt-j-6b.second_moment_placement: host")));
  config_.models[0].weights = core::WeightsInMemory::kStored;
  config_.models[0].second_moment_placement = core::SecondMomentPlacement::kHost;
  config_.reducer_cache_gb = 0.0;
  for (const auto& problem : fit("rtx4090").problems) {
    EXPECT_THAT(problem, AllOf(Not(HasSubstr("weights: stored")), Not(HasSubstr("placement")),
                               Not(HasSubstr("reducer_cache_gb")), HasSubstr("a GPU with more memory")));
  }
}

TEST_F(GpuFitTest, WhereNothingIsKnownNothingIsRefused) {
  EXPECT_THAT(fit_on(config_, {}, named_gpu("v100-16")).problems, IsEmpty());
}

TEST_F(GpuFitTest, ThePlanTakesItsPeaks) {
  for (auto& cell : inspection_.cells) cell.edit_work = {34e12, 700e9, 0.0, 0.0};
  const auto seconds = [&](const std::string& gpu) {
    return CostModel(config_, inspection_, speed_of(gpu_model(gpu))).edit_seconds("rome", "gpt-j-6b").value;
  };
  EXPECT_DOUBLE_EQ(seconds("a100-80"), kSafetyFactor * 34.0 / 19.5) << "bound by arithmetic";
  EXPECT_DOUBLE_EQ(seconds("rtx4090"), kSafetyFactor * 700.0 / 1008.0) << "by memory traffic";
  std::ostringstream out;
  const auto gpu = named_gpu("a100-80");
  print_plan(config_, inspection_, testing::FakeLedger(), 4, out, &gpu);
  EXPECT_THAT(out.str(), AllOf(HasSubstr("on one a100-80 each by its data sheet"),
                               HasSubstr("on a100-80: 80.0 GB of memory, 19.5 TFLOP/s in fp32 without TF32, 2.04 TB/s"),
                               HasSubstr("1 executor(s) fit on one"), HasSubstr("floor: "),
                               Not(HasSubstr("found on this machine"))));
  auto floor = speed_of(gpu_model("a100-80"));
  floor.safety_factor = 1.0;
  EXPECT_DOUBLE_EQ(CostModel(config_, inspection_, floor).edit_seconds("rome", "gpt-j-6b").value, 34.0 / 19.5);
}

TEST_F(GpuFitTest, ThePlanSaysWhatWasFoundAndHowItIsNamed) {
  auto gpu = named_gpu("a100-80");
  gpu.found = {{"NVIDIA A100-SXM4-80GB", 4}};
  std::ostringstream one;
  print_plan(config_, inspection_, testing::FakeLedger(), 4, one, &gpu);
  EXPECT_THAT(one.str(),
              AllOf(HasSubstr("on one a100-80 each by its data sheet"),
                    HasSubstr("found on this machine: 4 x NVIDIA A100-SXM4-80GB\n"),
                    HasSubstr("--gpu a100-80 for this one from any machine"), Not(HasSubstr("several kinds"))));
  gpu.found["NVIDIA H200"] = 1;
  std::ostringstream several;
  print_plan(config_, inspection_, testing::FakeLedger(), 4, several, &gpu);
  EXPECT_THAT(several.str(), AllOf(HasSubstr("found on this machine: 4 x NVIDIA A100-SXM4-80GB, 1 x NVIDIA H200\n"),
                                   HasSubstr("of several kinds the smallest memory decides")));
}

TEST_F(GpuFitTest, AKindThatIsNotKnownIsFittedAndNotPriced) {
  const TargetGpu gpu{"NVIDIA B200", 192 * kOneGb, nullptr, {{"NVIDIA B200", 1}}};
  std::ostringstream unknown;
  print_plan(config_, inspection_, testing::FakeLedger(), 4, unknown, &gpu);
  EXPECT_THAT(unknown.str(), AllOf(HasSubstr("on NVIDIA B200: 192.0 GB of memory as reported; its speed is not known"),
                                   HasSubstr("4 executor(s) fit on one"), HasSubstr("not priced for NVIDIA B200"),
                                   Not(HasSubstr("floor: ")), Not(HasSubstr("for this one"))));
  const TargetGpu small{"Tesla T4", 16 * kOneGb, nullptr, {{"Tesla T4", 1}}};
  EXPECT_THAT(fit_on(config_, inspection_, small).problems.front(), HasSubstr("one Tesla T4 has 16.0 GB: set "));
}

}  // namespace
}  // namespace lethe::orchestrator
