#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/file_image.h"
#include "storage/file_label.h"
#include "storage/hdf5_calls.h"

// Writing side: groups, datasets and attributes that depend on nothing but what is written (no time stamps).
// Datasets are little-endian, chunked, with a Fletcher-32 checksum per chunk, uncompressed. Private to storage/.

namespace lethe::storage::hdf5 {

using Shape = std::vector<std::int64_t>;

/// Product of the sizes; throws `core::StorageError` naming `place` on a negative size or an overflow.
std::int64_t num_elements(const Shape& shape, const Place& place);

class WriteGroup {
 public:
  WriteGroup(Group group, Place place) : group_(std::move(group)), place_(std::move(place)) {}

  [[nodiscard]] WriteGroup create_group(const std::string& name) const;
  /// Reserves room for values that the caller writes itself. Returns their offset in the file.
  [[nodiscard]] std::uint64_t reserve(const std::string& name, hid_t type, std::size_t count, const Shape& shape) const;

  /// Throws if `values` does not fill `shape`.
  template <typename T>
  void dataset(const std::string& name, std::span<const T> values, const Shape& shape) const {
    numbers(name, type_of<T>(), values.data(), values.size(), shape);
  }
  template <typename T>
  void dataset(const std::string& name, const std::vector<T>& values) const {
    dataset<T>(name, std::span<const T>(values), {static_cast<std::int64_t>(values.size())});
  }
  /// Fixed-length strings [n] `name`, and `name`_num_bytes [n], because padding hides trailing NULs.
  void strings(const std::string& name, std::span<const std::string> values) const;
  /// Two datasets, `name`/values and `name`/offsets [rows + 1].
  template <typename T>
  void ragged(const std::string& name, std::span<const std::vector<T>> rows) const;

  void attribute(const std::string& name, std::string_view text) const;
  void attribute(const std::string& name, std::int64_t number) const;
  [[nodiscard]] const Place& place() const { return place_; }

 private:
  [[nodiscard]] Place place_of(const std::string& name) const;
  void numbers(const std::string& name, hid_t type, const void* values, std::size_t count, const Shape& shape) const;

  Group group_;
  Place place_;
};

/// A new file, composed in memory but for a streamed dataset; nothing is on disk before `close`.
class OutputFile {
 public:
  OutputFile(const std::filesystem::path& path, const FileLabel& label);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  [[nodiscard]] const WriteGroup& root() const { return root_; }
  /// The attributes of /provenance. Returns the group, for volatile datasets.
  WriteGroup provenance(const std::map<std::string, std::string>& entries) const;
  /// A dataset of the root group that does not pass through memory: only its place in the file is reserved, and `close`
  /// writes the values there, straight from where they are. Contiguous, without checksum (the file's digest covers
  /// it). Once per file, after everything else; `values` must live until `close`.
  void streamed_dataset(const std::string& name, std::span<const double> values, const Shape& shape);
  /// Writes the file, which must not exist, durably; all groups must be gone. A file that cannot be written whole
  /// is removed and `core::StorageError` thrown.
  void close();

 private:
  std::filesystem::path path_;
  FileImage image_;
  File file_;
  WriteGroup root_;
  std::uint64_t streamed_at_ = 0;  ///< offset in the file
  std::span<const std::byte> streamed_;

  void write_durably(const Place& place) const;
};

template <typename T>
void WriteGroup::ragged(const std::string& name, std::span<const std::vector<T>> rows) const {
  std::vector<T> values;
  std::vector<std::int64_t> offsets{0};
  for (const std::vector<T>& row : rows) {
    values.insert(values.end(), row.begin(), row.end());
    offsets.push_back(static_cast<std::int64_t>(values.size()));
  }
  const WriteGroup group = create_group(name);
  group.dataset(std::string("values"), values);
  group.dataset(std::string("offsets"), offsets);
}

}  // namespace lethe::storage::hdf5
