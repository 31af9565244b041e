#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/grid_cell.h"
#include "core/limits.h"
#include "core/reduction_part.h"
#include "ledger/commit.h"

namespace lethe::ledger {

/// Names of everything in a sweep's folder:
///   experiment.json                                        resolved config of the newest run
///   inspection.json                                        identities, so that status needs neither models nor data
///   input-digests.json                                     what was hashed: files by size and time of change
///   STATE, status.json, events.jsonl, logs/rank-<r>.log
///   prerequisites/moments/<model>/<identity>/layer-<LLL>-<digest>.h5
///   prerequisites/moments/<model>/<identity>/slices/slice-<SSSSSS>-layer-<LLL>-<digest>.h5   until the sum is there
///   prerequisites/baseline/<model>/<identity>/tasks-<digest>.h5
///   prerequisites/projectors/<model>/<identity>/layer-<LLL>-<digest>.h5
///   prerequisites/editors/<model>/<identity>/editor-<digest>.h5, training-<iteration>-<digest>.h5 (unfinished)
///   cells/<method>/<model>/sample<k>/<edit identity>/
///     identity-<digest>.json                               what was hashed into the edit identity
///     segment-<first>-<last>-<digest>.h5                   edits first..last, 1-based, 7 digits each
///     snapshot-<n>-<digest>.h5                             dense weights after edit n
///     collapsed-<n>-<digest>.json                          the collapse was certain at edit n: ledger/collapse_file.h
///     distance-<n>-<reduction identity>-<digest>.h5, forgetting-..., tasks-...
///     quarantine/
///   cancelled/<method>+<model>+sample<k>.json           cells to be edited no further: ledger/cancelled_cells.h
///   owners/<key>.<generation>.token                        who works here: ledger/ownership.h
///   report/
class SweepFolder {
 public:
  explicit SweepFolder(std::filesystem::path root);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path experiment() const { return root_ / "experiment.json"; }
  [[nodiscard]] std::filesystem::path inspection() const { return root_ / "inspection.json"; }
  [[nodiscard]] std::filesystem::path input_digests() const { return root_ / "input-digests.json"; }
  [[nodiscard]] std::filesystem::path state() const { return root_ / "STATE"; }
  [[nodiscard]] std::filesystem::path status() const { return root_ / "status.json"; }
  [[nodiscard]] std::filesystem::path events() const { return root_ / "events.jsonl"; }
  [[nodiscard]] std::filesystem::path logs() const { return root_ / "logs"; }
  [[nodiscard]] std::filesystem::path cancelled() const { return root_ / "cancelled"; }
  [[nodiscard]] std::filesystem::path owners() const { return root_ / "owners"; }
  [[nodiscard]] std::filesystem::path rank_log(int rank) const;
  [[nodiscard]] std::filesystem::path report() const { return root_ / "report"; }
  [[nodiscard]] std::filesystem::path cell(const core::GridCell& cell) const;
  [[nodiscard]] std::filesystem::path cell(const core::GridCell& cell, const std::string& edit_identity) const;

