#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "data/mapped_file.h"

namespace lethe::data {

/// Whether a file begins like a zip archive. Throws `core::DataError` for what is no input file.
bool looks_like_zip(const std::filesystem::path& path);

/// A zip archive whose members are stored as they are (PyTorch's checkpoints, NumPy's npz), zip64 included:
/// members and archives beyond 4 GiB. The directory is checked when the archive is opened: every extent lies inside
/// the file, no name occurs twice. Members are views of the mapped file: nothing is read until they are touched.
/// Anything that is not sound throws `core::DataError` with path, member and remedy.
class ZipArchive {
 public:
  explicit ZipArchive(const std::filesystem::path& path);

  struct Member {
    std::span<std::byte> content;  ///< valid while `mapping()` lives; never write to it
    std::uint32_t crc32 = 0;       ///< as the directory states it
  };

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const std::map<std::string, Member>& members() const { return members_; }
  [[nodiscard]] bool contains(const std::string& name) const { return members_.contains(name); }
  /// Throws for a name that is not there.
  [[nodiscard]] const Member& member(const std::string& name) const;
  /// Reads a whole member and compares its CRC-32 with the directory's; throws if they differ.
  void check_crc(const std::string& name) const;
  /// Keeps the members' bytes mapped.
  [[nodiscard]] const std::shared_ptr<MappedFile>& mapping() const { return file_; }

 private:
  struct Directory;
  [[noreturn]] void refuse(const std::string& what) const;
  [[nodiscard]] Directory find_directory() const;
  [[nodiscard]] std::size_t find_end_record() const;
  void read_directory(const Directory& directory);
  [[nodiscard]] std::size_t read_entry(std::size_t position, std::size_t end, std::size_t data_limit);
  template <typename Integer>
  [[nodiscard]] Integer number_at(std::size_t position) const;

  std::filesystem::path path_;
  std::shared_ptr<MappedFile> file_;
  std::map<std::string, Member> members_;
};

/// CRC-32 of zip, gzip and PNG (reflected polynomial 0xEDB88320).
std::uint32_t crc32(std::span<const std::byte> bytes);

}  // namespace lethe::data
