#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/cell_progress.h"
#include "core/config/experiment_config.h"
#include "ledger/owner_look.h"
#include "ledger/sweep_folder.h"
#include "orchestrator/display/status_file.h"

namespace lethe::orchestrator::inline display {

/// Where a sweep stands.
enum class SweepPhase {
  kNone,     ///< no sweep ran in this folder
  kRunning,  ///< its owner is alive
  kCells,    ///< no sweep, but somebody works on cells or prerequisites: `lethe cell`, tasks of an array
  kStopped,  ///< its last run left in order, before the end
  kDead,     ///< its last run was killed, or its host went down
  kUnknown,  ///< its owner cannot be seen from here: watch it
  kComplete,
  kPoisoned,
  kConfigError,
};
/// "none", "running", "cells", "stopped", "dead", "unknown", "complete", "poisoned", "config_error".
std::string_view to_string(SweepPhase phase);

struct CellStatus {
  core::GridCell cell;
  core::CellProgress progress;
  std::string failure;                      ///< of the last run, empty if none
  bool is_running = false;                  ///< being edited
  std::string cancel_reason = {};           ///< the user's, where it is cancelled and one was given
  std::int64_t uncommitted = 0;             ///< edits that a running executor has reported and not committed
  [[nodiscard]] std::string state() const;  ///< "done", "cancelled", "failed", "running", "begun", "open"
};

/// A prerequisite that is not done.
struct OpenPrerequisite {
  std::string title;
  std::int64_t slices_done = 0;
  std::int64_t num_slices = 1;
};

/// All that there is to say of a sweep's folder.
struct SweepLook {
  std::string folder;
  std::string state;  ///< the word of STATE; empty if there is none
  SweepPhase phase = SweepPhase::kNone;
  std::optional<ledger::OwnerLook> owner;       ///< of the whole folder, also when it is gone
  std::vector<ledger::OwnerLook> other_owners;  ///< of cells and prerequisites, as far as they may be alive
  RunStatus run;
  bool is_run_the_owners = false;  ///< `run` was written by the present or last owner, not by one before
  std::string trouble;             ///< what keeps the folder from taking files
  std::string missing;             ///< what STATE says is done, and is not there any more
  std::vector<OpenPrerequisite> open_prerequisites;
  std::vector<CellStatus> cells;

  /// Another look will find the same, unless somebody starts something.
  [[nodiscard]] bool is_settled() const;
};

/// Looks at one folder, once or again and again: files by name, experiment.json, inspection.json, status.json, STATE
/// and tokens. Claims and changes nothing; for the clock of the file system a file is made beside the tokens and
/// removed, and another one in a folder that is to take more files, by its owner's looks (`ledger::trouble_by_trial`).
class SweepWatch {
 public:
  /// `methods` must outlive it. Throws `core::ConfigError` for a wrong LETHE_OWNER_WATCH_SECONDS.
  SweepWatch(ledger::SweepFolder folder, const core::MethodCatalogue& methods);
  /// Throws `core::StorageError` if this is no sweep's folder.
  [[nodiscard]] SweepLook look();

 private:
  ledger::SweepFolder folder_;
  const core::MethodCatalogue& methods_;
  ledger::OwnerWatch owners_;

  void look_at_owners(SweepLook& look);
};

/// The cells alone.
std::vector<CellStatus> read_cell_status(const ledger::SweepFolder& folder, const core::MethodCatalogue& methods);

}  // namespace lethe::orchestrator::inline display
