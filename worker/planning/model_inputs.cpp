#include "worker/planning/model_inputs.h"

#include <utility>

#include "core/error.h"
#include "model/weight_files.h"

namespace lethe::worker::inline planning {
namespace fs = std::filesystem;

ModelInputs read_model_inputs(const core::ModelConfig& model, InputDigests& digests) {
  if (!fs::is_directory(model.path)) {
    throw core::ModelError(model.path.string() + ": model folder of " + model.name +
                           " not found; put a Hugging Face folder (config.json, model.safetensors, vocab.json, "
                           "merges.txt) there or change its `path:`");
  }
  auto architecture = model::read_architecture(model.path);
  auto tokenizer = model::Tokenizer::from_folder(model.path);
  const auto weight_names = model::weight_content_names(model.path);
  const auto weight_bytes = model::check_weights(model.path, architecture, held_as(model));
  digests.hold(model.path, tokenizer.digest());
  model::FileDigests weights;
  for (const auto& name : weight_names) {
    weights.emplace(name, digests.of_file(model.path / name));
  }
  const auto tokenizer_digest = tokenizer.digest();
  return {std::move(architecture), weight_bytes,
          ModelContent{std::move(tokenizer), model::combined(weights), tokenizer_digest}};
}

ModelInputs inputs_of_shape(const core::ModelConfig& model, model::Architecture architecture) {
  const auto bytes = model::bytes_in_memory(architecture, torch::kFloat16, held_as(model));
  return {std::move(architecture), bytes, std::nullopt};
}

model::HeldAs held_as(const core::ModelConfig& model) {
  return model.weights == core::WeightsInMemory::kStored ? model::HeldAs::kStored : model::HeldAs::kComputed;
}

}  // namespace lethe::worker::inline planning
