#include "model/safetensors.h"

#include <cstring>
#include <fstream>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "model/element_dtype.h"

namespace lethe::model {
namespace {

using nlohmann::json;

/// A model's file that cannot be opened is the model's fault.
std::shared_ptr<data::MappedFile> map_file(const std::filesystem::path& path) {
  try {
    return std::make_shared<data::MappedFile>(path);
  } catch (const core::DataError& error) {
    throw core::ModelError(error.what());
  }
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path),
      file_(map_file(path)),
      entries_(read_safetensors_layout(std::span<const std::byte>(file_->data(), file_->size_bytes()), path)) {}

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
  if (!entry.type) {
    throw core::ModelError(path_.string() + ": tensor `" + name + "` has the type " + entry.unknown_type +
                           ", which lethe does not read; save it as F32, F16 or BF16");
  }
  const auto options = torch::TensorOptions().dtype(dtype_of(*entry.type));
  std::byte* address = file_->data() + entry.begin;
  if (reinterpret_cast<std::uintptr_t>(address) % bytes_of(*entry.type) != 0) {
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
    header[name] = {{"dtype", safetensors_name_of(element_type_of(tensor.scalar_type()))},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, end}}};
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
