#include "report/disabling_prerequisites.h"

#include <system_error>
#include <vector>

#include "core/error.h"
#include "ledger/commit.h"
#include "ledger/durable_file.h"

namespace lethe::report {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUnfinished = "training-";

/// Folders in a folder; none where it is not there. Links are not followed.
std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (!entry->is_symlink() && entry->is_directory()) folders.push_back(entry->path());
  }
  return folders;
}

void copy_contents(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, error);
  if (error)
    throw core::StorageError(from.string() + ": cannot be copied to " + to.string() + ": " + error.message(), error);
}

void link_folder(const fs::path& from, const fs::path& to, const fs::path& root) {
  for (const ledger::CommittedFile& file : ledger::committed_files(from)) {
    if (file.stem.starts_with(kUnfinished) || fs::exists(to / file.path.filename())) continue;
    ledger::make_folder_below(root, to);
    std::error_code error;
    fs::create_hard_link(file.path, to / file.path.filename(), error);
    if (error)
      ledger::commit_file(to, file.stem, [&](const fs::path& temporary) { copy_contents(file.path, temporary); });
    ledger::sync_folder(to);
  }
}

}  // namespace

void link_prerequisites(const fs::path& from, const fs::path& to) {
  for (const auto& kind : folders_in(from / "prerequisites")) {
    for (const auto& model : folders_in(kind)) {
      for (const auto& identity : folders_in(model)) {
        link_folder(identity, to / identity.lexically_relative(from), to);
      }
    }
  }
}

}  // namespace lethe::report
