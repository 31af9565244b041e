#pragma once

#include <string>

#include "core/contract/identity.h"
#include "core/digest.h"

namespace lethe::worker::inline planning {

/// Contents that the training of a MEND editor depends on.
struct EditorInputs {
  core::Digest weights;
  core::Digest tokenizer;
  core::Digest records;
  std::string corpus;  ///< as in `core::MomentsInputs`; empty without one
};
/// Hash of all that decides the bits of a trained editor. `mend`: the method that it is trained for.
core::Identity editor_identity(const core::ExperimentConfig& config, const core::MethodConfig& mend,
                               const EditorInputs& inputs);

}  // namespace lethe::worker::inline planning
