#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lethe::model::inline files {

/// Names of the files that hold a model folder's weights, an index first, shards in order of their names. In order of
/// preference: model.safetensors, model.safetensors.index.json, pytorch_model.bin, pytorch_model.bin.index.json.
/// Throws `core::ModelError` if there is none, or an index that names files outside the folder.
std::vector<std::string> weight_file_names(const std::filesystem::path& folder);

/// Names of the files that decide a model folder's weights: config.json and `weight_file_names`, in order. Throws
/// `core::ModelError` if one is missing.
std::vector<std::string> weight_content_names(const std::filesystem::path& folder);

/// The file that an index (`model.safetensors.index.json`) places each tensor in; only plain names inside the folder
/// are taken. Throws `core::ModelError`.
std::map<std::string, std::string> read_weight_map(const std::filesystem::path& index);

}  // namespace lethe::model::inline files
