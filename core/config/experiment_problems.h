#pragma once

#include <string>
#include <vector>

#include "core/config/experiment_config.h"

namespace lethe::core::inline config {

/// What is wrong with fields that are each sound.
struct ConfigProblem {
  std::vector<std::string> keys;  ///< lead to the value that it is about: "models", "a"; empty: the whole
  std::string inside;             ///< key path of what that value lacks ("methods.rome"), or nothing
  std::string text;

  /// "models.a.methods.rome".
  [[nodiscard]] std::string path() const;
};

/// All problems of the fields taken together, whatever they were read from; none, and the experiment can be inspected.
/// What a method or a task holds was checked where it was read.
std::vector<ConfigProblem> experiment_problems(const ExperimentConfig& config, const MethodCatalogue& methods);

}  // namespace lethe::core::inline config
