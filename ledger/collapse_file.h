#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ledger/sweep_folder.h"

// collapsed-<n>-<digest>.json in a cell's folder: the cell's collapse was certain at edit n, by `core::CollapseRule`
// over the records in its segments. Its name alone tells a sweep, a report and `lethe status` where the cell ends: n
// and the config's `stop_at_collapse` give that, whichever config wrote the file. So it is no setting, and no result of
// one.

namespace lethe::ledger {

/// All that the file of a collapse at `edit` holds: the edit, and the version of the rule. Equal collapses have files
/// of equal bytes, and so of one name.
std::string collapse_text(std::int64_t edit);

/// Why the file is not to be followed: other bytes than its name says, or than a collapse at its edit has. nullopt if
/// it is sound; whether the records give that edit, it cannot say. Throws `core::StorageError` if it cannot be read.
std::optional<std::string> flaw_of(const CollapseFile& collapse);

}  // namespace lethe::ledger
