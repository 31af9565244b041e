#include "orchestrator/scheduling/remaining_time.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "tests/orchestrator/simulated_sweep.h"

namespace lethe::orchestrator {
namespace {

using testing::FakeLedger;
using testing::make_config;
using testing::make_inspection;
using testing::SimulatedSweep;
using testing::SmallExperiment;

/// An ETA and when it was told.
struct Told {
  double at_seconds = 0.0;
  double eta_seconds = 0.0;
};

/// What a part of a reduction takes, in edits: scores ask ten times as many prompts as forgetting.
double edits_worth(const core::ReduceTask& task, core::ReductionPart part) {
  const auto edits = static_cast<double>(task.edits);
  return part == core::ReductionPart::kForgetting ? 0.02 * edits
         : part == core::ReductionPart::kScores   ? 0.2 * edits
                                                  : 0.01;
}
double edits_worth(const core::ReduceTask& task) {
  double sum = 0.0;
  for (const auto part : task.parts) sum += edits_worth(task, part);
  return sum;
}

/// ETAs of a sweep from half of its edits on; `start` is what is done when it begins. Everything takes a time that is
/// far from what the model of costs assumes, and whatever a task begins with takes longer than its work.
struct EtaTrial {
  /// `seconds` of one fact.
  EtaTrial(const SmallExperiment& experiment, int num_ranks, double seconds, FakeLedger start = {})
      : sweep(make_config(experiment), num_ranks, std::move(start)) {
    sweep.first_step_factor = 1.0 + 19.0 / experiment.facts_per_step;
    const double edit_seconds = experiment.facts_per_step * seconds;
    sweep.start_seconds_of = [seconds](const core::Task&) { return 15.0 * seconds; };
    sweep.seconds_of = [edit_seconds, seconds](const core::Task& task) {
      const auto* reduce = std::get_if<core::ReduceTask>(&task);
      return reduce == nullptr ? edit_seconds : seconds * edits_worth(*reduce);
    };
    sweep.share_of = [](const core::ReduceTask& task, core::ReductionPart part) {
      return edits_worth(task, part) / edits_worth(task);
    };
    sweep.on_step = [this](SimulatedSweep& self) {
      const auto totals = self.coordinator().backlog().totals();
      const auto made = totals.edits_done + totals.edits_uncommitted;
      if (2 * made < totals.edits || self.coordinator().is_finished()) return;
      told.push_back({self.elapsed_seconds(), self.coordinator().remaining_seconds()});
    };
  }

  /// The largest error in shares of the true rest, of ETAs told in [from, to] of the time that was left at half.
  double worst_error(double from, double to) {
    EXPECT_EQ(sweep.run(), Outcome::kComplete);
    const double end = sweep.elapsed_seconds();
    if (told.empty()) return 1e9;
    const double half = told.front().at_seconds;
    double worst = 0.0;
    for (const auto& one : told) {
      const double share = (one.at_seconds - half) / (end - half);
      if (share < from || share > to) continue;
      const double rest = end - one.at_seconds;
      const double error = std::abs(one.eta_seconds - rest) / rest;
      worst = std::max(worst, error);
    }
    return worst;
  }

