#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/mapped_file.h"
#include "model/files/element_type.h"

namespace lethe::model::inline files {

/// One row of elements, which tensors are views of.
struct CheckpointStorage {
  ElementType type = ElementType::kFloat32;
  std::int64_t numel = 0;
  std::span<std::byte> bytes;  ///< at least as many as the elements need, aligned for nothing; never write to them
};

/// A tensor of a checkpoint: every element lies in its storage, and none is there more often than the storage has some.
struct CheckpointView {
  std::size_t storage = 0;  ///< which of the layout's
  std::int64_t offset = 0;  ///< in elements
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
  std::int64_t numel = 0;
};

/// What a PyTorch checkpoint says that it holds, checked against its bytes.
struct CheckpointLayout {
  std::shared_ptr<data::MappedFile> file;  ///< keeps the storages' bytes mapped
  std::vector<CheckpointStorage> storages;
  std::map<std::string, CheckpointView> tensors;
  std::map<std::string, std::string> unread;  ///< types of the tensors whose types lethe does not read, by name
};

/// Reads a PyTorch checkpoint, as `torch.save` writes it since 1.6 (a zip archive), up to its tensors' bytes. Nothing
/// of the file is run: see `PickleMachine`. A file that is damaged, compressed, of the format before 1.6, or that names
/// anything but tensors and plain data throws `core::DataError` with path, place and remedy.
CheckpointLayout read_checkpoint_layout(const std::filesystem::path& path);

}  // namespace lethe::model::inline files
