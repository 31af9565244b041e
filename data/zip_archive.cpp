#include "data/zip_archive.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>

#include "core/error.h"
#include "core/input_file.h"
#include "data/text_file.h"

static_assert(std::endian::native == std::endian::little, "zip archives are little endian");

namespace lethe::data {
namespace {

// Sizes and signatures of APPNOTE.TXT, sections 4.3.7 to 4.3.16.
constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint32_t kEntrySignature = 0x02014b50;
constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kEnd64Signature = 0x06064b50;
constexpr std::uint32_t kLocator64Signature = 0x07064b50;
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kEntryBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocator64Bytes = 20;
constexpr std::size_t kMaxCommentBytes = 0xFFFF;
constexpr std::uint16_t kZip64Extra = 0x0001;
/// A field of four bytes that holds this has its value in the zip64 extra field.
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;
constexpr std::uint16_t kEncrypted = 0x0001;
constexpr std::uint16_t kStored = 0;

using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

/// Tables for eight bytes a step: matrices of gigabytes are checked about as fast as they are read.
constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? (value >> 1U) ^ 0xEDB88320U : value >> 1U;
    tables[0][byte] = value;
  }
  for (std::size_t table = 1; table < tables.size(); ++table) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const auto before = tables[table - 1][byte];
      tables[table][byte] = (before >> 8U) ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}

constexpr CrcTables kCrcTables = make_crc_tables();

}  // namespace

std::uint32_t crc32(std::span<const std::byte> bytes) {
  std::uint32_t value = 0xFFFFFFFFU;
  std::size_t position = 0;
  for (; position + 8 <= bytes.size(); position += 8) {
    std::uint64_t block = 0;
    std::memcpy(&block, bytes.data() + position, sizeof(block));
    block ^= value;
    value = 0;
    for (std::size_t byte = 0; byte < 8; ++byte) value ^= kCrcTables[7 - byte][(block >> (8 * byte)) & 0xFFU];
  }
  for (; position < bytes.size(); ++position) {
    value = (value >> 8U) ^ kCrcTables[0][(value ^ static_cast<std::uint32_t>(bytes[position])) & 0xFFU];
  }
  return ~value;
}

bool looks_like_zip(const std::filesystem::path& path) {
  const auto file = core::open_input_file(path);
  std::uint32_t signature = 0;
  const auto count = ::pread(file.get(), &signature, sizeof(signature), 0);
  return count == sizeof(signature) && signature == kLocalSignature;
}

/// Where the directory of members lies.
struct ZipArchive::Directory {
  std::uint64_t num_entries = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t offset = 0;
  std::size_t end = 0;  ///< of the directory at most: where the end records begin
};

ZipArchive::ZipArchive(const std::filesystem::path& path) : path_(path), file_(std::make_shared<MappedFile>(path)) {
  read_directory(find_directory());
}

void ZipArchive::refuse(const std::string& what) const {
  throw core::DataError(path_.string() + ": not a valid zip archive: " + what +
                        ". It may be damaged or only partly copied; fetch it again.");
}

/// Callers have checked that the bytes are there.
template <typename Integer>
Integer ZipArchive::number_at(std::size_t position) const {
  Integer value = 0;
  std::memcpy(&value, file_->data() + position, sizeof(value));
  return value;
}

std::size_t ZipArchive::find_end_record() const {
  const auto size = file_->size_bytes();
  if (size < kEndBytes) refuse("shorter than its end record");
  const auto last = size - kEndBytes;
  const auto first = last > kMaxCommentBytes ? last - kMaxCommentBytes : 0;
  for (auto position = last + 1; position-- > first;) {
    if (number_at<std::uint32_t>(position) != kEndSignature) continue;
    if (position + kEndBytes + number_at<std::uint16_t>(position + 20) == size) return position;
  }
  refuse("it has no end record");
}

ZipArchive::Directory ZipArchive::find_directory() const {
  const auto record = find_end_record();
  Directory directory{number_at<std::uint16_t>(record + 10), number_at<std::uint32_t>(record + 12),
                      number_at<std::uint32_t>(record + 16), record};
  const bool has_locator =
      record >= kLocator64Bytes && number_at<std::uint32_t>(record - kLocator64Bytes) == kLocator64Signature;
  if (has_locator) {
    const auto end = record - kLocator64Bytes;
    const auto position = number_at<std::uint64_t>(end + 8);
    if (end < kEnd64Bytes || position > end - kEnd64Bytes || number_at<std::uint32_t>(position) != kEnd64Signature) {
      refuse("its zip64 end record is not where it should be");
    }
    directory = {number_at<std::uint64_t>(position + 32), number_at<std::uint64_t>(position + 40),
                 number_at<std::uint64_t>(position + 48), static_cast<std::size_t>(position)};
  }
  if (directory.offset > directory.end || directory.size_bytes > directory.end - directory.offset) {
    refuse("its directory lies outside the file");
  }
  if (directory.num_entries > directory.size_bytes / kEntryBytes) {
    refuse("its directory of " + std::to_string(directory.size_bytes) + " bytes cannot hold " +
           std::to_string(directory.num_entries) + " members");
  }
  return directory;
}

