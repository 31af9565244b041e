#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/config/cell_progress.h"
#include "core/config/experiment_config.h"
#include "core/contract/executor_messages.h"
#include "core/contract/inspection.h"
#include "orchestrator/scheduling/cost_model.h"
#include "orchestrator/scheduling/ledger_view.h"
#include "orchestrator/scheduling/work_index.h"

namespace lethe::orchestrator::inline scheduling {

enum class WorkState { kOpen, kRunning, kDone, kFailed };

/// Failures of one piece of work since its last progress.
struct Attempts {
  int failures = 0;
  int infrastructure_failures = 0;  ///< not the work's fault; they have a cap of their own
  double not_before_seconds = 0.0;  ///< back-off
  int folder_failures = 0;          ///< the sweep's folder takes nothing; no number of them gives the work up
  std::string reason = {};          ///< of the last one

  [[nodiscard]] int num_failures() const { return failures + infrastructure_failures + folder_failures; }
};

/// A piece of work that failed and is tried again.
struct Retry {
  std::string work;  ///< "edit rome/small-gpt2/sample0"
  std::string reason;
  int num_failures = 0;
};

struct PrerequisiteWork {
  const core::PrerequisiteFacts* facts = nullptr;
  std::optional<std::int64_t> slice = std::nullopt;  ///< a part of it; without, the whole or the putting together
  double expected_seconds = 0.0;
  double step_seconds = 0.0;            ///< between two signs of life, at most
  std::vector<std::size_t> needs = {};  ///< prerequisites that must be done first
  std::size_t num_unmet_needs = 0;      ///< of them, those that are not done
  bool is_awaited = false;              ///< a cell or another prerequisite cannot begin before it is done
  bool is_wanted = true;                ///< false: only cancelled cells need it
  WorkState state = WorkState::kOpen;
  Attempts attempts = {};
  std::string failure = {};
  std::optional<double> rest_seconds = std::nullopt;  ///< by how far it has come, while it runs
};

/// How the failure of a cell begins that was never tried.
inline constexpr std::string_view kPrerequisiteFailed = "prerequisite: ";

struct ReductionWork {
  std::int64_t edits = 0;
  std::vector<core::ReductionPart> parts;  ///< due and not committed
  WorkState state = WorkState::kOpen;
  Attempts attempts;
  std::string failure;
};

struct CellWork {
  const core::CellFacts* facts = nullptr;
  std::int64_t edits = 0;  ///< that it ends with: fewer than asked for where it has collapsed
  std::optional<std::int64_t> collapsed_at = std::nullopt;  ///< where that ends it
  std::int64_t committed = 0;
  std::int64_t seen = 0;  ///< edits that its executor has reported, committed or not; 0 while nobody edits it
  WorkState edit_state = WorkState::kOpen;
  Attempts attempts;
  std::string failure;                    ///< of the edits
  std::vector<std::size_t> needs;         ///< prerequisites that must be done first
  std::size_t num_unmet_needs = 0;        ///< of them, those that are not done
  std::vector<std::int64_t> checkpoints;  ///< increasing
  std::vector<ReductionWork> reductions;  ///< what was missing at the start, by edits
  std::size_t first_open = 0;             ///< all reductions before it are done, running or failed
  std::size_t num_running_reductions = 0;
  std::size_t num_done_reductions = 0;
  std::size_t num_failed_reductions = 0;
  std::size_t num_waiting_reductions = 0;  ///< open, their checkpoints committed
  int holder = -1;                         ///< rank whose executor has this cell's model at a checkpoint
  bool is_cancelled = false;               ///< its user wants no more edits; an executor may be at its last one

