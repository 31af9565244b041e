#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/digest.h"
#include "data/corpus.h"

namespace lethe::worker::inline planning {

/// Content digests of input files (and sizes of corpora), remembered by (path, size, modification time) in a JSON file,
/// so that 24 GB of weights are read once per sweep and not once per executor start.
class InputDigests {
 public:
  /// `memory` may not exist yet; an unreadable or malformed one is ignored and rebuilt. Empty: nothing is remembered.
  explicit InputDigests(std::filesystem::path memory);

  /// Throws `core::StorageError` if the file cannot be read.
  core::Digest of_file(const std::filesystem::path& path);
  /// What stands for a corpus in an identity: its digest, and how it is read where that is not as plain text.
  std::string of_corpus(const std::filesystem::path& path);
  /// `data::measure_corpus`, remembered in the same way.
  data::CorpusSize size_of_corpus(const std::filesystem::path& path, std::int64_t max_documents);
  /// Writes what was learnt; only the process that plans a sweep calls this.
  void save() const;

 private:
  struct Entry {
    std::uintmax_t size = 0;
    std::int64_t modified_ns = 0;
    std::optional<core::Digest> digest;
    std::map<std::int64_t, data::CorpusSize> corpus_sizes;  // by max_documents
  };
  std::filesystem::path memory_;
  std::map<std::string, Entry> entries_;

  /// The file's entry, emptied if the file has changed.
  Entry& entry_of(const std::filesystem::path& path);
};

}  // namespace lethe::worker::inline planning
