#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/types.h>

#include "data/mapped_file.h"
#include "model/safetensors_header.h"

namespace lethe::model {

/// A safetensors file: 8 bytes of header length (little endian), a JSON header, then the tensors' bytes.
/// The whole header is checked when the file is opened: every entry's shape, type and extent agree with one
/// another and with the file, no name is there twice, and the extents follow one another without gap or overlap.
/// Anything else is a `core::ModelError` that names the file and the tensor. A tensor of a type that lethe does not
/// read is refused when it is asked for: a file may hold one that nothing needs.
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
  struct Entry {
    std::optional<torch::Dtype>
        dtype;                 ///< none: of a type that lethe does not read, which only matters who asks for it
    std::string unknown_type;  ///< what that type is called
    std::vector<std::int64_t> shape;
    std::size_t begin = 0;  ///< bytes from the file's start
    std::size_t end = 0;
  };
  [[noreturn]] void refuse(const std::string& what) const;
  void read_header();
  void add_entry(const std::string& name, TensorEntry stated, std::size_t data_begin);
  void check_coverage(std::size_t data_begin) const;

  std::filesystem::path path_;
  std::shared_ptr<data::MappedFile> file_;
  std::map<std::string, Entry> entries_;
};

/// Writes tensors (any device, made contiguous) as one safetensors file with Hugging Face's metadata; the file
/// appears under its name only when complete. Throws `core::StorageError`.
void write_safetensors(const std::filesystem::path& path, const std::map<std::string, torch::Tensor>& tensors);

}  // namespace lethe::model