  [[nodiscard]] std::size_t num_undone_reductions() const { return reductions.size() - num_done_reductions; }
  /// Of them, those that are due.
  [[nodiscard]] std::size_t num_missing_reductions() const;
  [[nodiscard]] bool is_complete() const { return edit_state == WorkState::kDone && num_undone_reductions() == 0; }
  /// Something that its user wants was given up.
  [[nodiscard]] bool has_failed() const {
    return (edit_state == WorkState::kFailed && !is_cancelled) || num_failed_reductions > 0;
  }
  [[nodiscard]] std::int64_t remaining_edits() const { return edits - committed; }
  /// On disk, as far as the cell goes.
  [[nodiscard]] bool is_edited_up_to(std::int64_t until) const { return committed >= std::min(until, edits); }
  /// Edits are to be made, or made now and wanted.
  [[nodiscard]] bool is_to_be_edited() const {
    return !is_cancelled && (edit_state == WorkState::kOpen || edit_state == WorkState::kRunning);
  }
  /// Cancelled before its end.
  [[nodiscard]] bool is_cut_short() const { return is_cancelled && edit_state != WorkState::kDone; }
  /// Done, or going to be due: not behind the last edit of a cell that is cut short.
  [[nodiscard]] bool is_due(const ReductionWork& reduction) const {
    return !is_cut_short() || reduction.edits <= committed;
  }
  /// Made and not on disk yet.
  [[nodiscard]] std::int64_t uncommitted_edits() const { return std::max<std::int64_t>(0, seen - committed); }
};

/// One assignable piece of work, by index into a `Backlog`.
struct WorkUnit {
  enum class Kind { kPrerequisite, kEdit, kReduction };
  Kind kind = Kind::kPrerequisite;
  std::size_t index = 0;      ///< prerequisite, or cell
  std::size_t reduction = 0;  ///< index into the cell's reductions
  std::int64_t until = 0;     ///< for edits
  bool operator==(const WorkUnit&) const = default;
};

/// Everything a sweep has to do and how far it is, expanded from the grid and what is committed. No clock, no
/// messages; the coordinator changes it, the scheduler reads it.
class Backlog {
 public:
  /// `config` and `inspection` must outlive it. Reads the ledger once for every cell and prerequisite. `speed`: of the
  /// executors; without one `assumed_speed`.
  Backlog(const core::ExperimentConfig& config, const core::Inspection& inspection, const LedgerView& ledger,
          const std::optional<DeviceSpeed>& speed = std::nullopt);

  [[nodiscard]] const std::vector<PrerequisiteWork>& prerequisites() const { return prerequisites_; }
  [[nodiscard]] const std::vector<CellWork>& cells() const { return cells_; }
  /// Prerequisites that are wanted and that nobody makes yet; whether they are ready is another question.
  [[nodiscard]] const std::set<std::size_t>& open_prerequisites() const { return open_prerequisites_; }
  [[nodiscard]] const WorkIndex& index() const { return index_; }
  [[nodiscard]] const CostModel& costs() const { return costs_; }
  [[nodiscard]] CostModel& costs() { return costs_; }

  [[nodiscard]] core::Task task_of(const WorkUnit& unit) const;
  [[nodiscard]] const std::string& model_of(const WorkUnit& unit) const;
  [[nodiscard]] const Attempts& attempts_of(const WorkUnit& unit) const;
  /// Facts that one step of a cell edits.
  [[nodiscard]] int facts_per_step(const core::GridCell& cell) const;
  /// Of one step of the unit, for hang detection.
  [[nodiscard]] double expected_step_seconds(const WorkUnit& unit) const;

  /// Open, not waiting for its next try, and all that it needs is done.
  [[nodiscard]] bool is_ready(const PrerequisiteWork& work, double now_seconds) const;
  [[nodiscard]] bool is_editable(const CellWork& cell, double now_seconds) const;
  /// Open reductions of a cell whose checkpoint is committed; the first one, if any, may be started.
  [[nodiscard]] std::optional<std::size_t> next_reduction(const CellWork& cell, double now_seconds) const;

  /// How often a cell was asked the two questions above: what choosing work costs.
  [[nodiscard]] std::int64_t num_looks() const { return num_looks_; }

  /// False for edits of a cancelled cell, and for what only such cells need: not to be begun, nor gone on with.
  [[nodiscard]] bool is_wanted(const WorkUnit& unit) const;