  SimulatedSweep sweep;
  std::vector<Told> told;
};

constexpr double kTolerance = 0.3;

/// One long cell; per fact some forty and some four thousand times what is assumed.
class EtaOfOneCell : public ::testing::TestWithParam<double> {
 protected:
  static SmallExperiment one_cell() {
    return {.methods = {"ft-c"},
            .models = {"small-gpt2"},
            .num_samples = 1,
            .edits = 1000,
            .checkpoint_every = 50,
            .forgetting_every = 50,
            .tasks_every = 200,
            .has_tasks = false};
  }
};

TEST_P(EtaOfOneCell, IsGoodFromHalfOfItOn) {
  for (const int ranks : {1, 2}) EXPECT_LT(EtaTrial(one_cell(), ranks, GetParam()).worst_error(0.0, 0.8), kTolerance);
}

TEST_P(EtaOfOneCell, IsGoodSoonAfterAResume) {
  const auto config = make_config(one_cell());
  FakeLedger half;
  half.complete(config, config.cells[0], 500);
  for (const int ranks : {1, 2}) {
    EtaTrial trial(one_cell(), ranks, GetParam(), half);
    EXPECT_LT(trial.worst_error(0.2, 0.8), kTolerance) << ranks << ", once a checkpoint has been reduced";
  }
}

TEST_P(EtaOfOneCell, IsGoodWithStepsOfSeveralFacts) {
  auto experiment = one_cell();
  experiment.facts_per_step = 25;
  for (const int ranks : {1, 2}) {
    EXPECT_LT(EtaTrial(experiment, ranks, GetParam()).worst_error(0.0, 0.7), kTolerance) << ranks;
  }
}

INSTANTIATE_TEST_SUITE_P(Speeds, EtaOfOneCell, ::testing::Values(0.1, 10.0));

TEST(Eta, OfAGridKnowsThatACellIsEditedByOneAtATime) {
  const SmallExperiment five_cells{.methods = {"ft-c"},
                                   .models = {"small-gpt2"},
                                   .num_samples = 5,
                                   .edits = 600,
                                   .checkpoint_every = 60,
                                   .forgetting_every = 60,
                                   .has_tasks = false};
  for (const int ranks : {1, 2, 3, 8}) {
    EXPECT_LT(EtaTrial(five_cells, ranks, 0.1).worst_error(0.0, 0.7), kTolerance) << ranks;
  }
}

TEST(Eta, OfEditsThatAreMadeAndNotCommittedFalls) {
  auto experiment = SmallExperiment{.methods = {"ft-c"},
                                    .models = {"small-gpt2"},
                                    .num_samples = 1,
                                    .edits = 1000,
                                    .checkpoint_every = 1000,
                                    .forgetting_every = 1000,
                                    .has_tasks = false};
  EtaTrial trial(experiment, 2, 0.5);
  EXPECT_EQ(trial.sweep.run(), Outcome::kComplete);
  ASSERT_GT(trial.told.size(), 450U);
  for (std::size_t i = 0; i < 450; ++i) {
    EXPECT_NEAR(trial.told[i].eta_seconds - trial.told[i + 1].eta_seconds,
                trial.told[i + 1].at_seconds - trial.told[i].at_seconds, 0.1)
        << "nothing is committed before the end: " << i;
  }
}

/// A backlog whose prerequisites are done, and all costs of edits a second a fact.
struct Measured {
  explicit Measured(const core::ExperimentConfig& wanted) : config(wanted), inspection(make_inspection(config)) {
    for (const auto& facts : inspection.prerequisites) ledger.prerequisites.insert(facts.key());
    backlog.emplace(config, inspection, ledger);
    backlog->costs().observe_edits("ft-c", "small-gpt2", 100, 100.0);
    for (const auto part : core::kAllReductionParts) backlog->costs().observe_part("small-gpt2", 60, part, 0.0);
  }
  core::ExperimentConfig config;
  core::Inspection inspection;
  FakeLedger ledger;
  std::optional<Backlog> backlog;
};

TEST(RemainingSeconds, AreTheLongestOfThreeBounds) {
  auto config = make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 3, .has_tasks = false});
  const Measured equal(config);
  EXPECT_NEAR(remaining_seconds(*equal.backlog, {1, 1, 1}), 180.0, 1e-6);
  EXPECT_NEAR(remaining_seconds(*equal.backlog, {2, 2, 2}), 120.0, 1e-6) << "two of the three on one of the two";
  EXPECT_NEAR(remaining_seconds(*equal.backlog, {3, 1, 2}), 180.0, 1e-6) << "one of the three edits";
  config.edits[config.cells[0]] = 600;
  EXPECT_NEAR(remaining_seconds(*Measured(config).backlog, {8, 8, 8}), 600.0, 1e-6) << "one cell is longest";
}

TEST(RemainingSeconds, OfARunningPrerequisiteFollowHowFarItIs) {
  const auto config = make_config({.methods = {"rome"}, .models = {"small-gpt2"}, .num_samples = 1});
  const auto inspection = make_inspection(config);
  const FakeLedger ledger;
  Backlog backlog(config, inspection, ledger);
  const double before = remaining_seconds(backlog, {1, 1, 1});
  const WorkUnit moments{WorkUnit::Kind::kPrerequisite, 0};
  backlog.start(moments, 0);
  TaskTiming timing(0.0, false);
  timing.on_progress(moments, {"moments", 100, 1000, 1.0}, 50.0, backlog);
  EXPECT_DOUBLE_EQ(remaining_seconds(backlog, {1, 1, 1}), before) << "one report tells no rate";
  timing.on_progress(moments, {"moments", 300, 1000, 1.0}, 250.0, backlog);
  EXPECT_NEAR(*backlog.prerequisites()[0].rest_seconds, 700.0, 1e-9) << "a second each";
  EXPECT_GT(remaining_seconds(backlog, {1, 1, 1}), 700.0);
  backlog.reopen(moments, {});
  EXPECT_DOUBLE_EQ(remaining_seconds(backlog, {1, 1, 1}), before) << "it begins anew";
}

TEST(TaskTiming, EditsThatAReplayBringsAlongTakeNoTime) {
  Measured fixture(make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 1, .has_tasks = false}));
  const WorkUnit unit{WorkUnit::Kind::kEdit, 0, 0, 60};
  TaskTiming timing(0.0, false);
  timing.on_progress(unit, {"edit", 10, 60, 1.0}, 10.0, *fixture.backlog);
  timing.on_progress(unit, {"replay", 40, 40, 0.0}, 10.1, *fixture.backlog);
  timing.on_progress(unit, {"edit", 41, 60, 1.0}, 11.1, *fixture.backlog);
  EXPECT_NEAR(fixture.backlog->costs().edit_seconds("ft-c", "small-gpt2").value, 1.0, 1e-9);
  EXPECT_EQ(fixture.backlog->totals().edits_uncommitted, 41);
}

}  // namespace
}  // namespace lethe::orchestrator