void ZipArchive::read_directory(const Directory& directory) {
  auto position = static_cast<std::size_t>(directory.offset);
  const auto end = position + static_cast<std::size_t>(directory.size_bytes);
  for (std::uint64_t entry = 0; entry < directory.num_entries; ++entry) {
    position = read_entry(position, end, static_cast<std::size_t>(directory.offset));
  }
  if (position != end) refuse("its directory has bytes that belong to no member");
}

namespace {

/// Sizes and offset of one directory entry; those that do not fit four bytes come from the zip64 extra field.
struct Extent {
  std::uint64_t packed_bytes = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t local_offset = 0;

  /// False if the extra field is malformed or lacks a value.
  bool complete_from(std::span<const std::byte> extra) {
    std::array<std::uint64_t*, 3> missing{};
    std::size_t num_missing = 0;
    for (auto* field : {&size_bytes, &packed_bytes, &local_offset}) {  // the order in which zip64 stores them
      if (*field == kIn64) missing[num_missing++] = field;
    }
    if (num_missing == 0) return true;
    while (extra.size() >= 4) {
      std::uint16_t id = 0;
      std::uint16_t length = 0;
      std::memcpy(&id, extra.data(), sizeof(id));
      std::memcpy(&length, extra.data() + 2, sizeof(length));
      extra = extra.subspan(4);
      if (length > extra.size()) return false;
      if (id == kZip64Extra) {
        if (length < 8 * num_missing) return false;
        for (std::size_t i = 0; i < num_missing; ++i) std::memcpy(missing[i], extra.data() + 8 * i, 8);
        return true;
      }
      extra = extra.subspan(length);
    }
    return false;
  }
};

}  // namespace

std::size_t ZipArchive::read_entry(std::size_t position, std::size_t end, std::size_t data_limit) {
  if (end - position < kEntryBytes || number_at<std::uint32_t>(position) != kEntrySignature) {
    refuse("its directory is broken at byte " + std::to_string(position));
  }
  const auto flags = number_at<std::uint16_t>(position + 8);
  const auto method = number_at<std::uint16_t>(position + 10);
  const auto crc = number_at<std::uint32_t>(position + 16);
  const std::size_t name_bytes = number_at<std::uint16_t>(position + 28);
  const std::size_t extra_bytes = number_at<std::uint16_t>(position + 30);
  const std::size_t comment_bytes = number_at<std::uint16_t>(position + 32);
  Extent extent{number_at<std::uint32_t>(position + 20), number_at<std::uint32_t>(position + 24),
                number_at<std::uint32_t>(position + 42)};
  const auto next = position + kEntryBytes + name_bytes + extra_bytes + comment_bytes;
  if (next > end) refuse("its directory is broken at byte " + std::to_string(position));
  const auto* name_begin = reinterpret_cast<const char*>(file_->data()) + position + kEntryBytes;
  const std::string name(name_begin, name_bytes);
  const auto shown = "member `" + excerpt(name, 200) + "`";
  if (!extent.complete_from({file_->data() + position + kEntryBytes + name_bytes, extra_bytes})) {
    refuse(shown + " lacks its zip64 sizes");
  }
  if ((flags & kEncrypted) != 0) throw core::DataError(path_.string() + ": " + shown + " is encrypted");
  if (method != kStored) {
    throw core::DataError(path_.string() + ": " + shown +
                          " is compressed; only stored members are read. Write it anew without compression "
                          "(numpy.savez instead of savez_compressed, torch.save, or zip -0).");
  }
  if (extent.packed_bytes != extent.size_bytes) refuse(shown + " is stored, but has two sizes");
  const bool has_header = data_limit >= kLocalBytes && extent.local_offset <= data_limit - kLocalBytes;
  const auto local = static_cast<std::size_t>(extent.local_offset);
  if (!has_header || number_at<std::uint32_t>(local) != kLocalSignature) refuse(shown + " has no header of its own");
  // The local extra field has a length of its own: PyTorch pads it, so that the data begin at a multiple of 64.
  const auto begin = local + kLocalBytes + number_at<std::uint16_t>(local + 26) + number_at<std::uint16_t>(local + 28);
  if (begin > data_limit || extent.size_bytes > data_limit - begin) refuse(shown + " lies outside the file");
  const std::span content(file_->data() + begin, static_cast<std::size_t>(extent.size_bytes));
  if (!members_.emplace(name, Member{content, crc}).second) refuse(shown + " is there twice");
  return next;
}

const ZipArchive::Member& ZipArchive::member(const std::string& name) const {
  const auto found = members_.find(name);
  if (found == members_.end()) {
    throw core::DataError(path_.string() + ": has no member `" + name + "`; is it the file you meant?");
  }
  return found->second;
}

void ZipArchive::check_crc(const std::string& name) const {
  const auto& found = member(name);
  if (crc32(found.content) == found.crc32) return;
  refuse("member `" + name + "` does not match its checksum");
}

}  // namespace lethe::data
