#include "worker/commands/verify.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "storage/comparison.h"
#include "worker/cell_replay.h"

namespace lethe::worker::inline commands {
namespace {

namespace fs = std::filesystem;

/// All folders below `root` that hold committed files.
std::vector<fs::path> committed_folders(const fs::path& root) {
  std::vector<fs::path> folders;
  for (const char* top : {"cells", "prerequisites"}) {
    if (!fs::exists(root / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      if (entry.is_symlink() || !entry.is_directory() || entry.path().filename() == "quarantine") continue;
      if (!ledger::committed_files(entry.path()).empty()) folders.push_back(entry.path());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

void check_digests(const fs::path& root, Verification& result) {
  for (const auto& folder : committed_folders(root)) {
    for (const auto& file : ledger::committed_files(folder)) {
      ++result.num_files;
      try {
        ledger::check_digest(file);
      } catch (const core::StorageError& error) {
        result.problems.emplace_back(error.what());
      }
    }
  }
}

/// Committed files of a folder by stem, segments and identity notes left out.
std::map<std::string, ledger::CommittedFile> files_by_stem(const fs::path& folder) {
  std::map<std::string, ledger::CommittedFile> files;
  for (const auto& file : ledger::committed_files(folder)) {
    if (file.path.extension() != ".h5" || file.stem.starts_with("segment-")) continue;
    files.emplace(file.stem, file);
  }
  return files;
}

std::vector<ledger::CommittedFile> segments_of(const fs::path& folder) {
  std::vector<ledger::CommittedFile> files;
  for (const auto& segment : ledger::scan_cell(folder).segments) files.push_back(segment.file);
  return files;
}

/// Snapshots exist at segment ends, and an interrupted run has more of those; states of a training go when it ends:
/// only common ones are compared.
bool may_be_missing(const std::string& stem) { return stem.starts_with("snapshot-") || stem.starts_with("training-"); }

void compare_folder(const fs::path& left, const fs::path& right, const fs::path& name, Verification& result) {
  const auto left_files = files_by_stem(left);
  const auto right_files = files_by_stem(right);
  std::set<std::string> stems;
  for (const auto& [stem, file] : left_files) stems.insert(stem);
  for (const auto& [stem, file] : right_files) stems.insert(stem);
  for (const auto& stem : stems) {
    const bool is_common = left_files.contains(stem) && right_files.contains(stem);
    if (!is_common) {
      if (!may_be_missing(stem)) result.problems.push_back((name / stem).string() + ": is in one sweep only");
      continue;
    }
    ++result.num_files;
    const auto comparison = storage::compare_files(left_files.at(stem), right_files.at(stem));
    if (!comparison.is_same) {
      result.problems.push_back((name / stem).string() + ": differs in " + comparison.first_difference);
    }
  }
  const auto left_segments = segments_of(left);
  const auto right_segments = segments_of(right);
  if (left_segments.empty() && right_segments.empty()) return;
  ++result.num_cells;
  result.num_files += static_cast<std::int64_t>(left_segments.size());
  const auto comparison = storage::compare_logical(left_segments, right_segments);
  if (!comparison.is_same) {
    result.problems.push_back(name.string() + ": edits differ: " + comparison.first_difference);
  }
}

}  // namespace

Verification verify_sweep(Workspace& workspace, TaskMonitor& monitor) {
  Verification result;
  check_digests(workspace.folder().root(), result);
  const auto& cells = workspace.config().cells;
  for (const auto& cell : cells) {
    const auto files = ledger::scan_cell(workspace.cell_folder(cell));
    for (const auto& orphan : files.orphans) {
      result.problems.push_back(orphan.path.string() + ": does not continue the chain of segments");
    }
    if (files.num_edits() == 0) continue;
    ++result.num_cells;
    try {
      CellReplay replay(workspace, cell, workspace.model(cell.model));
      for (const auto& segment : files.segments) {
        const bool is_last = &segment == &files.segments.back();
        if (is_last || !workspace.config().method_of(cell)->stores_snapshots()) replay.move_to(segment.last_edit);
      }
    } catch (const core::Error& error) {
      result.problems.emplace_back(error.what());
    }
    monitor.progress("verify", result.num_cells, static_cast<std::int64_t>(cells.size()), 0.0);
  }
  return result;
}

Verification compare_sweeps(const fs::path& left, const fs::path& right) {
  Verification result;
  for (const auto& root : {left, right}) {
    if (!fs::is_directory(root)) throw core::StorageError(root.string() + ": is not a sweep's folder");
    check_digests(root, result);
  }
  if (!result.problems.empty()) return result;
  result.num_files = 0;
  std::set<fs::path> names;
  for (const auto& root : {left, right}) {
    for (const auto& folder : committed_folders(root)) names.insert(fs::relative(folder, root));
  }
  for (const auto& name : names) compare_folder(left / name, right / name, name, result);
  return result;
}

}  // namespace lethe::worker::inline commands
