#include "orchestrator/scheduling/coordinator.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "core/config/schedule.h"
#include "core/error.h"
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

class CoordinatorRanks : public ::testing::TestWithParam<int> {};

TEST_P(CoordinatorRanks, DoesEverythingOnce) {
  SimulatedSweep sweep(make_config({}), GetParam());
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  expect_all_done(sweep);
  std::set<std::string> reduced;
  for (const auto& run : runs_of<core::ReduceTask>(sweep)) {
    EXPECT_TRUE(reduced.insert(core::describe(run.task)).second) << core::describe(run.task) << " was done twice";
  }
  EXPECT_EQ(prerequisite_runs(sweep, "moments").size(), 2U);
  EXPECT_EQ(prerequisite_runs(sweep, "baseline").size(), 2U);
}

TEST_P(CoordinatorRanks, EditsFollowTheirMomentsAndReductionsTheirSegments) {
  SimulatedSweep sweep(make_config({}), GetParam());
  std::map<std::string, double> moments_end;
  sweep.run();
  for (const auto& run : prerequisite_runs(sweep, "moments")) {
    moments_end[std::get<core::PrerequisiteTask>(run.task).model] = run.end_seconds;
  }
  std::map<std::pair<core::GridCell, std::int64_t>, double> reached;
  for (const auto& run : runs_of<core::EditTask>(sweep)) {
    const auto& task = std::get<core::EditTask>(run.task);
    if (task.cell.method == "rome") {
      EXPECT_GE(run.begin_seconds, moments_end.at(task.cell.model)) << task.cell.name();
    }
  }
  for (const auto& run : runs_of<core::ReduceTask>(sweep)) {
    const auto& task = std::get<core::ReduceTask>(run.task);
    EXPECT_EQ(task.parts, core::parts_due(sweep.config(), task.cell, task.edits));
    double first_edit = 1e18;
    for (const auto& edit : runs_of<core::EditTask>(sweep)) {
      if (std::get<core::EditTask>(edit.task).cell == task.cell) first_edit = std::min(first_edit, edit.begin_seconds);
    }
    // An edit takes a second here, so edit n cannot be committed earlier.
    EXPECT_GE(run.begin_seconds, first_edit + static_cast<double>(task.edits)) << core::describe(run.task);
  }
}

TEST_P(CoordinatorRanks, OneCellIsNeverEditedTwiceAtATime) {
  SimulatedSweep sweep(make_config({}), GetParam());
  sweep.run();
  std::map<core::GridCell, std::vector<SimulatedSweep::Run>> by_cell;
  for (const auto& run : runs_of<core::EditTask>(sweep))
    by_cell[std::get<core::EditTask>(run.task).cell].push_back(run);
  for (auto& [cell, runs] : by_cell) {
    std::ranges::sort(runs, {}, &SimulatedSweep::Run::begin_seconds);
    for (std::size_t i = 1; i < runs.size(); ++i)
      EXPECT_GE(runs[i].begin_seconds, runs[i - 1].end_seconds) << cell.name();
  }
}

TEST_P(CoordinatorRanks, AResumedSweepDoesOnlyWhatIsMissing) {
  const auto config = make_config({});
  FakeLedger ledger;
  ledger.prerequisites = {"moments small-gpt2", "baseline small-gpt2", "baseline small-gptj"};
  ledger.complete(config, config.cells[0], 60);
  ledger.complete(config, config.cells[1], 30);
  ledger.cells[config.cells[1]].reductions.erase({20, core::ReductionPart::kForgetting});
  SimulatedSweep sweep(config, GetParam(), ledger);
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  expect_all_done(sweep);
  EXPECT_EQ(prerequisite_runs(sweep, "moments").size(), 1U);
  EXPECT_EQ(prerequisite_runs(sweep, "baseline").size(), 0U);
  for (const auto& run : sweep.runs()) {
    if (const auto* edit = std::get_if<core::EditTask>(&run.task)) {
      EXPECT_NE(edit->cell, config.cells[0]);
    }
    const auto* reduce = std::get_if<core::ReduceTask>(&run.task);
    if (reduce == nullptr || reduce->cell != config.cells[1] || reduce->edits > 30) continue;
    EXPECT_EQ(reduce->edits, 20);
    EXPECT_EQ(reduce->parts, std::vector{core::ReductionPart::kForgetting});
  }
}

