#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "core/digest.h"

namespace lethe::worker {

/// Content digests of input files, remembered by (path, size, modification time) in a JSON file, so that
/// 24 GB of weights are read once per sweep and not once per executor start.
class InputDigests {
 public:
  /// `memory` may not exist yet; an unreadable or malformed one is ignored and rebuilt. Empty: nothing is remembered.
  explicit InputDigests(std::filesystem::path memory);

  /// Throws `core::StorageError` if the file cannot be read.
  core::Digest of_file(const std::filesystem::path& path);
  /// Writes what was learnt; only the process that plans a sweep calls this.
  void save() const;

 private:
  struct Entry {
    std::uintmax_t size = 0;
    std::int64_t modified_ns = 0;
    core::Digest digest;
  };
  std::filesystem::path memory_;
  std::map<std::string, Entry> entries_;
};

}  // namespace lethe::worker
