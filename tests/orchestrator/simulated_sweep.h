#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "comm/in_process_channel.h"
#include "core/contract/inspection.h"
#include "orchestrator/scheduling/coordinator.h"
#include "tests/orchestrator/fakes.h"
#include "tests/orchestrator/small_experiment.h"

namespace lethe::orchestrator::testing {

/// A whole sweep on a fake clock: the real coordinator and wire format, ranks that answer as a supervisor with an
/// executor would, work that only takes simulated time, files that exist in a `FakeLedger`.
class SimulatedSweep {
 public:
  struct Run {
    int rank = 0;
    core::Task task;
    double begin_seconds = 0.0;
    double end_seconds = 0.0;
  };
  /// Seconds of one step: an edit, a reduction, a prerequisite.
  using Durations = std::function<double(const core::Task&)>;
  /// Asked when a task starts: a failure to answer with instead of working; nullopt for none.
  using Faults = std::function<std::optional<core::FailedEvent>(int rank, const core::Task&)>;

  /// What the coordinator has taken of this process's time.
  struct Effort {
    std::int64_t messages = 0;     ///< that it took or sent
    double seconds = 0.0;          ///< of processor time, without its making
    double longest_seconds = 0.0;  ///< of one call
    double making_seconds = 0.0;
  };
  /// What may be given in place of what is made up.
  struct Parts {
    FakeLedger ledger = {};
    CoordinatorOptions options = {};
    std::optional<core::Inspection> inspection = std::nullopt;
    std::unique_ptr<Journal> journal = nullptr;  ///< in place of `journal()`, which keeps every line
  };

  SimulatedSweep(core::ExperimentConfig config, int num_ranks, Parts parts);
  SimulatedSweep(core::ExperimentConfig config, int num_ranks, FakeLedger ledger = {}, CoordinatorOptions options = {})
      : SimulatedSweep(std::move(config), num_ranks, Parts{std::move(ledger), std::move(options), {}, nullptr}) {}

  Durations seconds_of = [](const core::Task&) { return 1.0; };
  Faults fault_of = [](int, const core::Task&) { return std::nullopt; };
  /// Asked before each edit: the executor dies there.
  std::function<bool(const core::EditTask&, std::int64_t edit)> dies_at = [](const core::EditTask&, std::int64_t) {
    return false;
  };
  /// Asked when a task starts and at the end of each step: the rank's executor dies there.
  std::function<bool(int rank)> dies_now = [](int) { return false; };
  /// Asked before each task: seconds until an executor that has another model, or none, has this one.
  std::function<double(const std::string& model)> load_seconds_of = [](const std::string&) { return 0.0; };
  /// Seconds before a task's first step: loading, rebuilding the model. None of a reduction that follows one of its
  /// cell.
  Durations start_seconds_of = [](const core::Task&) { return 0.0; };
  /// How many times longer a cell's first edit of a task takes than the others.
  double first_step_factor = 1.0;
  /// How a reduction's seconds are spread over its parts.
  std::function<double(const core::ReduceTask&, core::ReductionPart)> share_of =
      [](const core::ReduceTask& task, core::ReductionPart) { return 1.0 / static_cast<double>(task.parts.size()); };
  /// The edits at which records tell of a collapse.
  std::map<core::GridCell, std::int64_t> collapses;
  /// Called whenever something was handed out; may stop the sweep.
  std::function<void(SimulatedSweep&)> on_step = [](SimulatedSweep&) {};

  /// To the end. Returns the outcome; throws `std::runtime_error` if the sweep does not end within `limit_seconds` of
  /// its time.
  Outcome run(double limit_seconds = 1e9);

  Coordinator& coordinator() { return *coordinator_; }
  FakeLedger& ledger() { return ledger_; }
  FakeClock& clock() { return clock_; }
  MemoryJournal& journal() { return memory_; }
  [[nodiscard]] const Effort& effort() const { return effort_; }
  const core::ExperimentConfig& config() const { return config_; }
  const core::Inspection& inspection() const { return inspection_; }
  const std::vector<Run>& runs() const { return runs_; }
  [[nodiscard]] double elapsed_seconds() const { return clock_.now - start_seconds_; }

 private:
  struct Worker {
    std::optional<core::Task> task;
    std::uint64_t epoch = 0;
    bool is_stopping = false;
    std::int64_t edits = 0;
    double begin_seconds = 0.0;
    double step_seconds = 0.0;                   // of the step at hand
    std::optional<core::GridCell> reduced = {};  // the cell whose model it has at a checkpoint
    std::string loaded_model = {};
  };
  struct Moment {
    double seconds = 0.0;
    std::uint64_t order = 0;  // ties in order of creation: deterministic
    int rank = 0;
    bool operator>(const Moment& other) const {
      return std::pair(seconds, order) > std::pair(other.seconds, other.order);
    }
  };

  core::ExperimentConfig config_;
  core::Inspection inspection_;
  FakeLedger ledger_;
  FakeClock clock_;
  MemoryJournal memory_;
  std::unique_ptr<Journal> journal_;  // null: memory_
  std::vector<std::unique_ptr<comm::Channel>> channels_;
  std::unique_ptr<comm::Channel> noted_;  // of rank 0, notes to whom it sends
  std::set<int> told_;                    // ranks with messages to take
  std::unique_ptr<Coordinator> coordinator_;
  Effort effort_;
  std::vector<Worker> workers_;
  std::priority_queue<Moment, std::vector<Moment>, std::greater<>> moments_;
  std::uint64_t next_order_ = 0;
  std::vector<Run> runs_;
  double start_seconds_ = 0.0;

  void deliver();
  /// Calls it, and counts its time as the coordinator's.
  template <typename Call>
  void measured(Call call);
  void on_message(int rank, const comm::Message& message);
  void begin(int rank, const comm::Message& message);
  void advance(int rank);
  void step_edits(int rank, const core::EditTask& task);
  /// The cell's last edit, as far as the records up to `edits` tell it; the file of a collapse is written once they do.
  std::int64_t last_edit(int rank, const core::GridCell& cell, std::int64_t edits, bool is_committed);
  void reduce(int rank, const core::ReduceTask& task);
  void finish(int rank, const core::Event& event);
  void die(int rank);
  /// Facts that the next step of the cell edits.
  std::int64_t facts_of_step(const core::EditTask& task, std::int64_t edits) const;
  void schedule(int rank, double delay_seconds);
  void send(int rank, const core::Event& event);
};

/// The runs of one kind of task, in order of time.
template <typename T>
std::vector<SimulatedSweep::Run> runs_of(const SimulatedSweep& sweep) {
  std::vector<SimulatedSweep::Run> runs;
  std::ranges::copy_if(sweep.runs(), std::back_inserter(runs),
                       [](const auto& run) { return std::holds_alternative<T>(run.task); });
  return runs;
}

/// The runs that made prerequisites of a kind, in order of time.
std::vector<SimulatedSweep::Run> prerequisite_runs(const SimulatedSweep& sweep, const std::string& kind);

/// Every edit, every reduction part and every prerequisite is in the ledger.
void expect_all_done(SimulatedSweep& sweep);

}  // namespace lethe::orchestrator::testing