TEST_P(CoordinatorRanks, NothingToDoEndsAtOnceWithoutExecutors) {
  const auto config = make_config({});
  FakeLedger ledger;
  for (const auto& cell : config.cells) ledger.complete(config, cell, 60);
  ledger.prerequisites = {"moments small-gpt2", "moments small-gptj", "baseline small-gpt2", "baseline small-gptj"};
  SimulatedSweep sweep(config, GetParam(), ledger);
  EXPECT_EQ(sweep.run(1.0), Outcome::kComplete);
  EXPECT_TRUE(sweep.runs().empty());
}

TEST_P(CoordinatorRanks, AStopCommitsAndTheNextStartGoesOn) {
  const auto config = make_config({});
  FakeLedger ledger;
  int num_starts = 0;
  for (Outcome outcome = Outcome::kIncomplete; outcome == Outcome::kIncomplete && num_starts < 100; ++num_starts) {
    SimulatedSweep sweep(config, GetParam(), ledger);
    sweep.on_step = [](SimulatedSweep& self) {
      if (self.elapsed_seconds() > 33.3) self.coordinator().request_stop("test");
    };
    outcome = sweep.run(40.0 + 30.0);
    ledger = sweep.ledger();
    if (outcome == Outcome::kComplete) expect_all_done(sweep);
  }
  EXPECT_GE(num_starts, 2);
  EXPECT_LT(num_starts, 40);
}

INSTANTIATE_TEST_SUITE_P(Ranks, CoordinatorRanks, ::testing::Values(1, 2, 4, 8, 50));

TEST(Coordinator, ACrashIsRetriedFromTheCommittedSegment) {
  SimulatedSweep sweep(make_config({}), 2);
  int num_crashes = 0;
  sweep.fault_of = [&](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    if (std::holds_alternative<core::EditTask>(task) && num_crashes < 3) {
      ++num_crashes;
      return core::FailedEvent{core::FailureClass::kCrash, "signal 11", 0};
    }
    return std::nullopt;
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  EXPECT_EQ(num_crashes, 3);
  expect_all_done(sweep);
}

TEST(Coordinator, APoisonedCellIsGivenUpAndTheOthersGoOn) {
  const auto config = make_config({});
  SimulatedSweep sweep(config, 4);
  const auto bad = config.cells[3];
  int num_tries = 0;
  sweep.fault_of = [&](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    const auto* edit = std::get_if<core::EditTask>(&task);
    if (edit == nullptr || edit->cell != bad) return std::nullopt;
    ++num_tries;
    return core::FailedEvent{core::FailureClass::kCrash, "signal 11; last log lines: boom", 0};
  };
  EXPECT_EQ(sweep.run(), Outcome::kPoisoned);
  EXPECT_GE(num_tries, 4) << "on each rank once: RankTrust.WorkThatFailsEverywhereIsGivenUpAndNoRankIsBlamed";
  EXPECT_LE(num_tries, 13);
  ASSERT_EQ(sweep.coordinator().failures().size(), 1U);
  EXPECT_EQ(sweep.coordinator().failures()[0].work, "edit " + bad.name());
  EXPECT_NE(sweep.coordinator().failures()[0].reason.find("boom"), std::string::npos);
  for (const auto& cell : config.cells) {
    EXPECT_EQ(sweep.ledger().cells[cell].num_edits, cell == bad ? 0 : 60) << cell.name();
  }
}

TEST(Coordinator, CrashesWithProgressBetweenThemDoNotAddUp) {
  const auto config = make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 1});
  SimulatedSweep sweep(config, 1);
  std::set<std::int64_t> deaths;
  sweep.dies_at = [&](const core::EditTask&, std::int64_t edit) {
    return edit % 10 == 5 && deaths.insert(edit).second;
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete) << "a flaky machine is no poisoned cell";
  EXPECT_EQ(deaths.size(), 6U);
  expect_all_done(sweep);
}

