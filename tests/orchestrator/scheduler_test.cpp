#include "orchestrator/scheduling/scheduler.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/random_stream.h"
#include "tests/orchestrator/fakes.h"
#include "tests/orchestrator/small_experiment.h"

namespace lethe::orchestrator {
namespace {

using testing::FakeLedger;
using testing::make_config;
using testing::make_inspection;

constexpr SchedulerOptions kElastic{true, 30.0, 0.25};
constexpr SchedulerOptions kRigid{false, 30.0, 0.25};

/// A backlog whose prerequisites are done.
struct Fixture {
  explicit Fixture(core::ExperimentConfig wanted, FakeLedger known = {})
      : config(std::move(wanted)), ledger(std::move(known)) {
    inspection = make_inspection(config);
    for (const auto& facts : inspection.prerequisites) ledger.prerequisites.insert(facts.key());
    backlog.emplace(config, inspection, ledger);
  }
  std::optional<WorkUnit> choose(Role role, const std::string& loaded = {}, SchedulerOptions options = kElastic) const {
    return choose_work(*backlog, {0, role, loaded}, options, 0.0);
  }
  core::ExperimentConfig config;
  FakeLedger ledger;
  core::Inspection inspection;
  std::optional<Backlog> backlog;
};

TEST(Scheduler, TakesTheLongestRemainingCellFirst) {
  core::RandomStream random(5, "scheduler");
  for (int round = 0; round < 200; ++round) {
    auto config = make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 12});
    FakeLedger ledger;
    std::int64_t longest = 0;
    for (const auto& cell : config.cells) {
      config.edits[cell] = 1 + static_cast<std::int64_t>(random.next() % 1000);
      const auto done = static_cast<std::int64_t>(random.next() % 500);
      ledger.cells[cell].num_edits = done;
      longest = std::max(longest, config.edits[cell] - done);
    }
    const Fixture fixture(config, ledger);
    const auto unit = fixture.choose(Role::kWorker, "small-gpt2", kRigid);
    if (longest <= 0) {
      EXPECT_FALSE(unit.has_value());
      continue;
    }
    ASSERT_TRUE(unit.has_value());
    EXPECT_EQ(fixture.backlog->cells()[unit->index].remaining_edits(), longest);
    EXPECT_EQ(unit->until, fixture.backlog->cells()[unit->index].facts->edits);
  }
}

TEST(Scheduler, PrefersTheLoadedModelUnlessTheOtherIsMuchLonger) {
  auto config = make_config({.methods = {"ft-c"}, .num_samples = 1});
  const Fixture equal(config);
  EXPECT_EQ(equal.backlog->model_of(*equal.choose(Role::kWorker, "small-gptj")), "small-gptj");
  EXPECT_EQ(equal.backlog->model_of(*equal.choose(Role::kWorker, "small-gpt2")), "small-gpt2");
  config.edits[config.cells[0]] = 100'000;
  const Fixture longer(config);
  EXPECT_EQ(longer.backlog->model_of(*longer.choose(Role::kWorker, "small-gptj")), "small-gpt2");
}

TEST(Scheduler, PrerequisitesComeBeforeEverythingAndMomentsFirst) {
  const auto config = make_config({});
  const auto inspection = make_inspection(config);
  const FakeLedger ledger;
  Backlog backlog(config, inspection, ledger);
  for (const auto role : {Role::kWorker, Role::kReducer, Role::kBoth}) {
    const auto unit = choose_work(backlog, {0, role, ""}, kElastic, 0.0);
    ASSERT_TRUE(unit.has_value());
    EXPECT_EQ(std::get<core::PrerequisiteTask>(backlog.task_of(*unit)).kind, "moments");
  }
}

TEST(Scheduler, CellsThatNeedNoMomentsDoNotWaitForThem) {
  const auto config = make_config({.has_tasks = false});
  const auto inspection = make_inspection(config);
  const FakeLedger ledger;
  Backlog backlog(config, inspection, ledger);
  for (int rank = 0; rank < 2; ++rank)
    backlog.start(*choose_work(backlog, {rank, Role::kWorker, ""}, kElastic, 0.0), rank);
  const auto unit = choose_work(backlog, {2, Role::kWorker, ""}, kElastic, 0.0);
  ASSERT_TRUE(unit.has_value());
  EXPECT_EQ(std::get<core::EditTask>(backlog.task_of(*unit)).cell.method, "ft-c");
}

