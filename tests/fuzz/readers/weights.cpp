// Files of a model's weights, up to their tensors: safetensors; a PyTorch checkpoint, whole or as the pickle in it.
#include "core/error.h"
#include "core/shape.h"
#include "model/files/checkpoint_layout.h"
#include "model/files/safetensors_layout.h"
#include "tests/data/zip_writer.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/targets.h"

namespace lethe::fuzz {
namespace {

void check_views(const model::CheckpointLayout& layout) {
  for (const auto& [name, view] : layout.tensors) {
    const auto& storage = layout.storages.at(view.storage);
    require(static_cast<std::uint64_t>(storage.numel) <= storage.bytes.size() / model::bytes_of(storage.type),
            "a storage has its bytes");
    require(view.sizes.size() == view.strides.size(), "a stride for each size");
    require(core::checked_bytes(view.sizes, 1) == static_cast<std::uint64_t>(view.numel), "sizes make the number");
    auto last = view.offset;
    for (std::size_t i = 0; i < view.sizes.size(); ++i)
      last += view.numel == 0 ? 0 : (view.sizes[i] - 1) * view.strides[i];
    require(view.numel == 0 || last < storage.numel, "the last element lies in the storage");
  }
}

bool read_checkpoint(const std::filesystem::path& path) {
  const auto layout =
      read_or_refuse<core::DataError>(path.filename().string(), [&] { return model::read_checkpoint_layout(path); });
  if (layout) check_views(*layout);
  return layout.has_value();
}

}  // namespace

bool safetensors(std::string_view input) {
  const auto entries = read_or_refuse<core::ModelError>("m.safetensors", [&] {
    return model::read_safetensors_layout(std::as_bytes(std::span(input)), "m.safetensors");
  });
  if (!entries) return false;
  for (const auto& [name, entry] : *entries) {
    require(entry.begin <= entry.end && entry.end <= input.size(), "a tensor lies in the file");
    require(!entry.type || core::checked_bytes(entry.shape, model::bytes_of(*entry.type)) == entry.end - entry.begin,
            "a tensor has the bytes of its shape");
  }
  return true;
}

bool checkpoint(std::string_view input) {
  return read_checkpoint(InputFolder::instance().write("pytorch_model.bin", input));
}

bool pickle(std::string_view input) {
  test::ZipWriter zip;
  zip.add("archive/data.pkl", std::string(input));
  zip.add("archive/data/0", std::string(48, '\x3f'));
  zip.add("archive/data/1", std::string(8, '\0'));
  return read_checkpoint(InputFolder::instance().write("pytorch_model.bin", zip.finish()));
}

}  // namespace lethe::fuzz
