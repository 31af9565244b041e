#include "worker/planning/model_inputs.h"

#include <algorithm>

#include "core/error.h"
#include "model/weight_files.h"
#include "model/weights.h"

namespace lethe::worker::inline planning {
namespace {

namespace fs = std::filesystem;

/// Digest over the named files of a folder that exist.
core::Digest digest_of_files(const fs::path& folder, const std::vector<std::string>& names, InputDigests& digests) {
  core::DigestStream stream;
  for (const auto& name : names) {
    if (!fs::exists(folder / name)) continue;
    stream.update_text(name);
    stream.update_text(digests.of_file(folder / name).hex());
  }
  return stream.finish();
}

/// Files that decide the weights' content.
std::vector<std::string> weight_files(const fs::path& folder) {
  auto names = model::weight_file_names(folder);
  for (const auto& name : names) {
    if (fs::exists(folder / name)) continue;
    throw core::ModelError((folder / name).string() + ": missing, though " + names.front() +
                           " names it; copy it there");
  }
  names.emplace_back("config.json");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

ModelInputs read_model_inputs(const core::ModelConfig& model, InputDigests& digests) {
  if (!fs::is_directory(model.path)) {
    throw core::ModelError(model.path.string() + ": model folder of " + model.name +
                           " not found; put a Hugging Face folder (config.json, model.safetensors, vocab.json, "
                           "merges.txt) there or change its `path:`");
  }
  ModelInputs inputs{model::read_architecture(model.path),
                     ModelContent{model::Tokenizer::from_folder(model.path), {}, {}}};
  const auto weight_names = weight_files(model.path);
  model::check_weights(model.path, inputs.architecture);
  inputs.content->weights_digest = digest_of_files(model.path, weight_names, digests);
  inputs.content->tokenizer_digest =
      digest_of_files(model.path, {"vocab.json", "merges.txt", "encoder.json", "vocab.bpe"}, digests);
  return inputs;
}

}  // namespace lethe::worker::inline planning
