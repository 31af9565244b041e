#pragma once

#include <cstddef>
#include <filesystem>

namespace lethe::data {

/// A file mapped privately: pages come in when first read, and a stray write never reaches the file.
/// The file must not shrink while it is mapped.
class MappedFile {
 public:
  /// Throws `core::DataError` for what is no readable, regular, non-empty file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }
  /// Takes all pages out of memory; they come in again when they are read. What was written to them is lost.
  void forget_pages() const;

 private:
  std::byte* data_ = nullptr;
  std::size_t size_bytes_ = 0;
};

}  // namespace lethe::data
