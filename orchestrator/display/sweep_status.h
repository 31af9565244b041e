#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/cell_progress.h"
#include "core/config/experiment_config.h"
#include "core/contract/inspection.h"
#include "ledger/sweep_folder.h"
#include "orchestrator/scheduling/coordinator.h"

namespace lethe::orchestrator::inline display {

inline constexpr std::string_view kConfigErrorState = "CONFIG_ERROR";

/// Replaces STATE: one word and a line end. Wrappers read it, since mpirun's exit code cannot be trusted.
void write_state(const ledger::SweepFolder& folder, std::string_view state);
/// The word; empty if there is none.
std::string read_state(const ledger::SweepFolder& folder);

/// Replaces status.json: counts, failures, what is tried again, why it stopped, who writes it.
void write_status(const ledger::SweepFolder& folder, const Coordinator& coordinator);

/// One line of `lethe status`.
struct CellStatus {
  core::GridCell cell;
  core::CellProgress progress;
  std::string failure;  ///< of the last run, empty if none
};

/// From names of committed files, experiment.json, inspection.json and the failures in status.json; also while the
/// sweep runs. Throws `core::StorageError` if this is no sweep's folder.
std::vector<CellStatus> read_cell_status(const ledger::SweepFolder& folder, const core::MethodCatalogue& methods);

/// The table of `lethe status`.
void print_status(const ledger::SweepFolder& folder, const core::MethodCatalogue& methods, std::ostream& out);

}  // namespace lethe::orchestrator::inline display
