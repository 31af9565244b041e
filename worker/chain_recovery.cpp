#include "worker/chain_recovery.h"

#include <algorithm>

#include "core/log.h"
#include "worker/arithmetic.h"
#include "worker/cell_replay.h"
#include "worker/provenance.h"

namespace lethe::worker {
namespace {

void set_aside(const ledger::CommittedFile& file, const std::string& reason) {
  core::log_warning("quarantine " + core::log_field("reason", reason));
  ledger::quarantine(file.path, reason);
}

void set_aside_flawed(Workspace& workspace, const core::GridCell& cell, const ledger::CellFiles& files) {
  const auto& identity = workspace.edit_identity(cell);
  const auto check = [](const ledger::CommittedFile& file, const storage::FileLabel& label) {
    if (const auto flaw = storage::flaw_of(file, label)) set_aside(file, *flaw);
  };
  for (const auto* segments : {&files.segments, &files.orphans}) {
    for (const auto& segment : *segments) {
      check(segment.file, storage::segment_label(cell, identity, segment.first_edit, segment.last_edit));
    }
  }
  for (const auto& snapshot : files.snapshots) {
    check(snapshot.file, storage::snapshot_label(cell, identity, snapshot.edit));
  }
}

/// Index of the first segment behind the newest snapshot that this arithmetic did not make; their number if there is
/// none.
std::size_t first_out_of_reach(Workspace& workspace, const core::GridCell& cell, const ledger::CellFiles& files) {
  const auto has_snapshot = [&](std::int64_t edit) {
    return std::ranges::any_of(files.snapshots, [&](const auto& snapshot) { return snapshot.edit == edit; });
  };
  std::size_t first = files.segments.size();
  while (first > 0 && !has_snapshot(files.segments[first - 1].last_edit)) --first;
  const auto is_own = [&](const ledger::SegmentFile& segment) {
    const auto parts = storage::SegmentParts::kWithoutDeltas;
    return is_own_arithmetic(read_cell_segment(workspace, cell, segment, parts).provenance);
  };
  while (first < files.segments.size() && is_own(files.segments[first])) ++first;
  return first;
}

}  // namespace

ledger::CellFiles recover_chain(Workspace& workspace, const core::GridCell& cell) {
  const auto folder = workspace.cell_folder(cell);
  ledger::remove_stale_temporaries(folder);
  set_aside_flawed(workspace, cell, ledger::scan_cell(folder));
  ledger::quarantine_covered(folder);
  auto files = ledger::scan_cell(folder);
  if (!workspace.config().method_of(cell)->stores_snapshots()) return files;
  const auto first = first_out_of_reach(workspace, cell, files);
  if (first == files.segments.size()) return files;
  for (auto i = first; i < files.segments.size(); ++i) {
    set_aside(files.segments[i].file,
              "no snapshot holds its weights, and another arithmetic than this one, " + arithmetic() + ", made them");
  }
  return ledger::scan_cell(folder);
}

std::int64_t next_orphan(const ledger::CellFiles& files, std::int64_t edits) {
  // By first edit: the first behind `edits` + 1 is the next one.
  const auto found = std::ranges::find_if(
      files.orphans, [&](const ledger::SegmentFile& orphan) { return orphan.first_edit > edits + 1; });
  return found == files.orphans.end() ? 0 : found->first_edit;
}

bool joins_orphans(Workspace& workspace, const storage::SegmentContents& segment) {
  const auto next = segment.edits.back().record.edit + 1;
  bool has_joined = false;
  for (const auto& orphan : ledger::scan_cell(workspace.cell_folder(segment.cell)).orphans) {
    if (orphan.first_edit != next) continue;
    const auto parts = storage::SegmentParts::kWithoutDeltas;
    if (read_cell_segment(workspace, segment.cell, orphan, parts).fingerprint_before == segment.fingerprint_after) {
      has_joined = true;
    } else {
      set_aside(orphan.file, orphan.file.path.string() + ": does not begin with the weights after edit " +
                                 std::to_string(next - 1) + ", which were made again");
    }
  }
  return has_joined;
}

}  // namespace lethe::worker
