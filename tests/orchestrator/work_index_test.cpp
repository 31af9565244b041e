#include "orchestrator/scheduling/work_index.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "core/random_stream.h"
#include "orchestrator/scheduling/scheduler.h"
#include "tests/orchestrator/fakes.h"
#include "tests/orchestrator/simulated_sweep.h"
#include "tests/orchestrator/small_experiment.h"

namespace lethe::orchestrator {
namespace {

using testing::FakeLedger;
using testing::make_config;
using testing::make_inspection;
using testing::SimulatedSweep;

constexpr SchedulerOptions kElastic{true, 30.0, 0.25};

/// The rule of scheduler.h by a look at every cell.
std::optional<std::size_t> longest_of_all(const Backlog& backlog, const IdleRank& rank, double now_seconds) {
  std::optional<std::size_t> best;
  double best_seconds = 0.0;
  for (std::size_t i = 0; i < backlog.cells().size(); ++i) {
    const auto& cell = backlog.cells()[i];
    if (!backlog.is_editable(cell, now_seconds)) continue;
    const auto& name = cell.facts->cell;
    double seconds = backlog.costs().edit_seconds(name.method, name.model).of(cell.remaining_edits());
    if (name.model != rank.loaded_model) seconds -= backlog.costs().load_seconds(name.model);
    if (best && seconds <= best_seconds) continue;
    best = i;
    best_seconds = seconds;
  }
  return best;
}

std::optional<std::pair<std::size_t, std::size_t>> best_reduction_of_all(const Backlog& backlog, const IdleRank& rank,
                                                                         double now_seconds) {
  std::optional<std::pair<std::size_t, std::size_t>> best;
  std::tuple<int, int, std::int64_t> best_rank;
  for (std::size_t i = 0; i < backlog.cells().size(); ++i) {
    const auto& cell = backlog.cells()[i];
    const auto next = backlog.next_reduction(cell, now_seconds);
    if (!next) continue;
    const int load = cell.facts->cell.model == rank.loaded_model ? 0 : 1;
    const bool is_held = load == 0 && cell.holder == rank.rank;  // an executor holds a cell of the model that it has
    const int hold = is_held ? 0 : cell.num_running_reductions == 0 ? 1 : 2;
    const std::tuple candidate(load, hold, cell.reductions[*next].edits);
    if (best && candidate >= best_rank) continue;
    best = {i, *next};
    best_rank = candidate;
  }
  return best;
}

bool is_exhausted_by_all(const Backlog& backlog) {
  const auto is_prerequisite_ahead = [](const PrerequisiteWork& one) {
    return one.state == WorkState::kRunning || (one.state == WorkState::kOpen && one.is_wanted);
  };
  const auto is_reduction_ahead = [](const CellWork& cell, const ReductionWork& one) {
    return one.state == WorkState::kRunning || (one.state == WorkState::kOpen && one.edits <= cell.committed);
  };
  return std::ranges::none_of(backlog.prerequisites(), is_prerequisite_ahead) &&
         std::ranges::none_of(backlog.cells(), [&](const CellWork& cell) {
           return cell.edit_state == WorkState::kRunning ||
                  (cell.edit_state == WorkState::kOpen && !cell.is_cancelled) ||
                  std::ranges::any_of(cell.reductions, [&](const auto& one) { return is_reduction_ahead(cell, one); });
         });
}

void expect_prerequisites_by_all(const Backlog& backlog) {
  std::set<std::size_t> open;
  for (std::size_t i = 0; i < backlog.prerequisites().size(); ++i) {
    const auto& work = backlog.prerequisites()[i];
    if (work.state == WorkState::kOpen && work.is_wanted) open.insert(i);
  }
  EXPECT_EQ(backlog.open_prerequisites(), open);
}

void expect_totals_by_all(const Backlog& backlog) {
  Backlog::Totals all;
  for (const auto& cell : backlog.cells()) {
    const auto count = [&](auto condition) { return std::ranges::count_if(cell.reductions, condition); };
    const auto num_failed = count([](const auto& one) { return one.state == WorkState::kFailed; });
    const auto num_undone = count([](const auto& one) { return one.state != WorkState::kDone; });
    const auto is_missing = [&](const auto& one) { return one.state != WorkState::kDone && cell.is_due(one); };
    EXPECT_EQ(cell.num_missing_reductions(), static_cast<std::size_t>(count(is_missing)));
    all.reductions -= num_undone - count(is_missing);
    all.reductions_failed += num_failed;
    all.reductions_done -= num_undone;
    all.reductions_waiting +=
        count([&](const auto& one) { return one.state == WorkState::kOpen && one.edits <= cell.committed; });
    if (cell.edit_state == WorkState::kDone && num_undone == 0) ++all.num_cells_done;
    if ((cell.edit_state == WorkState::kFailed && !cell.is_cancelled) || num_failed > 0) ++all.num_cells_failed;
    if (cell.is_cancelled && cell.edit_state != WorkState::kDone) ++all.num_cells_cancelled;
  }
  const auto totals = backlog.totals();
  EXPECT_EQ(totals.reductions_failed, all.reductions_failed);
  EXPECT_EQ(totals.reductions - totals.reductions_done, all.reductions - all.reductions_done);
  EXPECT_EQ(totals.reductions_waiting, all.reductions_waiting);
  EXPECT_EQ(totals.num_cells_done, all.num_cells_done);
  EXPECT_EQ(totals.num_cells_failed, all.num_cells_failed);
  EXPECT_EQ(totals.num_cells_cancelled, all.num_cells_cancelled);
  const bool has_failed_prerequisite = std::ranges::any_of(
      backlog.prerequisites(), [](const auto& one) { return one.state == WorkState::kFailed && one.is_wanted; });
  EXPECT_EQ(backlog.has_failures(), all.num_cells_failed > 0 || has_failed_prerequisite);
}

/// A backlog that is driven at random: work is taken up, gets on, ends, fails, waits, is given up; cells are cancelled
/// and wanted again.
class RandomDrive {
 public:
  explicit RandomDrive(std::uint64_t seed)
      : random_(seed, "work index"),
        config_(make_config({.methods = {"rome", "ft-c", "mend"}, .num_samples = 3, .edits = 40})),
        inspection_(make_inspection(config_)),
        backlog_(config_, inspection_, FakeLedger()) {}

