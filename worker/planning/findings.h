#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/contract/inspection.h"

namespace lethe::worker::inline planning {

/// A model's second moments, beyond what the planner is told of them.
struct MomentsPlan {
  std::string identity;     ///< of their contents, 12 hex digits
  std::vector<int> layers;  ///< that the model's cells need, ascending
  std::int64_t num_documents = 0;
  std::int64_t inner_width = 0;
};

/// What an inspection finds: for the planner, and for the executor itself.
struct Findings {
  core::Inspection inspection;
  std::map<std::string, MomentsPlan> moments;  ///< by model; those without second moments have none
};

}  // namespace lethe::worker::inline planning
