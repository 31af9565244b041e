#include "model/weight_files.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/input_file.h"
#include "core/json_object.h"

namespace lethe::model {
namespace {

constexpr std::array<std::string_view, 4> kEntryFiles{"model.safetensors", "model.safetensors.index.json",
                                                      "pytorch_model.bin", "pytorch_model.bin.index.json"};
constexpr std::string_view kIndexSuffix = ".index.json";
/// A line for each tensor, and room.
constexpr std::size_t kMaxIndexBytes = 4 << 20;

nlohmann::json read_index(const std::filesystem::path& index) {
  try {
    return core::parse_json<core::ModelError>(core::read_input_file(index, kMaxIndexBytes), index.string());
  } catch (const core::DataError& error) {
    throw core::ModelError(error.what());
  }
}

/// File names of the index's weight map; only plain names inside the folder are followed.
std::set<std::string> shard_names(const std::filesystem::path& index) {
  const auto values = read_index(index);
  const auto found = values.is_object() ? values.find("weight_map") : values.end();
  const bool is_map = found != values.end() && found->is_object() &&
                      std::ranges::all_of(*found, [](const auto& file) { return file.is_string(); });
  if (!is_map) {
    throw core::ModelError(index.string() + ": is no index of weight files: expected a `weight_map` with the file " +
                           "of each tensor; fetch it again");
  }
  std::set<std::string> names;
  for (const auto& file : *found) names.insert(file.get<std::string>());
  for (const auto& name : names) {
    if (std::filesystem::path(name).filename() != name || name == "." || name == "..") {
      throw core::ModelError(index.string() + ": `" + name + "` is not a file name inside the folder");
    }
  }
  return names;
}

/// A damaged weight file is the model's fault.
PytorchCheckpoint read_checkpoint(const std::filesystem::path& path) {
  try {
    return open_pytorch_checkpoint(path);
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

bool WeightFiles::Checkpoint::contains(const std::string& name) const {
  return contents.tensors.contains(name) || contents.unread.contains(name);
}

std::vector<std::string> WeightFiles::Checkpoint::names() const {
  std::vector<std::string> all;
  for (const auto& [name, tensor] : contents.tensors) all.push_back(name);
  for (const auto& [name, type] : contents.unread) all.push_back(name);
  return all;
}

torch::Tensor WeightFiles::Checkpoint::tensor(const std::string& name) const {
  if (const auto found = contents.tensors.find(name); found != contents.tensors.end()) return found->second;
  throw core::ModelError(file.string() + ": tensor `" + name + "` has the type " + contents.unread.at(name) +
                         ", which lethe does not read; save it as float32, float16 or bfloat16");
}

WeightFiles::Stored WeightFiles::tensor(const std::string& name) const {
  for (const auto& file : files_) {
    for (const auto& wanted : {name, short_name(name)}) {
      const auto found = std::visit(
          [&](const auto& one) {
            return one.contains(wanted) ? std::optional(Stored{one.path(), one.tensor(wanted)}) : std::nullopt;
          },
          file);
      if (found) return *found;
    }
  }
  const auto& place =
      files_.size() == 1 ? std::visit([](const auto& one) { return one.path(); }, files_.front()) : folder_;
  throw core::ModelError(place.string() + ": the weights lack `" + name + "`, which config.json's shape demands; " +
                         prefix_hint(name));
}

std::string WeightFiles::prefix_hint(const std::string& missing) const {
  const auto ending = "." + short_name(missing);
  for (const auto& file : files_) {
    for (const auto& name : std::visit([](const auto& one) { return one.names(); }, file)) {
      if (!name.ends_with(ending)) continue;
      return "they hold `" + name +
             "`: the names carry a wrapper's prefix, as torch.compile (_orig_mod.), DataParallel (module.) or a "
             "trainer "
             "leaves it. Save the bare model (save_pretrained of what is wrapped), or rename the tensors";
    }
  }
  return "do both belong to the same model?";
}

void WeightFiles::refuse_names(const std::string& prefix, const std::string& reason) const {
  for (const auto& file : files_) {
    std::visit(
        [&](const auto& one) {
          for (const auto& name : one.names()) {
            if (!name.starts_with(prefix) && !name.starts_with(short_name(prefix))) continue;
            throw core::ModelError(one.path().string() + ": holds `" + name + "`, " + reason);
          }
        },
        file);
  }
}

}  // namespace lethe::model
