#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "data/mapped_file.h"
#include "model/files/safetensors_layout.h"

namespace lethe::model {

/// A safetensors file, checked as `read_safetensors_layout` says when it is opened. A tensor of a type that lethe does
/// not read is refused when it is asked for: a file may hold one that nothing needs.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] bool contains(const std::string& name) const { return entries_.count(name) > 0; }
  [[nodiscard]] std::vector<std::string> names() const;
  /// The tensor as stored, on the CPU. It reads the mapping in place and keeps it alive (a tensor that is not
  /// aligned for its type is copied). Never write to it.
  [[nodiscard]] torch::Tensor tensor(const std::string& name) const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<data::MappedFile> file_;
  std::map<std::string, SafetensorsEntry> entries_;
};

/// Writes tensors (any device, made contiguous) as one safetensors file with Hugging Face's metadata; the file
/// appears under its name only when complete. Throws `core::StorageError`.
void write_safetensors(const std::filesystem::path& path, const std::map<std::string, torch::Tensor>& tensors);

}  // namespace lethe::model
