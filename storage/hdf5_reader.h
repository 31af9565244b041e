#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/hdf5_calls.h"
#include "storage/hdf5_writer.h"

// Reading side: nothing in a file is believed. Links must be hard, layouts contiguous or chunked, filters none or
// Fletcher-32, types exactly those of the writer, and a dataset's bytes must be in the file before memory is
// allocated for them. Everything else throws `core::StorageError`. Private to storage/.

namespace lethe::storage::hdf5 {

enum class ObjectKind { kGroup, kDataset };

/// What comparing two files needs to know of a dataset.
struct RawDataset {
  Dataset handle;
  Datatype type;
  Shape shape;
  std::size_t element_bytes = 0;
  Place place;

  [[nodiscard]] std::int64_t row_bytes() const;
  /// Bytes of rows [first, first + count) of the first dimension.
  [[nodiscard]] std::vector<std::byte> rows(std::int64_t first, std::int64_t count) const;
};

class ReadGroup {
 public:
  ReadGroup(Group group, Place place, std::uint64_t file_bytes)
      : group_(std::move(group)), place_(std::move(place)), file_bytes_(file_bytes) {}

  /// Names of the members by kind, sorted; refuses links that lead elsewhere.
  [[nodiscard]] std::map<std::string, ObjectKind> members() const;
  [[nodiscard]] std::vector<std::string> attribute_names() const;
  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] ReadGroup group(const std::string& name) const;
  [[nodiscard]] RawDataset raw(const std::string& name) const;

  template <typename T>
  [[nodiscard]] std::pair<Shape, std::vector<T>> array(const std::string& name) const {
    const RawDataset dataset = expect_type(raw(name), type_of<T>());
    std::vector<T> values(static_cast<std::size_t>(num_elements(dataset.shape, dataset.place)));
    read_all(dataset, values.data());
    return {dataset.shape, std::move(values)};
  }
  /// A dataset of rank 1, of `size` elements if given.
  template <typename T>
  [[nodiscard]] std::vector<T> vector(const std::string& name, std::optional<std::int64_t> size = {}) const {
    auto [shape, values] = array<T>(name);
    expect_vector(name, shape, size);
    return std::move(values);
  }
  /// n + 1 offsets from 0 to `total`, nowhere falling.
  [[nodiscard]] std::vector<std::int64_t> offsets(const std::string& name, std::int64_t num_rows,
                                                  std::int64_t total) const;
  [[nodiscard]] std::vector<std::string> strings(const std::string& name, std::optional<std::int64_t> size = {}) const;
  template <typename T>
  [[nodiscard]] std::vector<std::vector<T>> ragged(const std::string& name, std::int64_t num_rows) const {
    const ReadGroup inner = group(name);
    const std::vector<T> values = inner.vector<T>("values");
    const auto cuts = inner.offsets("offsets", num_rows, static_cast<std::int64_t>(values.size()));
    std::vector<std::vector<T>> rows;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i)
      rows.emplace_back(values.begin() + cuts[i], values.begin() + cuts[i + 1]);
    return rows;
  }

  [[nodiscard]] bool has_attribute(const std::string& name) const;
  [[nodiscard]] std::string attribute_text(const std::string& name) const;
  [[nodiscard]] std::int64_t attribute_integer(const std::string& name) const;
  /// Type, size and bytes of any scalar attribute, as one comparable string.
  [[nodiscard]] std::string attribute_image(const std::string& name) const;

  /// Throws about a member of this group.
  [[noreturn]] void fail_at(const std::string& name, const std::string& what) const;
  [[nodiscard]] const Place& place() const { return place_; }

 private:
  [[nodiscard]] Place place_of(const std::string& name) const;
  void require_hard_link(const std::string& name) const;
  static RawDataset expect_type(RawDataset dataset, hid_t type);
  static void read_all(const RawDataset& dataset, void* values);
  void expect_vector(const std::string& name, const Shape& shape, std::optional<std::int64_t> size) const;

  Group group_;
  Place place_;
  std::uint64_t file_bytes_;
};

class InputFile {
 public:
  /// Opens a file read-only without locking it. A non-empty `schema` must be the file's, in a version we know.
  InputFile(const std::filesystem::path& path, const std::string& schema);
  /// The file must be the one that `label` asks for.
  InputFile(const std::filesystem::path& path, const FileLabel& label);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  [[nodiscard]] const ReadGroup& root() const { return root_; }
  /// In what the file is another one than `label` asks for; nullopt if it is that one.
  [[nodiscard]] std::optional<std::string> difference_from(const FileLabel& label) const;
  /// Text attributes of /provenance.
  [[nodiscard]] std::map<std::string, std::string> provenance() const;

 private:
  File file_;
  ReadGroup root_;
};

}  // namespace lethe::storage::hdf5
