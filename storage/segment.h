#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/digest.h"
#include "core/grid_cell.h"
#include "core/host_tensor.h"
#include "core/metric_record.h"
#include "ledger/commit.h"
#include "storage/file_label.h"

// docs/formats.md lists every dataset. Writers take a temporary path (ledger::commit_file) and leave a
// closed file (none if they throw); the caller publishes it. Readers never trust a file: wrong shapes, missing
// datasets, sizes that do not fit the file, links to elsewhere throw `core::StorageError` naming file and dataset.
// The overloads that take a `CommittedFile` check the digest first, because corrupt bytes can crash or hang the HDF5
// library itself, and that the file is the one asked for. Production code uses only those.

namespace lethe::storage {

/// Key-value provenance of a file, stored as attributes of /provenance; volatile, not part of equality (C1, C9).
using Provenance = std::map<std::string, std::string>;

/// Operands of a low-rank update: W += left right^T.
struct LowRankDelta {
  std::string parameter;
  core::HostTensor left;   ///< [O,R]
  core::HostTensor right;  ///< [I,R]
  bool operator==(const LowRankDelta&) const = default;
};

/// One edit as stored: record + low-rank deltas (empty for dense methods and failed edits), in the order in
/// which they are applied; at most one per parameter.
struct StoredEdit {
  core::MetricRecord record;
  std::vector<LowRankDelta> deltas;
  /// What the method remembers of the step that ends with this edit, by name: [N,width] each (keys that it used).
  std::map<std::string, core::HostTensor> remembered;
};

/// A segment: edits `edits.front().record.edit` .. `.back().record.edit`, in order, gapless.
struct SegmentContents {
  core::GridCell cell;
  std::string edit_identity;
  std::vector<std::string> contexts;  ///< first segment only
  std::vector<StoredEdit> edits;
  std::map<std::string, core::Digest> fingerprint_before;  ///< by edited parameter
  std::map<std::string, core::Digest> fingerprint_after;
  /// What the method carries on after the last edit beside the weights, by name; empty for methods without a history.
  std::map<std::string, core::HostDoubles> method_state;
  Provenance provenance;
};
void write_segment(const std::filesystem::path& temporary, const SegmentContents& contents);
/// Which parts of a segment a reader wants. Without deltas, and without what the method remembers of each step, a
/// segment of a large model is a few KB.
enum class SegmentParts { kAll, kWithoutDeltas };
SegmentContents read_segment(const ledger::CommittedFile& file, const FileLabel& label,
                             SegmentParts parts = SegmentParts::kAll);
SegmentContents read_segment(const std::filesystem::path& path, SegmentParts parts = SegmentParts::kAll);

/// Exact values of the edited parameters after edit `edit` (dense methods).
struct SnapshotContents {
  core::GridCell cell;
  std::string edit_identity;
  std::int64_t edit = 0;
  std::map<std::string, core::HostTensor> parameters;
  Provenance provenance;
};
void write_snapshot(const std::filesystem::path& temporary, const SnapshotContents& contents);
SnapshotContents read_snapshot(const ledger::CommittedFile& file, const FileLabel& label);
SnapshotContents read_snapshot(const std::filesystem::path& path);

}  // namespace lethe::storage
