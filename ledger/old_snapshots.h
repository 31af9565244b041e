#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/reduction_part.h"
#include "ledger/sweep_folder.h"

namespace lethe::ledger {

/// Reductions that are due after an edit.
using PartsDue = std::function<std::vector<core::ReductionPart>(std::int64_t edit)>;

/// Snapshots of a cell that nothing needs any more: the segments go on behind them, and what is due at them is
/// committed under `identities`, which has one for each part that is due.
std::vector<SnapshotFile> unneeded_snapshots(const CellFiles& files, const PartsDue& parts_due,
                                             const std::map<core::ReductionPart, std::string>& identities);

}  // namespace lethe::ledger
