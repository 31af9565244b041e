#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/unique_fd.h"

namespace lethe::ledger {

/// An open folder whose entries are reached through its descriptor and by plain names alone, so that no symbolic link
/// that somebody put in the way is followed: neither in place of the folder nor below it. Every failure throws
/// `core::StorageError` with path and reason.
class RealFolder {
 public:
  /// Makes it where it is missing; its parents must be there. A link or a file in its place is refused.
  static RealFolder make(const std::filesystem::path& path);
  [[nodiscard]] RealFolder make_folder(const std::string& name) const;
  /// nullopt where it is missing, a link or no folder.
  [[nodiscard]] std::optional<RealFolder> find_folder(const std::string& name) const;
  /// A new folder of its own, "<prefix>XXXXXX", for the caller alone (mode 0700).
  [[nodiscard]] RealFolder make_unique_folder(const std::string& prefix) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// True for a regular file, not for a link to one.
  [[nodiscard]] bool has_file(const std::string& name) const;
  /// All of a regular file; nullopt where there is none.
  [[nodiscard]] std::optional<std::string> read(const std::string& name) const;
  /// Removes a file, or a link itself. No error if it is gone already.
  void remove(const std::string& name) const;
  /// Takes a file over from another folder of the same file system, in the place of a former file or link.
  void take(const RealFolder& from, const std::string& name) const;

 private:
  RealFolder(std::filesystem::path path, core::UniqueFd folder) : path_(std::move(path)), folder_(std::move(folder)) {}

  std::filesystem::path path_;
  core::UniqueFd folder_;
};

/// Refuses a sweep's folder in which a link stands for a folder that lethe writes into (cells, prerequisites, owners,
/// logs, cancelled and all below): through it a sweep would write, and remove, somewhere else. Links to files are left
/// alone: no file is written through its name. Throws `core::StorageError` with every link and the remedy.
void refuse_linked_folders(const std::filesystem::path& sweep_folder);

}  // namespace lethe::ledger
