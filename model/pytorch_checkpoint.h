#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <torch/types.h>

namespace lethe::model {

struct PytorchCheckpoint {
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::string, std::string> unread;  ///< types of the tensors whose types lethe does not read, by name
};

/// Reads the tensors of a PyTorch checkpoint, as `torch.save` writes it since 1.6 (a zip archive), on the CPU.
///
/// A tensor's name is its way through the nested dicts, lists and tuples, joined by dots: {"model": {"a.weight": t}}
/// gives "model.a.weight". What is no tensor (numbers, texts, None) is left out. Tensors that share a storage in the
/// file share it here; strides are kept. They read the mapped file in place and keep it alive: never write to them.
///
/// Nothing of the file is run: see `PickleMachine`. A file that is damaged, compressed, of the format before 1.6, or
/// that names anything but tensors and plain data throws `core::DataError` with path, place and remedy.
PytorchCheckpoint open_pytorch_checkpoint(const std::filesystem::path& path);

/// Its tensors alone, for files of which all is needed or known by name.
std::map<std::string, torch::Tensor> read_pytorch_checkpoint(const std::filesystem::path& path);

}  // namespace lethe::model
