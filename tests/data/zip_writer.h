#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/zip_archive.h"

namespace lethe::test {

/// Writes zip archives byte by byte, sound ones and others.
class ZipWriter {
 public:
  struct Options {
    bool is_zip64 = false;       ///< sizes, offsets and counts in the 64 bit fields
    std::uint16_t method = 0;    ///< 8: deflate (the bytes stay as they are)
    std::uint16_t flags = 0;     ///< 1: encrypted
    std::size_t alignment = 64;  ///< of members' bytes, through the local extra field, as PyTorch does
    /// Bytes between the first member and the second that `finish` leaves out: for a file with a hole.
    std::uint64_t hole_bytes = 0;
  };

  ZipWriter() = default;
  explicit ZipWriter(Options options) : options_(options) {}

  void add(const std::string& name, const std::string& content) {
    const auto crc = data::crc32(std::as_bytes(std::span(content)));
    const auto offset = bytes_.size() + (num_members_ > 0 ? options_.hole_bytes : 0);
    const auto begin = offset + 30 + name.size();
    const auto padding =
        options_.alignment == 0 ? 0 : (options_.alignment - begin % options_.alignment) % options_.alignment;
    append<std::uint32_t>(bytes_, 0x04034b50);
    append_common(bytes_, crc, static_cast<std::uint32_t>(content.size()), name.size());
    append<std::uint16_t>(bytes_, static_cast<std::uint16_t>(padding));
    bytes_ += name + std::string(padding, '\0') + content;

    const auto shown = [&](std::uint64_t value) {
      return options_.is_zip64 ? 0xFFFFFFFFU : static_cast<std::uint32_t>(value);
    };
    append<std::uint32_t>(directory_, 0x02014b50);
    append<std::uint16_t>(directory_, 45);
    append_common(directory_, crc, shown(content.size()), name.size());
    append<std::uint16_t>(directory_, options_.is_zip64 ? 28 : 0);
    directory_ += std::string(10, '\0');  // comment, disk, attributes
    append<std::uint32_t>(directory_, shown(offset));
    directory_ += name;
    if (options_.is_zip64) {
      append<std::uint16_t>(directory_, 1);
      append<std::uint16_t>(directory_, 24);
      for (const std::uint64_t value : {content.size(), content.size(), offset}) append(directory_, value);
    }
    ++num_members_;
  }

  [[nodiscard]] std::string finish() const {
    std::string file = bytes_ + directory_;
    if (options_.is_zip64) {
      const std::uint64_t record = file.size() + options_.hole_bytes;
      append<std::uint32_t>(file, 0x06064b50);
      append<std::uint64_t>(file, 44);
      file += std::string(12, '\0');
      append<std::uint64_t>(file, num_members_);
      append<std::uint64_t>(file, num_members_);
      append<std::uint64_t>(file, directory_.size());
      append<std::uint64_t>(file, bytes_.size() + options_.hole_bytes);
      append<std::uint32_t>(file, 0x07064b50);
      append<std::uint32_t>(file, 0);
      append<std::uint64_t>(file, record);
      append<std::uint32_t>(file, 1);
    }
    append<std::uint32_t>(file, 0x06054b50);
    append<std::uint32_t>(file, 0);
    const auto count = options_.is_zip64 ? std::uint16_t{0xFFFF} : static_cast<std::uint16_t>(num_members_);
    append(file, count);
    append(file, count);
    append(file, options_.is_zip64 ? 0xFFFFFFFFU : static_cast<std::uint32_t>(directory_.size()));
    append(file, options_.is_zip64 ? 0xFFFFFFFFU : static_cast<std::uint32_t>(bytes_.size()));
    append<std::uint16_t>(file, 0);
    return file;
  }

 private:
  Options options_;
  std::string bytes_;
  std::string directory_;
  std::uint64_t num_members_ = 0;

  template <typename Integer>
  static void append(std::string& to, Integer value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void append_common(std::string& to, std::uint32_t crc, std::uint32_t size_bytes, std::size_t name_bytes) const {
    append<std::uint16_t>(to, 45);
    append(to, options_.flags);
    append(to, options_.method);
    append<std::uint32_t>(to, 0);  // time and date
    append(to, crc);
    append(to, size_bytes);
    append(to, size_bytes);
    append(to, static_cast<std::uint16_t>(name_bytes));
  }
};

}  // namespace lethe::test