 private:
  std::filesystem::path root_;
};

// Stems. Numbers out of range (edits: 1 to core::kMaxEdits) throw `core::StorageError`.
std::string segment_stem(std::int64_t first_edit, std::int64_t last_edit);
std::string snapshot_stem(std::int64_t edit);
std::string collapse_stem(std::int64_t edit);
std::string reduction_stem(core::ReductionPart part, std::int64_t edits, const std::string& reduction_identity);
std::string moments_stem(int layer);
std::string moment_slice_stem(std::int64_t slice, int layer);
/// Of what `moments_stem` gives; nullopt for any other stem.
std::optional<int> layer_of_stem(std::string_view stem);
/// A part of the file `stem`, made of one slice of its inputs.
std::string slice_stem(std::int64_t slice, const std::string& stem);

// Folders of the kinds of prerequisites, and of a prerequisite's parts.
inline constexpr const char* kMomentsFolder = "moments";
inline constexpr const char* kEditorsFolder = "editors";
inline constexpr const char* kProjectorsFolder = "projectors";
inline constexpr const char* kBaselineFolder = "baseline";
inline constexpr const char* kSlicesFolder = "slices";
/// Below a sweep's folder: "prerequisites/<kind's folder>/<model>/<identity>".
std::string prerequisite_folder(const char* kind_folder, const std::string& model, const std::string& identity);

inline constexpr const char* kBaselineStem = "tasks";
inline constexpr const char* kEditorStem = "editor";

struct SegmentFile {
  std::int64_t first_edit = 0;
  std::int64_t last_edit = 0;
  CommittedFile file;
};
struct SnapshotFile {
  std::int64_t edit = 0;
  CommittedFile file;
};
struct ReductionFile {
  core::ReductionPart part = core::ReductionPart::kDistance;
  std::int64_t edits = 0;
  std::string identity;
  CommittedFile file;
};

struct CollapseFile {
  std::int64_t edit = 0;
  CommittedFile file;
};

/// By its name.
bool is_collapse_file(const std::filesystem::path& path);

/// What a cell's folder holds, from file names alone.
struct CellFiles {
  std::vector<SegmentFile> segments;      ///< the gapless chain from edit 1, in order
  std::vector<SnapshotFile> snapshots;    ///< by edit
  std::vector<ReductionFile> reductions;  ///< by edits, part
  std::vector<CollapseFile> collapses;    ///< by edit; one, unless somebody put another there
  std::vector<SegmentFile> orphans;       ///< segments that do not continue the chain, by first edit

  /// Edits committed so far.
  [[nodiscard]] std::int64_t num_edits() const { return segments.empty() ? 0 : segments.back().last_edit; }
  /// The edit at which the cell's collapse was certain.
  [[nodiscard]] std::optional<std::int64_t> collapsed_at() const {
    return collapses.empty() ? std::nullopt : std::optional(collapses.front().edit);
  }
  [[nodiscard]] bool has_reduction(core::ReductionPart part, std::int64_t edits, const std::string& identity) const;
};
/// Of several possible chains (overlapping segments can only come from two writers of one cell) the one that reaches
/// furthest is taken, with the longest segments first; what is left over are orphans. Only names are read. Empty for a
/// missing folder; a read error throws `core::StorageError`.
CellFiles scan_cell(const std::filesystem::path& cell_folder);

/// Puts segments into quarantine whose edits are all in the chain already: what a former owner published after its
/// successor had taken over. Returns how many there were.
int quarantine_covered(const std::filesystem::path& cell_folder);

/// Other edit identities than `edit_identity` that hold committed segments of this cell.
std::vector<std::string> foreign_identities(const SweepFolder& folder, const core::GridCell& cell,
                                            const std::string& edit_identity);

/// Layers of a moments folder that are committed, increasing.
std::vector<int> committed_moment_layers(const std::filesystem::path& moments_folder);

/// What a prerequisite's folder holds, from file names alone.
struct PrerequisiteFiles {
  std::set<std::string> stems;                          ///< committed
  std::map<std::int64_t, std::set<std::string>> parts;  ///< by slice: the stems that they are parts of
};
/// Empty for a missing folder; a read error throws `core::StorageError`.
PrerequisiteFiles scan_prerequisite(const std::filesystem::path& folder);

/// What `moment_slice_stem` was made of; nullopt for any other stem.
struct MomentSlice {
  std::int64_t slice = 0;
  int layer = 0;
};
std::optional<MomentSlice> moment_slice_of(std::string_view stem);

/// Partial sums of second moments.
struct MomentSliceFile {
  std::int64_t slice = 0;
  int layer = 0;
  CommittedFile file;
};
/// Those of a folder of slices, by slice and layer; one of each.
std::vector<MomentSliceFile> committed_moment_slices(const std::filesystem::path& slices_folder);

}  // namespace lethe::ledger
