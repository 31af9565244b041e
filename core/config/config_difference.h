#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/config/experiment_config.h"

// In what two experiments differ.

namespace lethe::core::inline config {

/// A key of two configs with their values.
struct KeyDifference {
  std::string key;         ///< "seed", "models.gpt2.path": a place in experiment.json, models by name
  std::string one, other;  ///< as JSON in ASCII, long ones around what differs; "(none)" where one has no such key
};
/// Keys whose values differ, in order of key; of models and their methods those that both have. Left out is what
/// readers want in words of its own: cells and edits (`grid_difference`), tasks, the YAML's path.
std::vector<KeyDifference> key_differences(const ExperimentConfig& one, const ExperimentConfig& other);

/// Cells by name.
struct GridDifference {
  std::vector<std::string> only_one, only_other;
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<std::string>> other_edits;  ///< by edits of both
};
GridDifference grid_difference(const ExperimentConfig& one, const ExperimentConfig& other);

/// "a, b, c, d and 3 more".
std::string first_names(const std::vector<std::string>& names);

}  // namespace lethe::core::inline config
