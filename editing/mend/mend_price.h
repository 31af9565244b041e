#pragma once

#include "editing/mend/mend_config.h"
#include "editing/price.h"

namespace lethe::editing {

/// One iteration of an editor's training: an edit, the texts before and after it, and the backward of both.
core::Work training_iteration_work(const MendConfig& config, const model::Architecture& architecture);
/// Memory of a training beside the model: an edit's, the networks' gradients, their two moments of Adam and the best
/// ones so far, and the graphs of a text before and after the edit.
std::int64_t training_bytes(const MendConfig& config, const model::Architecture& architecture);

}  // namespace lethe::editing
