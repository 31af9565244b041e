#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/config/experiment_config.h"

namespace lethe::core::inline config {

/// "tasks[1].answers" of "tasks", "[1]" and "answers"; empty ones are passed over.
std::string key_path(std::span<const std::string> keys);

/// What is wrong with fields that are each sound.
struct ConfigProblem {
  std::vector<std::string> keys;  ///< lead to the value that it is about: "models", "a"; empty: the whole
  std::string inside;             ///< key path of what that value lacks ("methods.rome"), or nothing
  std::string text;

  /// "models.a.methods.rome".
  [[nodiscard]] std::string path() const;
};

/// Of a key of a model's `second_moments` that is for those of a corpus and stands beside `npz`.
ConfigProblem problem_beside_npz(const std::string& model, const std::string& key);

/// What is wrong with the cells that a grid gave, empty if nothing is: there is at least one, and none is there twice
/// or both kept and left out. Told apart from `experiment_problems` because YAML and JSON name cells by different keys.
std::string cells_problem(std::span<const GridCell> cells, std::span<const SkippedCell> skipped);

/// All problems of the fields taken together, whatever they were read from; none, and the experiment can be inspected.
/// What a method or a task holds was checked where it was read.
std::vector<ConfigProblem> experiment_problems(const ExperimentConfig& config);

}  // namespace lethe::core::inline config
