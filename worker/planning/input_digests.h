#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/digest.h"
#include "data/corpus.h"

namespace lethe::worker::inline planning {

/// Content digests of input files (and sizes of corpora), remembered in a JSON file, so that 24 GB of weights are read
/// once per sweep and not once per executor start. What is remembered counts while path, size, inode, time of
/// modification and time of change are the file's: the last one cannot be set, so that a copy that keeps the first ones
/// is seen.
///
/// One process holds to one content: identities are made from digests that may be remembered, and what is read later is
/// compared with them (`confirm`, `hold`). So a change that leaves all of these as they were (damage of the disk) is
/// seen too, before anything is computed from it.
class InputDigests {
 public:
  /// `memory` may not exist yet; an unreadable or malformed one is ignored and rebuilt. Empty: nothing is remembered.
  explicit InputDigests(std::filesystem::path memory);

  /// Throws `core::StorageError` if the file cannot be read, and as `hold`.
  core::Digest of_file(const std::filesystem::path& path);
  /// To be called before a file is read: its content, hashed in this process, is the one that identities were made
  /// from. Costs nothing for a file that no identity was made from. Throws as `of_file`.
  void confirm(const std::filesystem::path& path);
  /// What was read at `place` has this digest; throws `core::DataError` if this process has found another one there.
  void hold(const std::filesystem::path& place, const core::Digest& digest);
  /// What stands for a corpus in an identity: its digest, and how it is read where that is not as plain text.
  std::string of_corpus(const std::filesystem::path& path);
  /// `data::measure_corpus`, remembered in the same way.
  data::CorpusSize size_of_corpus(const std::filesystem::path& path, std::int64_t max_documents);
  /// Writes what was learnt; only the process that plans a sweep calls this.
  void save() const;

 private:
  /// What changes when a file does.
  struct FileStamp {
    std::uint64_t size = 0;
    std::uint64_t inode = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const FileStamp&) const = default;
  };
  struct Entry {
    FileStamp stamp;
    std::optional<core::Digest> digest;
    bool is_read = false;                                   ///< by this process, and not remembered
    std::map<std::int64_t, data::CorpusSize> corpus_sizes;  // by max_documents
  };
  std::filesystem::path memory_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, core::Digest> held_;

  static FileStamp stamp_of(const std::filesystem::path& path);

  /// The file's entry, emptied if the file has changed.
  Entry& entry_of(const std::filesystem::path& path);
};

}  // namespace lethe::worker::inline planning