TEST(Coordinator, CrashesAtTheSameEditDoAddUp) {
  const auto config = make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 1});
  SimulatedSweep sweep(config, 1);
  int num_deaths = 0;
  sweep.dies_at = [&](const core::EditTask&, std::int64_t edit) { return edit == 25 && ++num_deaths > 0; };
  EXPECT_EQ(sweep.run(), Outcome::kPoisoned);
  EXPECT_EQ(num_deaths, 4);
  EXPECT_EQ(sweep.ledger().cells[config.cells[0]].num_edits, 20);
  EXPECT_EQ(sweep.ledger().cells[config.cells[0]].reductions.size(), 4U) << "what is committed is still reduced";
}

TEST(Coordinator, RetriesWaitLongerEachTime) {
  const auto config =
      make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 1, .has_tasks = false});
  SimulatedSweep sweep(config, 1);
  sweep.dies_at = [](const core::EditTask&, std::int64_t edit) { return edit == 1; };
  sweep.run();
  const auto runs = runs_of<core::EditTask>(sweep);
  ASSERT_EQ(runs.size(), 4U);
  EXPECT_GE(runs[1].begin_seconds - runs[0].end_seconds, 1.0);
  EXPECT_GE(runs[2].begin_seconds - runs[1].end_seconds, 2.0);
  EXPECT_GE(runs[3].begin_seconds - runs[2].end_seconds, 4.0);
}

class NotRetried : public ::testing::TestWithParam<core::FailureClass> {};

TEST_P(NotRetried, IsGivenUpAtOnce) {
  const auto config = make_config({});
  SimulatedSweep sweep(config, 2);
  int num_tries = 0;
  sweep.fault_of = [&](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    const auto* reduce = std::get_if<core::ReduceTask>(&task);
    if (reduce == nullptr || reduce->cell != config.cells[1] || reduce->edits != 20) return std::nullopt;
    ++num_tries;
    return core::FailedEvent{GetParam(), "bad", 0};
  };
  EXPECT_EQ(sweep.run(), Outcome::kPoisoned);
  EXPECT_EQ(num_tries, 1);
  const auto totals = sweep.coordinator().backlog().totals();
  EXPECT_EQ(totals.reductions_failed, 1);
  EXPECT_EQ(totals.reductions_done, totals.reductions - 1);
  EXPECT_EQ(totals.edits_done, totals.edits);
}

INSTANTIATE_TEST_SUITE_P(Classes, NotRetried,
                         ::testing::Values(core::FailureClass::kConfig, core::FailureClass::kData,
                                           core::FailureClass::kMethod, core::FailureClass::kMismatch));

core::FailedEvent no_space() { return {core::FailureClass::kFolder, "segment: No space left on device", 0}; }

class FullFolder : public ::testing::TestWithParam<int> {};

TEST_P(FullFolder, ThatNobodyCanWriteInStopsTheSweepSoonAndNothingIsGivenUp) {
  SimulatedSweep sweep(make_config({}), GetParam());
  sweep.fault_of = [&](int, const core::Task&) { return no_space(); };
  EXPECT_EQ(sweep.run(), Outcome::kIncomplete);
  EXPECT_LT(sweep.elapsed_seconds(), 10.0);
  const auto& coordinator = sweep.coordinator();
  EXPECT_TRUE(coordinator.failures().empty());
  ASSERT_FALSE(coordinator.setbacks().empty());
  EXPECT_EQ(coordinator.setbacks().front().reason, no_space().reason);
  EXPECT_NE(coordinator.stop_reason().find("No space left on device"), std::string::npos);
  const auto retries = coordinator.backlog().retries();
  ASSERT_FALSE(retries.empty());
  EXPECT_EQ(retries.front().reason, "folder: segment: No space left on device");
}

