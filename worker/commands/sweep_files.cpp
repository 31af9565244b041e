#include "worker/commands/sweep_files.h"

#include <algorithm>

#include "core/error.h"
#include "ledger/collapse_file.h"
#include "ledger/sweep_folder.h"
#include "storage/reduction.h"
#include "storage/segment.h"
#include "worker/committed_results.h"
#include "worker/prerequisites.h"

namespace lethe::worker::inline commands {
namespace {

namespace fs = std::filesystem;

/// A file with its label, read by `read(file, label)`.
template <typename Read>
SweepFile labelled(const ledger::CommittedFile& file, storage::FileLabel label, const Read& read) {
  SweepFile one{file, std::move(label), {}};
  one.read = [file, label = *one.label, read] { static_cast<void>(read(file, label)); };
  return one;
}

constexpr auto kReadReduction = [](const auto& file, const auto& label) {
  return storage::read_reduction(file, label);
};

std::vector<SweepFile> files_of_cell(const core::GridCell& cell, const fs::path& folder) {
  const auto identity = folder.filename().string();
  const auto all = ledger::scan_cell(folder);
  std::vector<SweepFile> files;
  for (const auto* segments : {&all.segments, &all.orphans}) {
    for (const auto& one : *segments) {
      auto label = storage::segment_label(cell, identity, one.first_edit, one.last_edit);
      files.push_back({one.file, std::move(label), {}});  // the replay reads it
    }
  }
  for (const auto& one : all.snapshots) {
    files.push_back(labelled(one.file, storage::snapshot_label(cell, identity, one.edit),
                             [](const auto& file, const auto& label) { return storage::read_snapshot(file, label); }));
  }
  for (const auto& one : all.reductions) {
    files.push_back(labelled(one.file, storage::reduction_label(cell, identity, one.part, one.edits, one.identity),
                             kReadReduction));
  }
  return files;
}

/// What stands in prerequisites/<kind's folder>/<model>/<identity>, or among its parts.
std::vector<SweepFile> files_of_prerequisite(const fs::path& place, const fs::path& folder) {
  const std::vector<fs::path> names(place.begin(), place.end());
  const bool is_part = names.size() == 5 && names[4] == ledger::kSlicesFolder;
  std::vector<SweepFile> files;
  if (names.size() != 4 && !is_part) return files;
  for (const auto& file : ledger::committed_files(folder)) {
    auto contents = prerequisite_contents(names[1].string(), {names[2].string(), names[3].string(), is_part, file});
    if (contents) files.push_back(labelled(file, std::move(contents->label), contents->read));
  }
  return files;
}

}  // namespace

std::vector<fs::path> committed_folders(const fs::path& root) {
  std::vector<fs::path> folders;
  for (const char* top : {"cells", "prerequisites"}) {
    if (!fs::exists(root / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      // A link is asked first: one that leads to itself cannot be followed.
      if (entry.is_symlink() || !entry.is_directory() || entry.path().filename() == "quarantine") continue;
      if (!ledger::committed_files(entry.path()).empty()) folders.push_back(entry.path());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::vector<SweepFile> files_in(const fs::path& root, const fs::path& folder) {
  const auto place = folder.lexically_relative(root);
  std::vector<SweepFile> files;
  if (*place.begin() == "cells") {
    try {
      const auto cell = core::GridCell::from_name(folder.parent_path().lexically_relative(root / "cells").string());
      files = files_of_cell(cell, folder);
    } catch (const core::ConfigError&) {  // no cell's place: its files have names that nothing gives
    }
  } else {
    files = files_of_prerequisite(place, folder);
  }
  const auto collapses = ledger::scan_cell(folder).collapses;
  for (const auto& file : ledger::committed_files(folder)) {
    const auto is_it = [&](const SweepFile& one) { return one.file.path == file.path; };
    if (std::ranges::any_of(files, is_it)) continue;
    SweepFile other{file, std::nullopt, {}};
    const auto is_this = [&](const ledger::CollapseFile& one) { return one.file.path == file.path; };
    const auto collapse = std::ranges::find_if(collapses, is_this);
    if (collapse != collapses.end()) {
      other.read = [collapse = *collapse] {
        if (const auto flaw = ledger::flaw_of(collapse)) throw core::StorageError(*flaw + "; move it away");
      };
    } else if (file.stem == "identity") {
      other.read = [folder] { static_cast<void>(read_identity_fields(folder)); };
    } else {
      other.read = [path = file.path.string()] {
        throw core::StorageError(path + ": is no file that a sweep has here; move it away");
      };
    }
    files.push_back(std::move(other));
  }
  return files;
}

}  // namespace lethe::worker::inline commands
