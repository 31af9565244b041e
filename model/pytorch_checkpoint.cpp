#include "model/pytorch_checkpoint.h"

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "model/element_dtype.h"
#include "model/files/checkpoint_layout.h"

namespace lethe::model {
namespace {

/// A storage as one row of its elements; tensors of one storage share it.
torch::Tensor row_of(const CheckpointStorage& storage, const std::shared_ptr<data::MappedFile>& file) {
  const auto options = torch::TensorOptions().dtype(dtype_of(storage.type));
  if (storage.numel == 0) return torch::empty({0}, options);
  const auto element_bytes = bytes_of(storage.type);
  if (reinterpret_cast<std::uintptr_t>(storage.bytes.data()) % element_bytes != 0) {
    auto copy = torch::empty({storage.numel}, options);
    std::memcpy(copy.data_ptr(), storage.bytes.data(), static_cast<std::size_t>(storage.numel) * element_bytes);
    return copy;
  }
  return torch::from_blob(
      storage.bytes.data(), {storage.numel}, [file](void*) {}, options);
}

}  // namespace

PytorchCheckpoint open_pytorch_checkpoint(const std::filesystem::path& path) {
  auto layout = read_checkpoint_layout(path);
  std::vector<torch::Tensor> rows;
  for (const auto& storage : layout.storages) rows.push_back(row_of(storage, layout.file));
  PytorchCheckpoint checkpoint;
  checkpoint.unread = std::move(layout.unread);
  for (const auto& [name, view] : layout.tensors) {
    const auto& row = rows[view.storage];
    checkpoint.tensors.emplace(name, view.numel == 0 ? torch::empty(view.sizes, row.options())
                                                     : row.as_strided(view.sizes, view.strides, view.offset));
  }
  return checkpoint;
}

std::map<std::string, torch::Tensor> read_pytorch_checkpoint(const std::filesystem::path& path) {
  return open_pytorch_checkpoint(path).tensors;
}

}  // namespace lethe::model
