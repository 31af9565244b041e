#pragma once

#include "core/grid_cell.h"
#include "ledger/sweep_folder.h"
#include "storage/segment.h"
#include "worker/workspace.h"

namespace lethe::worker {

/// What a cell goes on from: the sound chain of segments from edit 1, and sound segments behind a gap (`orphans`),
/// which the edits that close it may join. Puts into quarantine what was read and has other bytes than its name says or
/// is of another cell; what the chain has already; and segments of a dense method behind its newest snapshot that
/// another arithmetic made, whose weights cannot be made again. A file that cannot be read throws `core::StorageError`
/// and stays: the next try may read it.
ledger::CellFiles recover_chain(Workspace& workspace, const core::GridCell& cell);

/// First edits of the segments behind a gap, after `edits`; 0 if there are none.
std::int64_t next_orphan(const ledger::CellFiles& files, std::int64_t edits);

/// Before `segment` is committed: do segments that begin right behind it begin with the weights that it ends with?
/// Those that do not are put into quarantine. True if one does, so that it continues the chain.
bool joins_orphans(Workspace& workspace, const storage::SegmentContents& segment);

}  // namespace lethe::worker
