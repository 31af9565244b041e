#pragma once

#include <filesystem>
#include <string_view>

namespace lethe::ledger {

/// A path in `folder` that no other process uses:
/// ".<stem>.<host>.<pid>.<start>.<n>.tmp", where <start> is the process's start time and <host> names its process
/// namespace too: a container's pid 7 is not ours, nor is the pid 7 of yesterday.
std::filesystem::path temporary_path(const std::filesystem::path& folder, std::string_view stem);

/// A temporary path for a file that is to get another name. What still has the temporary one at the end of the
/// object's life is removed, so that a write that fails (a full disk) leaves nothing behind.
class TemporaryFile {
 public:
  TemporaryFile(const std::filesystem::path& folder, std::string_view stem) : path_(temporary_path(folder, stem)) {}
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Removes what was left half written below `folder`, but in the folder named `except`: temporary files of processes of
/// this host that are gone, and of any process those whose last write lies an hour before `now`, by the clock of the
/// folder's own file system. For the process that owns the folder. Follows no links; what cannot be listed or removed
/// stays. Returns how many.
int remove_abandoned_temporaries(const std::filesystem::path& folder, std::string_view except,
                                 std::filesystem::file_time_type now);

/// Removes temporary files of processes of this host that are gone. Returns how many. Other files, and other hosts'
/// temporaries, stay.
int remove_stale_temporaries(const std::filesystem::path& folder);

}  // namespace lethe::ledger