  /// Everything that can be chosen is compared with the rule over all cells.
  void compare() {
    for (int rank = 0; rank < 3; ++rank) {
      const IdleRank worker{rank, Role::kWorker, std::vector{"", "small-gpt2", "small-gptj"}[pick(3)]};
      auto reducer = worker;
      reducer.role = Role::kReducer;
      const auto unit = choose_work(backlog_, worker, {false, 30.0, 0.25}, now_);
      const auto reduction = choose_work(backlog_, reducer, {false, 30.0, 0.25}, now_);
      if (unit && unit->kind == WorkUnit::Kind::kPrerequisite) continue;
      const auto cell = longest_of_all(backlog_, worker, now_);
      ASSERT_EQ(unit.has_value(), cell.has_value());
      if (cell) {
        EXPECT_EQ(unit->index, *cell);
      }
      const auto best = best_reduction_of_all(backlog_, reducer, now_);
      ASSERT_EQ(reduction.has_value(), best.has_value());
      if (best) {
        EXPECT_EQ(std::pair(reduction->index, reduction->reduction), *best);
      }
    }
    EXPECT_EQ(backlog_.is_exhausted(), is_exhausted_by_all(backlog_));
    expect_prerequisites_by_all(backlog_);
    expect_totals_by_all(backlog_);
  }

  /// True if it did something.
  void step() {
    now_ += 0.5;
    if (running_.size() < 4 || pick(3) == 0) take_up();
    if (running_.empty()) return;
    const auto at = pick(running_.size());
    const auto unit = running_[at];
    if (unit.kind == WorkUnit::Kind::kEdit) {
      const auto committed = backlog_.cells()[unit.index].committed;
      backlog_.advance(unit.index, std::min(unit.until, committed + 10));
      if (backlog_.cells()[unit.index].committed < unit.until && pick(4) > 0) return;
    }
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(at));
    const auto chance = pick(12);
    if (chance == 0 && num_given_up_ < 3) {
      ++num_given_up_;
      return backlog_.fail(unit, "given up");
    }
    const bool is_unfinished =
        unit.kind == WorkUnit::Kind::kEdit && backlog_.cells()[unit.index].committed < unit.until;
    if (chance < 4 || is_unfinished) return backlog_.reopen(unit, Attempts{1, 0, now_ + 3.0});
    backlog_.finish(unit);
  }
  [[nodiscard]] bool is_over() const { return running_.empty() && backlog_.is_exhausted(); }

