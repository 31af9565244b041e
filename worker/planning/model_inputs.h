#pragma once

#include <cstdint>
#include <optional>

#include "core/config/experiment_config.h"
#include "core/digest.h"
#include "model/architecture.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights.h"
#include "worker/planning/input_digests.h"

namespace lethe::worker::inline planning {

/// What a model's folder holds: its shape, and what decides results.
struct ModelContent {
  model::Tokenizer tokenizer;
  core::Digest weights_digest;
  core::Digest tokenizer_digest;
};
struct ModelInputs {
  model::Architecture architecture;
  std::int64_t weight_bytes = 0;        ///< in memory, as the config has them held
  std::optional<ModelContent> content;  ///< none while only the shape is known
};

/// Reads headers, small tensors and digests; no weights are loaded. Throws what is wrong with the folder, naming file
/// and remedy.
ModelInputs read_model_inputs(const core::ModelConfig& model, InputDigests& digests);
/// Of a model whose folder cannot be read. Weights that are to be held as stored are taken for 16-bit ones.
ModelInputs inputs_of_shape(const core::ModelConfig& model, model::Architecture architecture);

model::HeldAs held_as(const core::ModelConfig& model);

}  // namespace lethe::worker::inline planning
