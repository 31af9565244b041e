#include "model/weight_files.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "model/pytorch_checkpoint.h"

namespace lethe::model {
namespace {

constexpr std::array<std::string_view, 4> kEntryFiles{"model.safetensors", "model.safetensors.index.json",
                                                      "pytorch_model.bin", "pytorch_model.bin.index.json"};
constexpr std::string_view kIndexSuffix = ".index.json";

/// File names of the index's weight map; only plain names inside the folder are followed.
std::set<std::string> shard_names(const std::filesystem::path& index) {
  using nlohmann::json;
  std::ifstream stream(index);
  std::set<std::string> names;
  try {
    const auto values = json::parse(stream);
    for (const auto& [tensor, file] : values.at("weight_map").items()) names.insert(file.get<std::string>());
  } catch (const json::exception& error) {
    throw core::ModelError(index.string() + ": not a valid index of weight files (" + error.what() + ")");
  }
  for (const auto& name : names) {
    if (std::filesystem::path(name).filename() != name || name == "." || name == "..") {
      throw core::ModelError(index.string() + ": `" + name + "` is not a file name inside the folder");
    }
  }
  return names;
}

/// A damaged weight file is the model's fault.
std::map<std::string, torch::Tensor> read_checkpoint(const std::filesystem::path& path) {
  try {
    return read_pytorch_checkpoint(path);
  } catch (const core::DataError& error) {
    throw core::ModelError(error.what());
  }
}

}  // namespace

std::vector<std::string> weight_file_names(const std::filesystem::path& folder) {
  for (const auto entry : kEntryFiles) {
    if (!std::filesystem::exists(folder / entry)) continue;
    std::vector<std::string> names{std::string(entry)};
    if (entry.ends_with(kIndexSuffix)) {
      const auto shards = shard_names(folder / entry);
      names.insert(names.end(), shards.begin(), shards.end());
    }
    return names;
  }
  throw core::ModelError(folder.string() +
                         ": has no model.safetensors, no pytorch_model.bin, and no index of either. Point `path` at a "
                         "Hugging Face model folder with its weights.");
}

std::vector<std::string> weight_content_names(const std::filesystem::path& folder) {
  auto names = weight_file_names(folder);
  for (const auto& name : names) {
    if (std::filesystem::exists(folder / name)) continue;
    throw core::ModelError((folder / name).string() + ": missing, though " + names.front() +
                           " names it; copy it there");
  }
  names.emplace_back("config.json");
  std::sort(names.begin(), names.end());
  return names;
}

core::Digest combined(const FileDigests& files) {
  core::DigestStream stream;
  for (const auto& [name, digest] : files) {
    stream.update_text(name);
    stream.update_text(digest.hex());
  }
  return stream.finish();
}

WeightFiles::WeightFiles(const std::filesystem::path& folder, std::string_view prefix)
    : folder_(folder), prefix_(prefix) {
  for (const auto& name : weight_file_names(folder)) {
    const auto path = folder / name;
    if (name.ends_with(kIndexSuffix)) continue;
    if (name.ends_with(".safetensors")) {
      files_.emplace_back(SafetensorsFile(path));
    } else {
      files_.emplace_back(Checkpoint{path, read_checkpoint(path)});
    }
  }
}

std::string WeightFiles::short_name(const std::string& name) const {
  return name.starts_with(prefix_) ? name.substr(prefix_.size()) : name;
}

torch::Tensor WeightFiles::tensor(const std::string& name) const {
  const auto find = [](const File& file, const std::string& wanted) -> std::optional<torch::Tensor> {
    if (const auto* safetensors = std::get_if<SafetensorsFile>(&file)) {
      return safetensors->contains(wanted) ? std::optional(safetensors->tensor(wanted)) : std::nullopt;
    }
    const auto& tensors = std::get<Checkpoint>(file).tensors;
    const auto found = tensors.find(wanted);
    return found != tensors.end() ? std::optional(found->second) : std::nullopt;
  };
  for (const auto& file : files_) {
    if (auto tensor = find(file, name)) return *tensor;
    if (auto tensor = find(file, short_name(name))) return *tensor;
  }
  throw core::ModelError(folder_.string() + ": the weights lack `" + name +
                         "`, which config.json's shape demands; do both belong to the same model?");
}

void WeightFiles::refuse_names(const std::string& prefix, const std::string& reason) const {
  const auto check = [&](const std::filesystem::path& path, const std::string& name) {
    if (!name.starts_with(prefix) && !name.starts_with(short_name(prefix))) return;
    throw core::ModelError(path.string() + ": holds `" + name + "`, " + reason);
  };
  for (const auto& file : files_) {
    if (const auto* safetensors = std::get_if<SafetensorsFile>(&file)) {
      for (const auto& name : safetensors->names()) check(safetensors->path(), name);
    } else {
      const auto& checkpoint = std::get<Checkpoint>(file);
      for (const auto& [name, tensor] : checkpoint.tensors) check(checkpoint.path, name);
    }
  }
}

}  // namespace lethe::model