  /// A cell is edited no further, or goes on after all; of MEND sometimes all, which nobody needs an editor for then.
  void cancel_or_restore() {
    const auto& cells = config_.cells;
    const auto cell = cells[pick(cells.size())];
    const bool is_restored = cancelled_.erase(cell) > 0;
    if (!is_restored) cancelled_.insert(cell);
    if (!is_restored && cell.method == "mend") {
      std::ranges::copy_if(cells, std::inserter(cancelled_, cancelled_.end()),
                           [](const auto& one) { return one.method == "mend"; });
    }
    backlog_.set_cancelled(cancelled_);
  }
  void restore_all() {
    cancelled_.clear();
    backlog_.set_cancelled(cancelled_);
  }
  [[nodiscard]] bool has_unwanted_prerequisites() const {
    return std::ranges::any_of(backlog_.prerequisites(), [](const auto& one) { return !one.is_wanted; });
  }
  [[nodiscard]] bool has_forgotten_failures() const {
    return std::ranges::any_of(
        backlog_.cells(), [](const auto& cell) { return cell.edit_state == WorkState::kFailed && !cell.has_failed(); });
  }

 private:
  core::RandomStream random_;
  core::ExperimentConfig config_;
  core::Inspection inspection_;
  Backlog backlog_;
  double now_ = 0.0;
  std::vector<WorkUnit> running_;
  std::set<core::GridCell> cancelled_;
  int num_given_up_ = 0;

  std::size_t pick(std::size_t count) { return static_cast<std::size_t>(random_.next() % count); }

  void take_up() {
    const auto rank = static_cast<int>(pick(3));
    const auto role = pick(2) == 0 ? Role::kWorker : Role::kReducer;
    const auto unit = choose_work(backlog_, {rank, role, "small-gpt2"}, kElastic, now_);
    if (!unit) return;
    backlog_.start(*unit, rank);
    running_.push_back(*unit);
  }
};

TEST(WorkIndex, ChoosesWhatALookAtAllCellsWould) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomDrive drive(seed);
    int num_steps = 0;
    for (; num_steps < 5000 && !drive.is_over(); ++num_steps) {
      drive.step();
      drive.compare();
      if (::testing::Test::HasFailure()) FAIL() << "seed " << seed << ", step " << num_steps;
    }
    EXPECT_TRUE(drive.is_over()) << "seed " << seed;
    EXPECT_GT(num_steps, 100) << "seed " << seed;
  }
}

TEST(WorkIndex, ChoosesSoWhateverIsCancelledMeanwhile) {
  bool had_unwanted = false;
  bool had_forgotten = false;
  for (std::uint64_t seed = 100; seed < 120; ++seed) {
    RandomDrive drive(seed);
    for (int i = 0; i < 5000; ++i) {
      if (i < 300 && i % 5 == 0) drive.cancel_or_restore();
      if (i == 300) drive.restore_all();
      if (i > 300 && drive.is_over()) break;
      drive.step();
      drive.compare();
      had_unwanted |= drive.has_unwanted_prerequisites();
      had_forgotten |= drive.has_forgotten_failures();
      if (::testing::Test::HasFailure()) FAIL() << "seed " << seed << ", step " << i;
    }
    EXPECT_TRUE(drive.is_over()) << "seed " << seed;
  }
  EXPECT_TRUE(had_unwanted);
  EXPECT_TRUE(had_forgotten);
}

/// Cells that were looked at for each piece of work that was handed out.
double looks_each(int num_samples, int num_ranks) {
  SimulatedSweep sweep(make_config({.num_samples = num_samples, .edits = 30}), num_ranks);
  EXPECT_EQ(sweep.run(), Outcome::kComplete);
  return static_cast<double>(sweep.coordinator().backlog().num_looks()) / static_cast<double>(sweep.runs().size());
}

TEST(WorkIndex, AChoiceLooksAtAFewCellsHoweverManyThereAre) {
  const double few = looks_each(5, 4);      // 20 cells
  const double many = looks_each(250, 64);  // 1,000
  EXPECT_LT(few, 20.0);
  EXPECT_LT(many, 20.0);
}

}  // namespace
}  // namespace lethe::orchestrator
