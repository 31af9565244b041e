#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/files/element_type.h"

namespace lethe::model::inline files {

/// Where a safetensors file holds a tensor.
struct SafetensorsEntry {
  std::optional<ElementType> type;  ///< none: of a type that lethe does not read, which only matters who asks for it
  std::string unknown_type;         ///< what that type is called
  std::vector<std::int64_t> shape;
  std::size_t begin = 0;  ///< bytes from the file's start
  std::size_t end = 0;
};

/// The tensors of a safetensors file by name: 8 bytes of header length (little endian), a JSON header, then the
/// tensors' bytes. The whole header is checked: every entry's shape, type and extent agree with one another and with
/// the file, no name is there twice, and the extents follow one another without gap or overlap. Anything else is a
/// `core::ModelError` that names `path` and the tensor.
std::map<std::string, SafetensorsEntry> read_safetensors_layout(std::span<const std::byte> file,
                                                                const std::filesystem::path& path);

/// How the format spells a type.
std::string_view safetensors_name_of(ElementType type);

}  // namespace lethe::model::inline files
