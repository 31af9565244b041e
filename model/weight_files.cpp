#include "model/weight_files.h"

#include <utility>

#include "core/error.h"

namespace lethe::model {
namespace {

constexpr std::string_view kIndexSuffix = ".index.json";

/// A damaged weight file is the model's fault.
PytorchCheckpoint read_checkpoint(const std::filesystem::path& path) {
  try {
    return open_pytorch_checkpoint(path);
  } catch (const core::DataError& error) {
    throw core::ModelError(error.what());
  }
}

}  // namespace

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
  std::filesystem::path index;
  for (const auto& name : weight_file_names(folder)) {
    const auto path = folder / name;
    if (name.ends_with(kIndexSuffix)) {
      index = path;
      continue;
    }
    if (name.ends_with(".safetensors")) {
      files_.emplace_back(SafetensorsFile(path));
    } else {
      files_.emplace_back(Checkpoint{path, read_checkpoint(path)});
    }
  }
  place_tensors(index);
}

const std::filesystem::path& WeightFiles::path_of(const File& file) {
  return std::visit([](const auto& one) -> const std::filesystem::path& { return one.path(); }, file);
}

std::vector<std::string> WeightFiles::names_of(const File& file) {
  return std::visit([](const auto& one) { return one.names(); }, file);
}

void WeightFiles::place_tensors(const std::filesystem::path& index) {
  constexpr const char* kRemedy = "; the files are not of one download, or one is damaged: fetch the folder again";
  const auto placed = index.empty() ? std::map<std::string, std::string>() : read_weight_map(index);
  std::vector<std::pair<std::string, std::size_t>> elsewhere;  // than the index says
  for (std::size_t i = 0; i < files_.size(); ++i) {
    for (const auto& name : names_of(files_[i])) {
      const auto place = placed.find(name);
      if (place != placed.end() && place->second != path_of(files_[i]).filename()) {
        elsewhere.emplace_back(name, i);
      } else if (const auto [first, is_new] = file_of_.emplace(name, i); !is_new) {
        throw core::ModelError(path_of(files_[i]).string() + ": holds `" + name + "`, as does " +
                               path_of(files_[first->second]).filename().string() + ", and " +
                               index.filename().string() + " does not say which is meant" + kRemedy);
      }
    }
  }
  for (const auto& [name, shard] : placed) {
    if (file_of_.contains(name)) continue;
    throw core::ModelError(index.string() + ": places `" + name + "` in " + shard + ", which does not hold it" +
                           kRemedy);
  }
  // Equal copies are refused too: that they are equal would have to be read from both, and nothing writes them.
  for (const auto& [name, i] : elsewhere) {
    throw core::ModelError(path_of(files_[i]).string() + ": holds `" + name + "`, which " + index.filename().string() +
                           " places in " + placed.at(name) + kRemedy);
  }
}

std::string WeightFiles::short_name(const std::string& name) const {
  return name.starts_with(prefix_) ? name.substr(prefix_.size()) : name;
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
  const auto full = file_of_.find(name);
  const auto shortened = name.starts_with(prefix_) ? file_of_.find(short_name(name)) : file_of_.end();
  if (full != file_of_.end() && shortened != file_of_.end()) {
    throw core::ModelError(path_of(files_[full->second]).string() + ": holds `" + name + "`, and " +
                           path_of(files_[shortened->second]).filename().string() + " holds `" + shortened->first +
                           "`, which mean the same tensor; leave one of the two out");
  }
  const auto found = full != file_of_.end() ? full : shortened;
  if (found != file_of_.end()) {
    const File& file = files_[found->second];
    return {path_of(file), std::visit([&](const auto& one) { return one.tensor(found->first); }, file)};
  }
  const auto& place = files_.size() == 1 ? path_of(files_.front()) : folder_;
  throw core::ModelError(place.string() + ": the weights lack `" + name + "`, which config.json's shape demands; " +
                         prefix_hint(name));
}

std::string WeightFiles::prefix_hint(const std::string& missing) const {
  const auto ending = "." + short_name(missing);
  for (const auto& file : files_) {
    for (const auto& name : names_of(file)) {
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
    for (const auto& name : names_of(file)) {
      if (!name.starts_with(prefix) && !name.starts_with(short_name(prefix))) continue;
      throw core::ModelError(path_of(file).string() + ": holds `" + name + "`, " + reason);
    }
  }
}

bool WeightFiles::is_learned(const std::string& name) const {
  constexpr std::string_view kBias = ".bias";
  if (name.ends_with(".weight")) return true;
  return name.ends_with(kBias) && file_of_.contains(name.substr(0, name.size() - kBias.size()) + ".weight");
}

void WeightFiles::refuse_other_parameters(const std::string& prefix, const std::set<std::string>& known,
                                          const std::string& reason) const {
  for (const auto& [name, file] : file_of_) {
    const auto full_name = name.starts_with(prefix_) ? name : prefix_ + name;
    if (!full_name.starts_with(prefix) || known.contains(full_name) || !is_learned(name)) continue;
    throw core::ModelError(path_of(files_[file]).string() + ": holds `" + name + "`, " + reason);
  }
}

}  // namespace lethe::model
