#pragma once

#include <functional>
#include <vector>

#include "core/config/experiment_config.h"
#include "data/edit_request.h"
#include "worker/planning/findings.h"
#include "worker/planning/input_digests.h"

namespace lethe::worker::inline planning {

/// Where inspection reads the data set; both may throw `core::DataError`.
struct InspectionSources {
  std::function<const std::vector<data::EditRequest>&()> records;
  std::function<const std::vector<std::int64_t>&(int sample)> order;
};

/// Facts and identities of a config's models and cells, from headers, digests and the data set; no weights are
/// loaded. Every problem found is listed, none is thrown: a cell or model with a problem has empty identities. A model
/// whose folder is missing but whose shape is published is priced by that.
Findings inspect(const core::ExperimentConfig& config, const InspectionSources& sources, InputDigests& digests);

}  // namespace lethe::worker::inline planning
