#include "model/files/weight_names.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "model/families/config_file.h"

namespace lethe::model::inline files {
namespace {

constexpr std::array<std::string_view, 4> kEntryFiles{"model.safetensors", "model.safetensors.index.json",
                                                      "pytorch_model.bin", "pytorch_model.bin.index.json"};
constexpr std::string_view kIndexSuffix = ".index.json";
/// A line for each tensor, and room.
constexpr std::size_t kMaxIndexBytes = 4 << 20;

}  // namespace

std::map<std::string, std::string> read_weight_map(const std::filesystem::path& index) {
  const auto values = read_model_json(index, kMaxIndexBytes);
  const auto found = values.is_object() ? values.find("weight_map") : values.end();
  const bool is_map = found != values.end() && found->is_object() &&
                      std::ranges::all_of(*found, [](const auto& file) { return file.is_string(); });
  if (!is_map) {
    throw core::ModelError(index.string() + ": is no index of weight files: expected a `weight_map` with the file " +
                           "of each tensor; fetch it again");
  }
  std::map<std::string, std::string> shards;
  for (const auto& [tensor, file] : found->items()) {
    const auto name = file.template get<std::string>();
    if (std::filesystem::path(name).filename() != name || name == "." || name == "..") {
      throw core::ModelError(index.string() + ": `" + name + "` is not a file name inside the folder");
    }
    shards.emplace(tensor, name);
  }
  return shards;
}

std::vector<std::string> weight_file_names(const std::filesystem::path& folder) {
  for (const auto entry : kEntryFiles) {
    if (!std::filesystem::exists(folder / entry)) continue;
    std::vector<std::string> names{std::string(entry)};
    if (entry.ends_with(kIndexSuffix)) {
      std::set<std::string> shards;
      for (const auto& [tensor, shard] : read_weight_map(folder / entry)) shards.insert(shard);
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

}  // namespace lethe::model::inline files