TEST_P(FullFolder, ThatIsFreedInTimeCostsNothing) {
  SimulatedSweep sweep(make_config({}), GetParam());
  sweep.fault_of = [&](int, const core::Task&) -> std::optional<core::FailedEvent> {
    if (sweep.elapsed_seconds() > 20.0 && sweep.elapsed_seconds() < 23.0) return no_space();
    return std::nullopt;
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  expect_all_done(sweep);
  EXPECT_TRUE(sweep.coordinator().backlog().retries().empty());
}

TEST_P(FullFolder, OfOneRankAloneDoesNotStopTheOthers) {
  SimulatedSweep sweep(make_config({}), GetParam());
  sweep.fault_of = [&](int rank, const core::Task&) -> std::optional<core::FailedEvent> {
    if (rank == 0) return no_space();
    return std::nullopt;
  };
  const auto outcome = sweep.run();
  if (GetParam() == 1) {
    EXPECT_EQ(outcome, Outcome::kIncomplete);
    return;
  }
  EXPECT_EQ(outcome, Outcome::kComplete);
  expect_all_done(sweep);
}

INSTANTIATE_TEST_SUITE_P(Ranks, FullFolder, ::testing::Values(1, 2, 4, 8));

TEST(Coordinator, TheFirstFailureOfEachWorkIsToldOnceUntilItGetsOn) {
  SimulatedSweep sweep(make_config({.models = {"small-gpt2"}, .num_samples = 1}), 1);
  int num_failures = 0;
  sweep.fault_of = [&](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    const auto* made = std::get_if<core::PrerequisiteTask>(&task);
    if (made == nullptr || made->kind != "baseline" || num_failures >= 3) return std::nullopt;
    ++num_failures;
    return core::FailedEvent{core::FailureClass::kInfrastructure, "Input/output error", 0};
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  ASSERT_EQ(sweep.coordinator().setbacks().size(), 1U);
  EXPECT_EQ(sweep.coordinator().setbacks().front().reason, "Input/output error");
}

TEST(Coordinator, AnAbandonedSweepEndsWithoutWaitingForItsTasks) {
  SimulatedSweep sweep(make_config({}), 2);
  sweep.seconds_of = [](const core::Task&) { return 1000.0; };
  sweep.on_step = [](SimulatedSweep& self) {
    if (self.elapsed_seconds() > 5.0) self.coordinator().abandon("the folder is gone");
  };
  EXPECT_EQ(sweep.run(2000.0), Outcome::kIncomplete);
  EXPECT_EQ(sweep.coordinator().stop_reason(), "the folder is gone");
}

TEST(Coordinator, InfrastructureFailuresHaveTheirOwnLargerCap) {
  SimulatedSweep sweep(make_config({.num_samples = 1}), 1);
  int num_failures = 0;
  sweep.fault_of = [&](int, const core::Task& task) -> std::optional<core::FailedEvent> {
    const auto* made = std::get_if<core::PrerequisiteTask>(&task);
    if (made == nullptr || made->kind != "baseline" || num_failures >= 9) return std::nullopt;
    ++num_failures;
    return core::FailedEvent{core::FailureClass::kInfrastructure, "disk is full", 0};
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  EXPECT_EQ(num_failures, 9);
}

TEST(Coordinator, ADoneWithoutFilesIsNoDone) {
  const auto config =
      make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 1, .has_tasks = false});
  auto channels = comm::connect_in_process(1);
  testing::FakeClock clock;
  testing::MemoryJournal journal;
  FakeLedger ledger;
  const auto inspection = testing::make_inspection(config);
  CoordinatorOptions options;
  options.build = "test";
  Coordinator coordinator(options, config, inspection, ledger, *channels[0], clock, journal);
  coordinator.on_message({0, to_message(Hello{"host", 1, "test"})});
  int num_assigned = 0;
  for (int i = 0; i < 100 && !coordinator.is_finished(); ++i, clock.now += 10.0) {
    coordinator.tick();
    while (const auto received = channels[0]->poll()) {
      if (received->message.type == comm::MessageType::kQuit)
        coordinator.on_message({0, empty_message(comm::MessageType::kBye)});
      if (received->message.type != comm::MessageType::kAssign) continue;
      ++num_assigned;
      coordinator.on_message({0, to_message(core::DoneEvent{}, received->message.epoch)});
    }
  }
  EXPECT_TRUE(coordinator.is_finished());
  EXPECT_EQ(coordinator.outcome(), Outcome::kPoisoned);
  EXPECT_EQ(num_assigned, 4);
}

TEST(Coordinator, TheSecondsOfAStepOfSeveralFactsCountForEachOfThem) {
  const auto config = make_config({.methods = {"ft-c"},
                                   .models = {"small-gpt2"},
                                   .num_samples = 2,
                                   .checkpoint_every = 20,
                                   .has_tasks = false,
                                   .facts_per_step = 4});
  auto channels = comm::connect_in_process(1);
  testing::FakeClock clock;
  testing::MemoryJournal journal;
  FakeLedger ledger;
  const auto inspection = testing::make_inspection(config);
  CoordinatorOptions options;
  options.build = "test";
  Coordinator coordinator(options, config, inspection, ledger, *channels[0], clock, journal);
  coordinator.on_message({0, to_message(Hello{"host", 1, "test"})});
  const auto next_assignment = [&]() -> std::optional<comm::Message> {
    coordinator.tick();
    while (const auto received = channels[0]->poll()) {
      if (received->message.type == comm::MessageType::kAssign) return received->message;
    }
    return std::nullopt;
  };
  const auto first = next_assignment();
  ASSERT_TRUE(first.has_value());
  // One step: four facts in eight seconds.
  coordinator.on_message({0, to_message(core::ProgressEvent{"edit", 4, 60, 8.0}, first->epoch)});
  EXPECT_DOUBLE_EQ(coordinator.backlog().costs().edit_seconds("ft-c", "small-gpt2").value, 2.0);
  double reducing = 0.0;
  for (const auto& cell : coordinator.backlog().cells()) {
    for (const auto& reduction : cell.reductions) {
      reducing += coordinator.backlog().costs().reduction_seconds("small-gpt2", reduction.edits, reduction.parts);
    }
  }
  EXPECT_NEAR(coordinator.remaining_seconds() - reducing, (2 * 60 - 4) * 2.0, 1e-6);
  coordinator.on_message({0, to_message(core::StoppedEvent{4}, first->epoch)});
  const auto second = next_assignment();
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE(std::holds_alternative<core::EditTask>(assignment_from(*second).task));
  EXPECT_DOUBLE_EQ(assignment_from(*second).expected_step_seconds, 8.0) << "a sign of life comes once a step";
}

TEST(Coordinator, ARankOfAnotherBuildIsSentAway) {
  const auto config = make_config({});
  auto channels = comm::connect_in_process(2);
  testing::FakeClock clock;
  testing::MemoryJournal journal;
  FakeLedger ledger;
  const auto inspection = testing::make_inspection(config);
  CoordinatorOptions options;
  options.build = "one";
  Coordinator coordinator(options, config, inspection, ledger, *channels[0], clock, journal);
  coordinator.on_message({1, to_message(Hello{"other", 1, "two"})});
  coordinator.tick();
  const auto answer = channels[1]->poll();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->message.type, comm::MessageType::kQuit);
  EXPECT_FALSE(channels[1]->poll().has_value());
  ASSERT_EQ(coordinator.failures().size(), 1U);
  EXPECT_NE(coordinator.failures()[0].reason.find("two"), std::string::npos);
}