  void start(const WorkUnit& unit, int rank);
  /// The cells that are to be edited no further, instead of those of the call before. Nothing else of a cell is
  /// forgotten: one that is not among them any more goes on.
  void set_cancelled(const std::set<core::GridCell>& cancelled);
  [[nodiscard]] const std::set<core::GridCell>& cancelled() const { return cancelled_; }
  /// `committed` edits of the cell are on disk.
  void advance(std::size_t cell, std::int64_t committed);
  /// The running edits of a cell have come to `edits`, the running prerequisite has `rest_seconds` to go.
  void see_edits(std::size_t cell, std::int64_t edits) { cells_.at(cell).seen = edits; }
  void see_rest(std::size_t prerequisite, double rest_seconds) {
    prerequisites_.at(prerequisite).rest_seconds = rest_seconds;
  }
  void finish(const WorkUnit& unit);
  /// Back to open: stopped, or to be retried.
  void reopen(const WorkUnit& unit, const Attempts& attempts);
  /// Never to be tried again in this run. A failed prerequisite fails the cells that need it.
  void fail(const WorkUnit& unit, const std::string& reason);
  /// Takes what the ledger says about the unit's cell or prerequisite: committed files are the truth. A cell that has
  /// collapsed meanwhile gets its end.
  void refresh(const WorkUnit& unit, const LedgerView& ledger);

  /// What failed since its last progress and is not given up.
  [[nodiscard]] std::vector<Retry> retries() const;

  /// Nothing is running or can still be run.
  [[nodiscard]] bool is_exhausted() const { return num_ahead_ == 0; }
  /// Something that is wanted was given up. O(cells + prerequisites).
  [[nodiscard]] bool has_failures() const;

  /// Edits and reductions of cancelled cells as far as they are made or due.
  struct Totals {
    std::int64_t num_cells = 0, num_cells_done = 0, num_cells_failed = 0, num_cells_cancelled = 0;
    std::int64_t edits = 0, edits_done = 0, edits_uncommitted = 0;
    std::int64_t reductions = 0, reductions_done = 0, reductions_waiting = 0, reductions_failed = 0;
    std::int64_t prerequisites = 0, prerequisites_done = 0;
  };
  /// O(cells + prerequisites).
  [[nodiscard]] Totals totals() const;

 private:
  /// Who needs a prerequisite.
  struct Dependents {
    std::vector<std::size_t> prerequisites;
    std::vector<std::size_t> cells;
  };
  /// Whether of a cell, its or the prerequisite's index, whether a reduction, its index: in plan order.
  using FailedWork = std::tuple<bool, std::size_t, bool, std::size_t>;

  const core::ExperimentConfig& config_;
  const core::Inspection& inspection_;
  CostModel costs_;
  std::vector<PrerequisiteWork> prerequisites_;
  std::vector<Dependents> dependents_;           // by prerequisite
  std::map<std::string, std::size_t> whole_of_;  // prerequisites without slice, by key
  std::set<std::size_t> open_prerequisites_;
  std::vector<CellWork> cells_;
  std::set<core::GridCell> cancelled_;
  std::vector<bool> is_prerequisite_ahead_;  // by prerequisite: it is being made, or wanted and to be made
  std::vector<bool> is_cell_ahead_;          // by cell: something of it is running or can still be run
  WorkIndex index_;
  std::size_t num_ahead_ = 0;           // of both
  std::set<FailedWork> failed_before_;  // what was opened again after a failure
  mutable std::int64_t num_looks_ = 0;
  std::int64_t num_reductions_due_ = 0;  // over all cells, done ones included

  void add_prerequisite(const core::PrerequisiteFacts& facts, const LedgerView& ledger);
  void push_prerequisite(PrerequisiteWork work);
  void set_state(std::size_t prerequisite, WorkState state);
  void fail_prerequisite(std::size_t index, const std::string& reason);
  /// Of the prerequisites with these keys, that of all their slices.
  [[nodiscard]] std::vector<std::size_t> indices_of(const std::vector<std::string>& keys);
  [[nodiscard]] std::size_t num_unmet(const std::vector<std::size_t>& needs) const;
  void add_cell(const core::CellFacts& facts, const LedgerView& ledger);
  void end_at_collapse(std::size_t cell, core::CellProgress progress);
  /// After each change of a cell: where it stands in the index, and whether something of it is ahead.
  void place(std::size_t cell);
  void place_prerequisite(std::size_t index);
  void count_ahead(std::vector<bool>::reference was_ahead, bool is_ahead);
  [[nodiscard]] const ReductionWork& reduction_of(const WorkUnit& unit) const;
};

}  // namespace lethe::orchestrator::inline scheduling
