#pragma once

#include <string>

#include "core/config/experiment_config.h"
#include "metrics/fixed_text.h"
#include "model/architecture.h"
#include "model/tokenizer/tokenizer.h"
#include "worker/planning/input_digests.h"

namespace lethe::worker::inline planning {

// Both throw `core::DataError` naming file, place, key and remedy.

/// What stands for `monitor_text` in identities: its digest, and how it is read where that is not as plain text.
std::string monitor_text_content(const core::ExperimentConfig& config, InputDigests& digests);

/// The first `monitor_tokens` tokens of it, as a model reads them. A plan asks the same as a run.
metrics::FixedText read_monitor_text(const core::ExperimentConfig& config, const model::Tokenizer& tokenizer,
                                     const model::Architecture& architecture);

}  // namespace lethe::worker::inline planning
