#pragma once

#include "editing/mend/mend_config.h"
#include "editing/price.h"

namespace lethe::editing {

/// One iteration of an editor's training: an edit, the texts before and after it, and the backward of both.
core::Work training_iteration_work(const MendConfig& config, const model::Architecture& architecture);

}  // namespace lethe::editing
