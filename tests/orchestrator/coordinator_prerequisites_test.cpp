#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "core/config/schedule.h"
#include "core/error.h"
#include "orchestrator/scheduling/coordinator.h"
#include "tests/orchestrator/simulated_sweep.h"

namespace lethe::orchestrator {
namespace {

using testing::expect_all_done;
using testing::FakeLedger;
using testing::make_config;
using testing::prerequisite_runs;
using testing::runs_of;
using testing::SimulatedSweep;
using testing::SmallExperiment;

class CoordinatorPrerequisiteRanks : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Ranks, CoordinatorPrerequisiteRanks, ::testing::Values(1, 2, 4, 8, 50));

TEST_P(CoordinatorPrerequisiteRanks, EditorsAreTrainedOnceBeforeTheCellsThatNeedThem) {
  SmallExperiment experiment;
  experiment.methods = {"mend", "ft-c"};
  SimulatedSweep sweep(make_config(experiment), GetParam());
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  std::map<std::string, double> trained;
  for (const auto& run : prerequisite_runs(sweep, "editor")) {
    EXPECT_TRUE(trained.emplace(std::get<core::PrerequisiteTask>(run.task).model, run.end_seconds).second);
  }
  EXPECT_EQ(trained.size(), 2U);
  for (const auto& run : runs_of<core::EditTask>(sweep)) {
    const auto& cell = std::get<core::EditTask>(run.task).cell;
    if (cell.method == "mend") {
      EXPECT_GE(run.begin_seconds, trained.at(cell.model)) << cell.name();
    }
  }
}

TEST(CoordinatorPrerequisites, AFailedTrainingFailsItsCellsAndNoOthers) {
  SmallExperiment experiment;
  experiment.methods = {"mend", "ft-c"};
  SimulatedSweep sweep(make_config(experiment), 2);
  sweep.fault_of = [](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    if (task != core::Task(core::PrerequisiteTask{"editor", "small-gptj"})) return std::nullopt;
    return core::FailedEvent{core::FailureClass::kData, "no records", 0};
  };
  EXPECT_EQ(sweep.run(), Outcome::kPoisoned);
  for (const auto& cell : sweep.coordinator().backlog().cells()) {
    const auto& name = cell.facts->cell;
    const bool must_fail = name.method == "mend" && name.model == "small-gptj";
    EXPECT_EQ(cell.edit_state == WorkState::kFailed, must_fail) << name.name();
    if (must_fail) {
      EXPECT_NE(cell.failure.find("editor of small-gptj failed"), std::string::npos) << cell.failure;
      EXPECT_NE(cell.failure.find("no records"), std::string::npos) << cell.failure;
    }
  }
}

TEST(CoordinatorPrerequisites, FailedMomentsFailTheCellsThatNeedThemOnly) {
  const auto config = make_config({});
  SimulatedSweep sweep(config, 4);
  sweep.fault_of = [&](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    if (task == core::Task(core::PrerequisiteTask{"moments", "small-gpt2"})) {
      return core::FailedEvent{core::FailureClass::kData, "no corpus", 0};
    }
    return std::nullopt;
  };
  EXPECT_EQ(sweep.run(), Outcome::kPoisoned);
  for (const auto& cell : config.cells) {
    const bool is_lost = cell.method == "rome" && cell.model == "small-gpt2";
    EXPECT_EQ(sweep.ledger().cells[cell].num_edits, is_lost ? 0 : 60) << cell.name();
  }
}

TEST_P(CoordinatorPrerequisiteRanks, SlicesOfACorpusAreSpreadAndAddedAtTheEnd) {
  SimulatedSweep sweep(make_config({.num_samples = 1, .corpus_slices = 5}), GetParam());
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  expect_all_done(sweep);
  for (const char* model : {"small-gpt2", "small-gptj"}) {
    std::set<std::int64_t> slices;
    std::set<int> ranks;
    double last_slice_end = 0.0;
    double sum_begin = 0.0;
    double sum_end = 0.0;
    for (const auto& run : prerequisite_runs(sweep, "moments")) {
      const auto& task = std::get<core::PrerequisiteTask>(run.task);
      if (task.model != model) continue;
      if (task.slice) {
        EXPECT_TRUE(slices.insert(*task.slice).second) << "each slice once";
        last_slice_end = std::max(last_slice_end, run.end_seconds);
        ranks.insert(run.rank);
      } else {
        sum_begin = run.begin_seconds;
        sum_end = run.end_seconds;
      }
    }
    EXPECT_EQ(slices, (std::set<std::int64_t>{0, 1, 2, 3, 4}));
    EXPECT_GE(sum_begin, last_slice_end);
    if (GetParam() >= 8) {
      EXPECT_GE(ranks.size(), 4U) << "spread";
    }
    for (const auto& run : runs_of<core::EditTask>(sweep)) {
      const auto& cell = std::get<core::EditTask>(run.task).cell;
      if (cell.method == "rome" && cell.model == model) {
        EXPECT_GE(run.begin_seconds, sum_end);
      }
    }
  }
}

TEST(CoordinatorPrerequisites, CommittedSlicesAreNotSummedAgain) {
  const auto config = make_config({.models = {"small-gpt2"}, .num_samples = 1, .corpus_slices = 4});
  FakeLedger ledger;
  ledger.slices["moments small-gpt2"] = {0, 2};
  SimulatedSweep sweep(config, 2, ledger);
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  std::set<std::optional<std::int64_t>> slices;
  for (const auto& run : prerequisite_runs(sweep, "moments"))
    slices.insert(std::get<core::PrerequisiteTask>(run.task).slice);
  EXPECT_EQ(slices, (std::set<std::optional<std::int64_t>>{std::nullopt, 1, 3}));
}

TEST(CoordinatorPrerequisites, AFailedSliceFailsTheSecondMomentsAndTheirCells) {
  const auto config = make_config({.models = {"small-gpt2"}, .num_samples = 1, .corpus_slices = 3});
  SimulatedSweep sweep(config, 2);
  sweep.fault_of = [](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    if (task != core::Task(core::PrerequisiteTask{"moments", "small-gpt2", 1})) return std::nullopt;
    return core::FailedEvent{core::FailureClass::kData, "line 101: is not UTF-8", 0};
  };
  EXPECT_EQ(sweep.run(), Outcome::kPoisoned);
  ASSERT_EQ(sweep.coordinator().failures().size(), 1U);
  EXPECT_EQ(sweep.coordinator().failures()[0].work, "moments small-gpt2 slice 1");
  EXPECT_EQ(sweep.ledger().slices["moments small-gpt2"], (std::set<std::int64_t>{0, 2})) << "kept for the next run";
  for (const auto& run : prerequisite_runs(sweep, "moments")) {
    EXPECT_TRUE(std::get<core::PrerequisiteTask>(run.task).slice.has_value());
  }
  EXPECT_EQ(sweep.ledger().cells[config.cells[0]].num_edits, 0);
  EXPECT_EQ(sweep.ledger().cells[config.cells[1]].num_edits, 60) << "ft-c needs no second moments";
}

}  // namespace
}  // namespace lethe::orchestrator
