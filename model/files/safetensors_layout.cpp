#include "model/files/safetensors_layout.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/shape.h"
#include "data/text_file.h"
#include "model/files/safetensors_header.h"

static_assert(std::endian::native == std::endian::little, "safetensors files are little endian");

namespace lethe::model::inline files {
namespace {

/// The format's own limit.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

constexpr std::array<std::pair<std::string_view, ElementType>, 10> kTypes{{{"F64", ElementType::kFloat64},
                                                                           {"F32", ElementType::kFloat32},
                                                                           {"F16", ElementType::kFloat16},
                                                                           {"BF16", ElementType::kBFloat16},
                                                                           {"I64", ElementType::kInt64},
                                                                           {"I32", ElementType::kInt32},
                                                                           {"I16", ElementType::kInt16},
                                                                           {"I8", ElementType::kInt8},
                                                                           {"U8", ElementType::kUInt8},
                                                                           {"BOOL", ElementType::kBool}}};

std::optional<ElementType> type_of(std::string_view name) {
  for (const auto& [text, type] : kTypes) {
    if (text == name) return type;
  }
  return std::nullopt;
}

class LayoutReader {
 public:
  LayoutReader(std::span<const std::byte> file, const std::filesystem::path& path) : file_(file), path_(path) {}

  std::map<std::string, SafetensorsEntry> read() {
    std::uint64_t header_bytes = 0;
    if (file_.size() < sizeof(header_bytes)) refuse("shorter than its 8 byte length field");
    std::memcpy(&header_bytes, file_.data(), sizeof(header_bytes));
    if (header_bytes > kMaxHeaderBytes || header_bytes > file_.size() - sizeof(header_bytes)) {
      refuse("a header of " + std::to_string(header_bytes) + " bytes in a file of " + std::to_string(file_.size()));
    }
    const std::string_view text(reinterpret_cast<const char*>(file_.data()) + sizeof(header_bytes), header_bytes);
    data_begin_ = sizeof(header_bytes) + static_cast<std::size_t>(header_bytes);
    read_safetensors_header(
        text, [&](const std::string& name, TensorEntry entry) { add_entry(name, std::move(entry)); },
        [&](const std::string& what) { refuse(what); });
    check_coverage();
    return std::move(entries_);
  }

 private:
  std::span<const std::byte> file_;
  const std::filesystem::path& path_;
  std::size_t data_begin_ = 0;
  std::map<std::string, SafetensorsEntry> entries_;

  [[noreturn]] void refuse(const std::string& what) const {
    throw core::ModelError(path_.string() + ": not a valid safetensors file: " + what +
                           ". It may be damaged or only partly copied; fetch it again.");
  }

  void add_entry(const std::string& name, TensorEntry stated) {
    const auto bad = [&](const std::string& what) { refuse("tensor `" + data::excerpt(name, 200) + "` " + what); };
    const auto data_bytes = file_.size() - data_begin_;
    if (stated.begin > stated.end || stated.end > data_bytes) {
      bad("lies outside the file's " + std::to_string(data_bytes) + " bytes of data");
    }
    SafetensorsEntry entry;
    entry.type = type_of(stated.dtype);
    if (!entry.type) {
      entry.unknown_type = data::excerpt(stated.dtype);
    } else if (core::checked_bytes(stated.shape, bytes_of(*entry.type)) != stated.end - stated.begin) {
      bad("has an extent that does not fit its shape and type");
    }
    entry.shape = std::move(stated.shape);
    entry.begin = data_begin_ + static_cast<std::size_t>(stated.begin);
    entry.end = data_begin_ + static_cast<std::size_t>(stated.end);
    if (!entries_.emplace(name, std::move(entry)).second) bad("is there twice");
  }

  void check_coverage() const {
    std::vector<std::pair<std::size_t, std::size_t>> extents;
    for (const auto& [name, entry] : entries_) extents.emplace_back(entry.begin, entry.end);
    std::sort(extents.begin(), extents.end());
    auto expected = data_begin_;
    for (const auto& [begin, end] : extents) {
      if (begin != expected) refuse("its tensors overlap or leave a gap at byte " + std::to_string(expected));
      expected = end;
    }
    if (expected != file_.size()) {
      refuse("its tensors end at byte " + std::to_string(expected) + " of " + std::to_string(file_.size()));
    }
  }
};

}  // namespace

std::map<std::string, SafetensorsEntry> read_safetensors_layout(std::span<const std::byte> file,
                                                                const std::filesystem::path& path) {
  return LayoutReader(file, path).read();
}

std::string_view safetensors_name_of(ElementType type) {
  for (const auto& [text, known] : kTypes) {
    if (known == type) return text;
  }
  throw core::StorageError("safetensors: a type of elements without a name");
}

}  // namespace lethe::model::inline files
