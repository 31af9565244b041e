#include "ledger/sweep_folder.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <tuple>
#include <unordered_map>

#include "core/error.h"

namespace lethe::ledger {
namespace {

constexpr std::size_t kEditDigits = 7;
constexpr std::size_t kLayerDigits = 3;
constexpr std::size_t kIdentityDigits = 12;
constexpr std::string_view kSegmentPrefix = "segment-";
constexpr std::string_view kSnapshotPrefix = "snapshot-";
constexpr std::string_view kCollapsePrefix = "collapsed-";
constexpr std::string_view kLayerPrefix = "layer-";
constexpr std::string_view kSlicePrefix = "slice-";
constexpr std::size_t kSliceDigits = 6;
constexpr std::string_view kExtension = ".h5";
constexpr std::string_view kJsonExtension = ".json";

std::string padded(std::int64_t number, std::size_t digits, std::int64_t first, std::int64_t last) {
  if (number < first || number > last) {
    throw core::StorageError(std::to_string(number) + " cannot be part of a file's name: expected a number from " +
                             std::to_string(first) + " to " + std::to_string(last));
  }
  auto text = std::to_string(number);
  return std::string(digits - text.size(), '0') + text;
}

std::string padded_edit(std::int64_t edit) { return padded(edit, kEditDigits, 1, core::kMaxEdits); }

std::optional<std::int64_t> number_of(std::string_view text, std::size_t digits) {
  if (text.size() != digits || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool is_identity(std::string_view text) {
  return text.size() == kIdentityDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<SegmentFile> segment_of(const CommittedFile& file) {
  std::string_view stem = file.stem;
  if (!stem.starts_with(kSegmentPrefix) || stem.size() != kSegmentPrefix.size() + 2 * kEditDigits + 1) return {};
  stem.remove_prefix(kSegmentPrefix.size());
  const auto first = number_of(stem.substr(0, kEditDigits), kEditDigits);
  const auto last = number_of(stem.substr(kEditDigits + 1), kEditDigits);
  if (!first || !last || stem[kEditDigits] != '-' || *first < 1 || *last < *first) return {};
  return SegmentFile{*first, *last, file};
}

std::optional<SnapshotFile> snapshot_of(const CommittedFile& file) {
  std::string_view stem = file.stem;
  if (!stem.starts_with(kSnapshotPrefix)) return {};
  const auto edit = number_of(stem.substr(kSnapshotPrefix.size()), kEditDigits);
  if (!edit || *edit < 1) return {};
  return SnapshotFile{*edit, file};
}

std::optional<CollapseFile> collapse_of(const CommittedFile& file) {
  std::string_view stem = file.stem;
  if (file.path.extension() != kJsonExtension || !stem.starts_with(kCollapsePrefix)) return {};
  const auto edit = number_of(stem.substr(kCollapsePrefix.size()), kEditDigits);
  if (!edit || *edit < 1) return {};
  return CollapseFile{*edit, file};
}

std::optional<ReductionFile> reduction_of(const CommittedFile& file) {
  std::string_view stem = file.stem;
  for (const auto part : core::kAllReductionParts) {
    const auto prefix = std::string(core::to_string(part)) + "-";
    if (!stem.starts_with(prefix)) continue;
    stem.remove_prefix(prefix.size());
    if (stem.size() != kEditDigits + 1 + kIdentityDigits || stem[kEditDigits] != '-') return {};
    const auto edits = number_of(stem.substr(0, kEditDigits), kEditDigits);
    const auto identity = stem.substr(kEditDigits + 1);
    if (!edits || *edits < 1 || !is_identity(identity)) return {};
    return ReductionFile{part, *edits, std::string(identity), file};
  }
  return {};
}

std::vector<CommittedFile> committed_hdf5(const std::filesystem::path& folder) {
  auto files = committed_files(folder);
  std::erase_if(files, [](const CommittedFile& file) { return file.path.extension() != kExtension; });
  return files;
}

/// Sorts into the chain that reaches furthest, and the rest. `segments` in any order.
void split_chain(std::vector<SegmentFile> segments, CellFiles& cell) {
  std::sort(segments.begin(), segments.end(), [](const SegmentFile& a, const SegmentFile& b) {
    return std::tuple(a.first_edit, -a.last_edit, a.file.stem, a.file.digest) <
           std::tuple(b.first_edit, -b.last_edit, b.file.stem, b.file.digest);
  });
  // furthest[e]: the last edit of the best chain that begins at edit e, and its first segment. Backwards, so that a
  // segment's successors are known when it is looked at; with >= the longest of equally good ones, sorted first, wins.
  struct Best {
    std::int64_t reach;
    std::size_t segment;
  };
  std::unordered_map<std::int64_t, Best> furthest;
  for (std::size_t i = segments.size(); i-- > 0;) {
    const auto next = furthest.find(segments[i].last_edit + 1);
    const auto reach = next == furthest.end() ? segments[i].last_edit : next->second.reach;
    const auto [known, is_new] = furthest.try_emplace(segments[i].first_edit, Best{reach, i});
    if (!is_new && reach >= known->second.reach) known->second = Best{reach, i};
  }
  std::vector<bool> is_linked(segments.size(), false);
  for (auto at = furthest.find(1); at != furthest.end();) {
    is_linked[at->second.segment] = true;
    cell.segments.push_back(segments[at->second.segment]);
    at = furthest.find(cell.segments.back().last_edit + 1);
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (!is_linked[i]) cell.orphans.push_back(std::move(segments[i]));
  }
}

}  // namespace

SweepFolder::SweepFolder(std::filesystem::path root) : root_(std::move(root)) {}

std::filesystem::path SweepFolder::rank_log(int rank) const {
  return logs() / ("rank-" + std::to_string(rank) + ".log");
}

std::filesystem::path SweepFolder::cell(const core::GridCell& cell) const { return root_ / "cells" / cell.name(); }

std::filesystem::path SweepFolder::cell(const core::GridCell& cell, const std::string& edit_identity) const {
  return this->cell(cell) / edit_identity;
}

std::string prerequisite_folder(const char* kind_folder, const std::string& model, const std::string& identity) {
  return std::string("prerequisites/") + kind_folder + "/" + model + "/" + identity;
}

std::string segment_stem(std::int64_t first_edit, std::int64_t last_edit) {
  if (last_edit < first_edit) {
    throw core::StorageError("a segment cannot end at edit " + std::to_string(last_edit) + ", before its first, " +
                             std::to_string(first_edit));
  }
  return std::string(kSegmentPrefix) + padded_edit(first_edit) + "-" + padded_edit(last_edit);
}

std::string snapshot_stem(std::int64_t edit) { return std::string(kSnapshotPrefix) + padded_edit(edit); }

std::string collapse_stem(std::int64_t edit) { return std::string(kCollapsePrefix) + padded_edit(edit); }

std::string reduction_stem(core::ReductionPart part, std::int64_t edits, const std::string& reduction_identity) {
  if (!is_identity(reduction_identity)) {
    throw core::StorageError("\"" + reduction_identity +
                             "\" is no identity: expected 12 lower-case hexadecimal digits");
  }
  return std::string(core::to_string(part)) + "-" + padded_edit(edits) + "-" + reduction_identity;
}

std::string moments_stem(int layer) { return std::string(kLayerPrefix) + padded(layer, kLayerDigits, 0, 999); }

std::string moment_slice_stem(std::int64_t slice, int layer) { return slice_stem(slice, moments_stem(layer)); }

std::string slice_stem(std::int64_t slice, const std::string& stem) {
  return std::string(kSlicePrefix) + padded(slice, kSliceDigits, 0, core::kMaxSlices - 1) + "-" + stem;
}

bool CellFiles::has_reduction(core::ReductionPart part, std::int64_t edits, const std::string& identity) const {
  return std::any_of(reductions.begin(), reductions.end(), [&](const ReductionFile& file) {
    return file.part == part && file.edits == edits && file.identity == identity;
  });
}

bool is_collapse_file(const std::filesystem::path& path) {
  const auto file = parse_committed(path);
  return file && collapse_of(*file);
}

CellFiles scan_cell(const std::filesystem::path& cell_folder) {
  CellFiles cell;
  std::vector<SegmentFile> segments;
  for (const auto& file : committed_files(cell_folder)) {  // sorted by name, and so collapses by edit
    if (auto collapse = collapse_of(file)) cell.collapses.push_back(std::move(*collapse));
    if (file.path.extension() != kExtension) continue;
    if (auto segment = segment_of(file)) segments.push_back(std::move(*segment));
    if (auto snapshot = snapshot_of(file)) cell.snapshots.push_back(std::move(*snapshot));
    if (auto reduction = reduction_of(file)) cell.reductions.push_back(std::move(*reduction));
  }
  split_chain(std::move(segments), cell);
  std::stable_sort(cell.snapshots.begin(), cell.snapshots.end(),
                   [](const SnapshotFile& a, const SnapshotFile& b) { return a.edit < b.edit; });
  std::stable_sort(cell.reductions.begin(), cell.reductions.end(), [](const ReductionFile& a, const ReductionFile& b) {
    return std::tie(a.edits, a.part) < std::tie(b.edits, b.part);
  });
  return cell;
}

int quarantine_covered(const std::filesystem::path& cell_folder) {
  const auto files = scan_cell(cell_folder);
  int num_covered = 0;
  for (const auto& orphan : files.orphans) {
    if (orphan.last_edit > files.num_edits()) continue;
    quarantine(orphan.file.path,
               "its edits are in the chain of segments from edit 1 already; another writer of this "
               "cell published it");
    ++num_covered;
  }
  return num_covered;
}

std::vector<std::string> foreign_identities(const SweepFolder& folder, const core::GridCell& cell,
                                            const std::string& edit_identity) {
  const auto cell_folder = folder.cell(cell);
  std::vector<std::string> identities;
  std::error_code error;
  std::filesystem::directory_iterator entry(cell_folder, error);
  if (error == std::errc::no_such_file_or_directory) return identities;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (!is_identity(name) || name == edit_identity) continue;
    const auto files = scan_cell(entry->path());
    if (!files.segments.empty() || !files.orphans.empty()) identities.push_back(name);
  }
  if (error) throw core::StorageError(cell_folder.string() + ": cannot be listed: " + error.message(), error);
  std::sort(identities.begin(), identities.end());
  return identities;
}

std::optional<int> layer_of_stem(std::string_view stem) {
  if (!stem.starts_with(kLayerPrefix)) return std::nullopt;
  const auto layer = number_of(stem.substr(kLayerPrefix.size()), kLayerDigits);
  return layer ? std::optional(static_cast<int>(*layer)) : std::nullopt;
}

std::vector<int> committed_moment_layers(const std::filesystem::path& moments_folder) {
  std::vector<int> layers;
  for (const auto& file : committed_hdf5(moments_folder)) {
    if (const auto layer = layer_of_stem(file.stem)) layers.push_back(*layer);
  }
  std::sort(layers.begin(), layers.end());
  layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
  return layers;
}

PrerequisiteFiles scan_prerequisite(const std::filesystem::path& folder) {
  PrerequisiteFiles files;
  for (auto& file : committed_hdf5(folder)) files.stems.insert(std::move(file.stem));
  for (const auto& file : committed_hdf5(folder / kSlicesFolder)) {
    const std::string_view stem = file.stem;
    const auto stem_at = kSlicePrefix.size() + kSliceDigits + 1;
    if (!stem.starts_with(kSlicePrefix) || stem.size() <= stem_at) continue;
    const auto slice = number_of(stem.substr(kSlicePrefix.size(), kSliceDigits), kSliceDigits);
    if (slice) files.parts[*slice].emplace(stem.substr(stem_at));
  }
  return files;
}

std::optional<MomentSlice> moment_slice_of(std::string_view stem) {
  const auto layer_at = kSlicePrefix.size() + kSliceDigits + 1;
  if (!stem.starts_with(kSlicePrefix) || stem.size() <= layer_at) return std::nullopt;
  const auto slice = number_of(stem.substr(kSlicePrefix.size(), kSliceDigits), kSliceDigits);
  const auto layer = layer_of_stem(stem.substr(layer_at));
  if (!slice || !layer || moment_slice_stem(*slice, *layer) != stem) return std::nullopt;
  return MomentSlice{*slice, *layer};
}

std::vector<MomentSliceFile> committed_moment_slices(const std::filesystem::path& slices_folder) {
  std::vector<MomentSliceFile> slices;
  for (const auto& file : committed_hdf5(slices_folder)) {
    if (const auto part = moment_slice_of(file.stem)) slices.push_back({part->slice, part->layer, file});
  }
  // Stems sort by slice, then layer; of two with the same one (two writers) the first is taken.
  const auto is_same = [](const MomentSliceFile& a, const MomentSliceFile& b) { return a.file.stem == b.file.stem; };
  slices.erase(std::unique(slices.begin(), slices.end(), is_same), slices.end());
  return slices;
}

}  // namespace lethe::ledger