TEST(Coordinator, RefusesMessagesThatAreNotForIt) {
  const auto config = make_config({});
  SimulatedSweep sweep(config, 1);
  EXPECT_THROW(sweep.coordinator().on_message({0, to_message(Quit{0})}), core::CommError);
  EXPECT_THROW(sweep.coordinator().on_message({0, {comm::MessageType::kHello, 0, 0, "no json"}}), core::CommError);
}

TEST(Coordinator, LateEventsOfATakenBackAssignmentDoNotCount) {
  const auto config =
      make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 1, .has_tasks = false});
  SimulatedSweep sweep(config, 1);
  sweep.on_step = [](SimulatedSweep& self) {
    self.coordinator().on_message({0, to_message(core::DoneEvent{}, 999)});
    self.coordinator().on_message({0, to_message(core::CommittedEvent{"x", 50}, 999)});
  };
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  EXPECT_EQ(sweep.journal().count("done"), static_cast<int>(sweep.runs().size()));
}

TEST(Coordinator, ElasticReducersEditAtTheStartAndWorkersReduceAtTheEnd) {
  auto config = make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 4});
  config.reducers = 2;
  SimulatedSweep elastic(config, 4);
  elastic.seconds_of = [](const core::Task& task) {
    return std::holds_alternative<core::ReduceTask>(task) ? 20.0 : 1.0;
  };
  EXPECT_EQ(elastic.run(), Outcome::kComplete);
  std::map<int, std::set<std::size_t>> kinds;
  for (const auto& run : elastic.runs()) kinds[run.rank].insert(run.task.index());
  for (int rank = 0; rank < 4; ++rank) {
    EXPECT_TRUE(kinds[rank].contains(core::Task(core::EditTask{}).index())) << rank;
    EXPECT_TRUE(kinds[rank].contains(core::Task(core::ReduceTask{}).index())) << rank;
  }
  config.elastic_roles = false;
  SimulatedSweep rigid(config, 4);
  rigid.seconds_of = elastic.seconds_of;
  EXPECT_EQ(rigid.run(), Outcome::kComplete);
  for (const auto& run : rigid.runs()) {
    if (std::holds_alternative<core::EditTask>(run.task)) {
      EXPECT_LT(run.rank, 2);
    }
    if (std::holds_alternative<core::ReduceTask>(run.task)) {
      EXPECT_GE(run.rank, 2);
    }
  }
  EXPECT_LT(elastic.elapsed_seconds(), rigid.elapsed_seconds());
}

