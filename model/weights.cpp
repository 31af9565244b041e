#include "model/weights.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "model/safetensors.h"

namespace lethe::model {
namespace {

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";
constexpr std::string_view kPrefix = "transformer.";

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

std::vector<SafetensorsFile> open_files(const std::filesystem::path& folder) {
  std::vector<SafetensorsFile> files;
  if (std::filesystem::exists(folder / kSingleFile)) {
    files.emplace_back(folder / kSingleFile);
  } else if (std::filesystem::exists(folder / kIndexFile)) {
    for (const auto& name : shard_names(folder / kIndexFile)) files.emplace_back(folder / name);
  } else {
    const bool has_pickle = std::filesystem::exists(folder / "pytorch_model.bin") ||
                            std::filesystem::exists(folder / "pytorch_model.bin.index.json");
    throw core::ModelError(folder.string() + ": has no " + kSingleFile + " and no " + kIndexFile +
                           (has_pickle ? "; pytorch_model.bin is not read yet. Convert it with Hugging Face "
                                         "transformers: save_pretrained(folder, safe_serialization=True)."
                                       : ". Point `path` at a Hugging Face model folder with its weights."));
  }
  return files;
}

/// A tensor of a model's files under its full name, or under the hub's name without "transformer.".
torch::Tensor find_tensor(const std::vector<SafetensorsFile>& files, const std::filesystem::path& folder,
                          const std::string& name) {
  const auto short_name = name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
  for (const auto& file : files) {
    if (file.contains(name)) return file.tensor(name);
    if (file.contains(short_name)) return file.tensor(short_name);
  }
  throw core::ModelError(folder.string() + ": the weights lack `" + name +
                         "`, which config.json's shape demands; do both belong to the same model?");
}

std::string shape_text(const std::vector<std::int64_t>& shape) { return nlohmann::json(shape).dump(); }

/// A block beyond those of config.json means that the two files do not belong together.
void refuse_further_blocks(const std::vector<SafetensorsFile>& files, const Architecture& architecture) {
  const auto next = block_prefix(architecture.num_layers);
  for (const auto& file : files) {
    for (const auto& name : file.names()) {
      if (!name.starts_with(next) && !name.starts_with(next.substr(kPrefix.size()))) continue;
      throw core::ModelError(file.path().string() + ": holds `" + name + "`, but config.json has only " +
                             std::to_string(architecture.num_layers) + " layers");
    }
  }
}

}  // namespace

Weights::Weights(Architecture architecture, std::map<std::string, torch::Tensor> tensors)
    : architecture_(std::move(architecture)), tensors_(std::move(tensors)) {
  for (const auto& parameter : parameter_shapes(architecture_)) {
    const auto found = tensors_.find(parameter.name);
    if (found == tensors_.end()) throw core::ModelError("the weights lack `" + parameter.name + "`");
    if (found->second.sizes() != torch::IntArrayRef(parameter.shape)) {
      throw core::ModelError("`" + parameter.name + "` has the shape " + shape_text(found->second.sizes().vec()) +
                             ", expected " + shape_text(parameter.shape));
    }
  }
}

const torch::Tensor& Weights::tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    throw core::ModelError("a " + std::string(to_string(architecture_.family)) + " model of " +
                           std::to_string(architecture_.num_layers) + " layers has no parameter `" + name + "`");
  }
  return found->second;
}

std::shared_ptr<const Weights> load_weights(const std::filesystem::path& folder, torch::Device device,
                                            torch::Dtype dtype) {
  const auto architecture = read_architecture(folder);
  const auto files = open_files(folder);
  refuse_further_blocks(files, architecture);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& parameter : parameter_shapes(architecture)) {
    auto stored = find_tensor(files, folder, parameter.name);
    if (!stored.is_floating_point()) {
      throw core::ModelError(folder.string() + ": `" + parameter.name + "` is not stored as floating point numbers");
    }
    auto shape_in_file = parameter.shape;
    if (parameter.is_transposed_in_file) std::reverse(shape_in_file.begin(), shape_in_file.end());
    if (stored.sizes() != torch::IntArrayRef(shape_in_file)) {
      throw core::ModelError(folder.string() + ": `" + parameter.name + "` is stored with the shape " +
                             shape_text(stored.sizes().vec()) + ", config.json demands " + shape_text(shape_in_file));
    }
    // A transposed view costs nothing: matrix products read either orientation in place.
    if (parameter.is_transposed_in_file) stored = stored.t();
    tensors.emplace(parameter.name, stored.to(device, dtype));
  }
  return std::make_shared<const Weights>(architecture, std::move(tensors));
}

std::shared_ptr<const Weights> random_weights(const Architecture& architecture, std::uint64_t seed,
                                              torch::Device device, torch::Dtype dtype) {
  const auto generator = at::detail::createCPUGenerator(seed);
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& parameter : parameter_shapes(architecture)) {
    const bool is_norm = parameter.name.find(".ln_") != std::string::npos;
    const bool is_bias = parameter.name.ends_with(".bias");
    torch::Tensor value;
    if (is_bias) {
      value = torch::zeros(parameter.shape);
    } else {
      value = is_norm ? torch::ones(parameter.shape) : torch::empty(parameter.shape).normal_(0.0, 0.02, generator);
    }
    tensors.emplace(parameter.name, value.to(device, dtype));
  }
  return std::make_shared<const Weights>(architecture, std::move(tensors));
}

void save_safetensors(const std::filesystem::path& file, const Architecture& architecture,
                      const std::map<std::string, torch::Tensor>& tensors) {
  std::map<std::string, torch::Tensor> stored;
  for (const auto& parameter : parameter_shapes(architecture)) {
    const auto found = tensors.find(parameter.name);
    if (found == tensors.end()) throw core::ModelError("cannot save a model without `" + parameter.name + "`");
    stored.emplace(parameter.name, parameter.is_transposed_in_file ? found->second.t() : found->second);
  }
  write_safetensors(file, stored);
}

}  // namespace lethe::model
