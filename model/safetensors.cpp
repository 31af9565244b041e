#include "model/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/shape.h"
#include "data/text_file.h"

static_assert(std::endian::native == std::endian::little, "safetensors files are little endian");

namespace lethe::model {
namespace {

using nlohmann::json;

/// The format's own limit.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

constexpr std::array<std::pair<std::string_view, torch::Dtype>, 10> kDtypes{{{"F64", torch::kFloat64},
                                                                             {"F32", torch::kFloat32},
                                                                             {"F16", torch::kFloat16},
                                                                             {"BF16", torch::kBFloat16},
                                                                             {"I64", torch::kInt64},
                                                                             {"I32", torch::kInt32},
                                                                             {"I16", torch::kInt16},
                                                                             {"I8", torch::kInt8},
                                                                             {"U8", torch::kUInt8},
                                                                             {"BOOL", torch::kBool}}};

std::optional<torch::Dtype> dtype_of(std::string_view name) {
  for (const auto& [text, dtype] : kDtypes) {
    if (text == name) return dtype;
  }
  return std::nullopt;
}

std::string_view name_of(torch::Dtype wanted) {
  for (const auto& [text, dtype] : kDtypes) {
    if (dtype == wanted) return text;
  }
  throw core::StorageError(std::string("safetensors: no name for type ") + c10::toString(wanted));
}

/// A model's file that cannot be opened is the model's fault.
std::shared_ptr<data::MappedFile> map_file(const std::filesystem::path& path) {
  try {
    return std::make_shared<data::MappedFile>(path);
  } catch (const core::DataError& error) {
    throw core::ModelError(error.what());
  }
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_(path), file_(map_file(path)) {
  read_header();
}

void SafetensorsFile::refuse(const std::string& what) const {
  throw core::ModelError(path_.string() + ": not a valid safetensors file: " + what +
                         ". It may be damaged or only partly copied; fetch it again.");
}

void SafetensorsFile::read_header() {
  std::uint64_t header_bytes = 0;
  if (file_->size_bytes() < sizeof(header_bytes)) refuse("shorter than its 8 byte length field");
  std::memcpy(&header_bytes, file_->data(), sizeof(header_bytes));
  if (header_bytes > kMaxHeaderBytes || header_bytes > file_->size_bytes() - sizeof(header_bytes)) {
    refuse("a header of " + std::to_string(header_bytes) + " bytes in a file of " +
           std::to_string(file_->size_bytes()));
  }
  const std::string_view text(reinterpret_cast<const char*>(file_->data()) + sizeof(header_bytes), header_bytes);
  const auto data_begin = sizeof(header_bytes) + static_cast<std::size_t>(header_bytes);
  read_safetensors_header(
      text, [&](const std::string& name, TensorEntry entry) { add_entry(name, std::move(entry), data_begin); },
      [&](const std::string& what) { refuse(what); });
  check_coverage(data_begin);
}

void SafetensorsFile::add_entry(const std::string& name, TensorEntry stated, std::size_t data_begin) {
  const auto bad = [&](const std::string& what) { refuse("tensor `" + data::excerpt(name, 200) + "` " + what); };
  const auto data_bytes = file_->size_bytes() - data_begin;
  if (stated.begin > stated.end || stated.end > data_bytes) {
    bad("lies outside the file's " + std::to_string(data_bytes) + " bytes of data");
  }
  Entry entry;
  entry.dtype = dtype_of(stated.dtype);
  if (!entry.dtype) {
    entry.unknown_type = data::excerpt(stated.dtype);
  } else if (core::checked_bytes(stated.shape, c10::elementSize(*entry.dtype)) != stated.end - stated.begin) {
    bad("has an extent that does not fit its shape and type");
  }
  entry.shape = std::move(stated.shape);
  entry.begin = data_begin + static_cast<std::size_t>(stated.begin);
  entry.end = data_begin + static_cast<std::size_t>(stated.end);
  if (!entries_.emplace(name, std::move(entry)).second) bad("is there twice");
}

void SafetensorsFile::check_coverage(std::size_t data_begin) const {
  std::vector<std::pair<std::size_t, std::size_t>> extents;
  for (const auto& [name, entry] : entries_) extents.emplace_back(entry.begin, entry.end);
  std::sort(extents.begin(), extents.end());
  auto expected = data_begin;
  for (const auto& [begin, end] : extents) {
    if (begin != expected) refuse("its tensors overlap or leave a gap at byte " + std::to_string(expected));
    expected = end;
  }
  if (expected != file_->size_bytes()) {
    refuse("its tensors end at byte " + std::to_string(expected) + " of " + std::to_string(file_->size_bytes()));
  }
}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

torch::Tensor SafetensorsFile::tensor(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw core::ModelError(path_.string() + ": has no tensor `" + name + "`");
  const auto& entry = found->second;
  if (!entry.dtype) {
    throw core::ModelError(path_.string() + ": tensor `" + name + "` has the type " + entry.unknown_type +
                           ", which lethe does not read; save it as F32, F16 or BF16");
  }
  const auto options = torch::TensorOptions().dtype(*entry.dtype);
  std::byte* address = file_->data() + entry.begin;
  if (reinterpret_cast<std::uintptr_t>(address) % c10::elementSize(*entry.dtype) != 0) {
    auto copy = torch::empty(entry.shape, options);
    std::memcpy(copy.data_ptr(), address, entry.end - entry.begin);
    return copy;
  }
  return torch::from_blob(
      address, entry.shape, [file = file_](void*) {}, options);
}

namespace {

void write_stream(std::ofstream& stream, const std::map<std::string, torch::Tensor>& tensors) {
  json header;
  header["__metadata__"] = {{"format", "pt"}};
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::uint64_t end = offset + static_cast<std::uint64_t>(tensor.numel()) * tensor.element_size();
    header[name] = {
        {"dtype", name_of(tensor.scalar_type())}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  auto text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // aligns the data
  const std::uint64_t header_bytes = text.size();
  stream.write(reinterpret_cast<const char*>(&header_bytes), sizeof(header_bytes));
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
  for (const auto& [name, tensor] : tensors) {
    const auto host = tensor.detach().to(torch::kCPU).contiguous();
    stream.write(static_cast<const char*>(host.data_ptr()), static_cast<std::streamsize>(host.nbytes()));
  }
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const std::map<std::string, torch::Tensor>& tensors) {
  auto temporary = path;
  temporary += ".part";
  std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
  if (stream) write_stream(stream, tensors);
  stream.close();
  std::error_code error;
  if (stream) std::filesystem::rename(temporary, path, error);
  if (!stream || error) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw core::StorageError(path.string() + ": cannot be written; is the folder there, writable, and has space?");
  }
}

}  // namespace lethe::model
