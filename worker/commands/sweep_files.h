#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "ledger/commit.h"
#include "storage/file_label.h"

namespace lethe::worker::inline commands {

/// A committed file of a sweep, and what its name and place say that it is.
struct SweepFile {
  ledger::CommittedFile file;
  std::optional<storage::FileLabel> label;  ///< none for texts and for names that nothing gives
  /// Reads all of its contents and throws what is wrong with them; empty for segments, which a replay reads.
  std::function<void()> read;
};

/// Folders below `root` that hold committed files, sorted; quarantine left out. Links are not followed.
std::vector<std::filesystem::path> committed_folders(const std::filesystem::path& root);
/// Files of one of them.
std::vector<SweepFile> files_in(const std::filesystem::path& root, const std::filesystem::path& folder);

}  // namespace lethe::worker::inline commands
