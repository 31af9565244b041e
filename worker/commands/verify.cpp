#include "worker/commands/verify.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/error.h"
#include "storage/comparison.h"
#include "worker/commands/cell_check.h"
#include "worker/commands/file_checks.h"
#include "worker/commands/outside_cells.h"
#include "worker/commands/sweep_files.h"

namespace lethe::worker::inline commands {
namespace {

namespace fs = std::filesystem;

/// Committed files of a folder by stem, segments and identity notes left out.
std::map<std::string, ledger::CommittedFile> files_by_stem(const fs::path& folder) {
  std::map<std::string, ledger::CommittedFile> files;
  for (const auto& file : ledger::committed_files(folder)) {
    if (file.path.extension() != ".h5" || file.stem.starts_with("segment-")) continue;
    files.emplace(file.stem, file);
  }
  return files;
}

std::vector<ledger::CommittedFile> files_of(const ledger::CellFiles& cell) {
  std::vector<ledger::CommittedFile> files;
  for (const auto& segment : cell.segments) files.push_back(segment.file);
  return files;
}

/// Snapshots exist at segment ends, and an interrupted run has more of those; states of a training go when it ends; a
/// sweep that was asked for more edits has scores at its former end: only common ones are compared. Whether what is due
/// is there, `verify_sweep` tells.
bool may_be_missing(const std::string& stem) {
  return stem.starts_with("snapshot-") || stem.starts_with("training-") || stem.starts_with("scores-");
}

/// The two sweeps that are compared.
struct Roots {
  fs::path left;
  fs::path right;
};

void compare_folder(const Roots& roots, const fs::path& name, Verification& result) {
  const auto left = roots.left / name;
  const auto right = roots.right / name;
  const auto left_files = files_by_stem(left);
  const auto right_files = files_by_stem(right);
  std::set<std::string> stems;
  for (const auto& [stem, file] : left_files) stems.insert(stem);
  for (const auto& [stem, file] : right_files) stems.insert(stem);
  for (const auto& stem : stems) {
    const bool is_common = left_files.contains(stem) && right_files.contains(stem);
    if (!is_common) {
      const auto& [has, lacks] =
          left_files.contains(stem) ? std::tie(roots.left, roots.right) : std::tie(roots.right, roots.left);
      if (!may_be_missing(stem)) {
        result.problems.push_back((name / stem).string() + ": is in " + has.string() + " and not in " + lacks.string());
      }
      continue;
    }
    ++result.num_files;
    const auto comparison = storage::compare_files(left_files.at(stem), right_files.at(stem));
    if (!comparison.is_same) {
      result.problems.push_back((name / stem).string() + ": differs in " + comparison.first_difference);
    }
  }
  const auto left_cell = ledger::scan_cell(left);
  const auto right_cell = ledger::scan_cell(right);
  if (left_cell.segments.empty() && right_cell.segments.empty()) return;
  ++result.num_cells;
  result.num_files += std::ssize(left_cell.segments);
  const auto comparison = storage::compare_logical(files_of(left_cell), files_of(right_cell));
  if (!comparison.is_same) {
    result.problems.push_back(name.string() + ": edits differ: " + comparison.first_difference + " (" +
                              roots.left.string() + " has " + std::to_string(left_cell.num_edits()) + " edits, " +
                              roots.right.string() + " has " + std::to_string(right_cell.num_edits()) + ")");
  }
}

/// False for a cell without edits, or with results of several settings among which nobody chooses.
bool has_results(Workspace& workspace, const core::GridCell& cell) {
  try {
    return ledger::scan_cell(workspace.cell_folder(cell)).num_edits() > 0;
  } catch (const core::StorageError&) {
    return false;
  }
}

}  // namespace

Verification verify_sweep(Workspace& workspace, Thoroughness thoroughness, TaskMonitor& monitor) {
  Verification result;
  const auto flawed = check_files(workspace.folder().root(), thoroughness, monitor, result);
  if (result.is_stopped) return result;
  check_completeness(workspace, result);
  for (const auto& cell : workspace.config().cells) {
    if (!has_results(workspace, cell)) continue;  // told above
    if (thoroughness == Thoroughness::kDigests) {
      ++result.num_cells;
    } else {
      check_cell(workspace, cell, flawed, monitor, result);
    }
    if (result.is_stopped) return result;
  }
  check_outside_cells(workspace, thoroughness, flawed, monitor, result);
  return result;
}

Verification compare_sweeps(const fs::path& left, const fs::path& right, TaskMonitor& monitor) {
  Verification result;
  for (const auto& root : {left, right}) {
    if (!fs::is_directory(root)) throw core::StorageError(root.string() + ": is not a sweep's folder");
    check_files(root, Thoroughness::kDigests, monitor, result);
    if (result.is_stopped) return result;
    if (committed_folders(root).empty()) result.problems.push_back(root.string() + ": holds no results to compare");
  }
  if (!result.problems.empty()) return result;
  result.num_files = 0;
  std::set<fs::path> names;
  for (const auto& root : {left, right}) {
    for (const auto& folder : committed_folders(root)) names.insert(folder.lexically_relative(root));
  }
  for (const auto& name : names) {
    result.is_stopped = monitor.should_stop();
    if (result.is_stopped) break;
    compare_folder({left, right}, name, result);
  }
  return result;
}

}  // namespace lethe::worker::inline commands
