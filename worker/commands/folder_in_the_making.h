#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace lethe::worker::inline commands {

/// A new folder beside `target`, which takes its place when it is complete. Whatever ends before that, it goes again,
/// and with it the folders above that were made for it.
class FolderInTheMaking {
 public:
  /// `purpose`: part of the folder's name while it is made. Throws `core::StorageError` where `target` is there and no
  /// empty folder, and where nothing can be made beside it.
  explicit FolderInTheMaking(const std::filesystem::path& target, const std::string& purpose = "part");
  ~FolderInTheMaking();
  FolderInTheMaking(const FolderInTheMaking&) = delete;
  FolderInTheMaking& operator=(const FolderInTheMaking&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void publish();

 private:
  std::filesystem::path target_, path_;
  std::vector<std::filesystem::path> parents_;  ///< that were not there, the deepest first

  void make(const std::filesystem::path& given);
  void remove_parents() noexcept;
};

}  // namespace lethe::worker::inline commands