TEST(Scheduler, AHelpingReducerTakesWholeIntervalsOnly) {
  const auto config = make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 1});
  Fixture fixture(config);
  fixture.backlog->costs().observe_edits("ft-c", "small-gpt2", 1, 2.0);
  const auto unit = fixture.choose(Role::kReducer);
  ASSERT_TRUE(unit.has_value());
  EXPECT_EQ(unit->until, 20) << "15 edits fill 30 s; the next checkpoint after that is 20";
  for (int i = 0; i < 500; ++i) fixture.backlog->costs().observe_edits("ft-c", "small-gpt2", 1, 100.0);
  EXPECT_EQ(fixture.choose(Role::kReducer)->until, 10) << "at least one interval";
  EXPECT_EQ(fixture.choose(Role::kWorker)->until, 60);
  EXPECT_FALSE(fixture.choose(Role::kReducer, "", kRigid).has_value());
}

TEST(Scheduler, ARankAloneEditsForAWhileReducesAndStaysWithItsCell) {
  auto config = make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 2, .edits = 1000});
  Fixture fixture(config);
  fixture.backlog->costs().observe_edits("ft-c", "small-gpt2", 1, 1.0);
  const auto choose = [&](std::optional<std::size_t> last_edited) {
    return *choose_work(*fixture.backlog, {0, Role::kBoth, "small-gpt2", last_edited}, kElastic, 0.0);
  };
  const auto first = choose(std::nullopt);
  EXPECT_EQ(first, (WorkUnit{WorkUnit::Kind::kEdit, 0, 0, 30})) << "30 s";
  fixture.backlog->start(first, 0);
  fixture.backlog->advance(0, 30);
  fixture.backlog->finish(first);
  for (const std::int64_t checkpoint : {10, 20, 30}) {
    const auto unit = choose(0);
    ASSERT_EQ(unit.kind, WorkUnit::Kind::kReduction) << "the curve grows before the cell ends";
    EXPECT_EQ(fixture.backlog->cells()[0].reductions[unit.reduction].edits, checkpoint);
    fixture.backlog->start(unit, 0);
    fixture.backlog->finish(unit);
  }
  EXPECT_EQ(choose(0), (WorkUnit{WorkUnit::Kind::kEdit, 0, 0, 60})) << "the other cell has longer to go";
  EXPECT_EQ(choose(std::nullopt).index, 1U);
  fixture.backlog->advance(0, 400);
  for (auto unit = choose(0); unit.kind == WorkUnit::Kind::kReduction; unit = choose(0)) {
    fixture.backlog->start(unit, 0);
    fixture.backlog->finish(unit);
  }
  EXPECT_EQ(choose(0).until, 500) << "a quarter of what was edited: a model is not rebuilt from it for less";
}

TEST(Scheduler, WorkInBackOffIsLeftAlone) {
  const auto config = make_config({.methods = {"ft-c"}, .models = {"small-gpt2"}, .num_samples = 1});
  Fixture fixture(config);
  const auto unit = *fixture.choose(Role::kWorker);
  fixture.backlog->start(unit, 0);
  EXPECT_FALSE(fixture.choose(Role::kWorker).has_value());
  fixture.backlog->reopen(unit, Attempts{1, 0, 5.0});
  EXPECT_FALSE(fixture.choose(Role::kWorker).has_value());
  EXPECT_TRUE(choose_work(*fixture.backlog, {0, Role::kWorker, ""}, kElastic, 5.0).has_value());
}

TEST(Scheduler, RolesFollowTheConfigWithinWhatIsPossible) {
  auto config = make_config({});
  const Fixture fixture(config);
  EXPECT_EQ(assign_roles(config, *fixture.backlog, 1), std::vector{Role::kBoth});
  const auto count = [&](std::optional<int> reducers, int ranks) {
    config.reducers = reducers;
    const auto roles = assign_roles(config, *fixture.backlog, ranks);
    EXPECT_EQ(roles.size(), static_cast<std::size_t>(ranks));
    EXPECT_EQ(roles.front(), Role::kWorker);
    return std::ranges::count(roles, Role::kReducer);
  };
  EXPECT_EQ(count(3, 8), 3);
  EXPECT_EQ(count(9, 4), 3) << "one worker stays";
  EXPECT_EQ(count(0, 4), 0) << "workers reduce at the end";
  const auto automatic = count(std::nullopt, 8);
  EXPECT_GE(automatic, 1);
  EXPECT_LE(automatic, 7);
  config.elastic_roles = false;
  EXPECT_EQ(count(0, 4), 1) << "somebody has to";
}

}  // namespace
}  // namespace lethe::orchestrator