TEST(Coordinator, AReducerKeepsItsCellAndTakesTheOldestCheckpointFirst) {
  auto config = make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 3, .has_tasks = false});
  config.reducers = 1;
  config.elastic_roles = false;
  SimulatedSweep sweep(config, 4);
  sweep.seconds_of = [](const core::Task& task) { return std::holds_alternative<core::ReduceTask>(task) ? 15.0 : 1.0; };
  sweep.run();
  const auto runs = runs_of<core::ReduceTask>(sweep);
  std::map<core::GridCell, std::int64_t> last;
  int num_switches = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& task = std::get<core::ReduceTask>(runs[i].task);
    EXPECT_GT(task.edits, last[task.cell]);
    last[task.cell] = task.edits;
    if (i > 0 && task.cell != std::get<core::ReduceTask>(runs[i - 1].task).cell) ++num_switches;
  }
  EXPECT_EQ(num_switches, 2) << "three cells, one reducer that is always behind: each is finished before the next";
}

TEST(Coordinator, LongestFirstComesCloseToTheLowerBound) {
  auto config = make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 40, .has_tasks = false});
  config.reducers = 1;
  config.elastic_roles = false;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < config.cells.size(); ++i) {
    const auto edits = static_cast<std::int64_t>(30 + 30 * ((i * 7) % 20));
    config.edits[config.cells[i]] = edits;
    total += edits;
  }
  SimulatedSweep sweep(config, 9);
  sweep.seconds_of = [](const core::Task& task) {
    return std::holds_alternative<core::ReduceTask>(task) ? 0.001 : 1.0;
  };
  sweep.run();
  EXPECT_LT(sweep.elapsed_seconds(), 1.08 * std::max(600.0, static_cast<double>(total) / 8.0));
}

TEST(Coordinator, ServesAThousandRanksWithoutStarvingAny) {
  auto config = make_config({.num_samples = 400, .edits = 30});
  const auto start = std::chrono::steady_clock::now();
  SimulatedSweep sweep(config, 1000);
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  expect_all_done(sweep);
  std::set<int> ranks;
  for (const auto& run : sweep.runs()) ranks.insert(run.rank);
  EXPECT_GT(ranks.size(), 950U);
  // A loose bound: it would take minutes if handing out were quadratic in ranks.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

}  // namespace
}  // namespace lethe::orchestrator
