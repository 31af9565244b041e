#pragma once

#include <filesystem>
#include <set>

#include "ledger/sweep_folder.h"
#include "worker/commands/verify.h"

namespace lethe::worker::inline commands {

/// Checks every committed file of a sweep's folder: its bytes, that it is the one that its name and place say, and for
/// `kAll` its contents (a segment's are read where it is replayed). Adds to `result`; returns the files that have a
/// problem.
std::set<std::filesystem::path> check_files(const std::filesystem::path& root, Thoroughness thoroughness,
                                            TaskMonitor& monitor, Verification& result);

/// Who makes again what a chain lacks: the sweep of the experiment, or one with the cell's own grid and settings.
enum class Mending { kNextSweep, kOwnSweep };

/// Adds to `result` the segments that are not in a cell's chain from edit 1; where no grid says what is due, also
/// reductions behind the chain's end.
void check_gaps(const ledger::CellFiles& files, Mending mending, Verification& result);

/// Is everything there that experiment.json asks for? What a sweep that is not complete still lacks is no problem, but
/// is told.
void check_completeness(Workspace& workspace, Verification& result);

}  // namespace lethe::worker::inline commands
