#include "core/config/experiment_problems.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/config/experiment_fields.h"
#include "core/config/field_json.h"
#include "core/config/schedule.h"

namespace lethe::core::inline config {
namespace {

using Problems = std::vector<ConfigProblem>;

void check_published(const ModelConfig& model, Problems& problems) {
  const auto& npz = model.second_moments->npz;
  const auto slot = npz.find("{layer}");
  if (slot == std::string::npos || npz.find("{layer}", slot + 1) != std::string::npos) {
    problems.push_back({{"models", model.name, "second_moments", "npz"},
                        "",
                        "expected a path with {layer} once, where the layer's number stands"});
  }
  const auto defaults = fields_to_json(SecondMomentConfig{});
  const auto fields = fields_to_json(*model.second_moments);
  for (const auto& [key, value] : fields.items()) {
    if (key != "npz" && value != defaults.at(key)) problems.push_back(problem_beside_npz(model.name, key));
  }
}

void check_second_moments(const ModelConfig& model, Problems& problems) {
  if (!model.second_moments) return;
  if (model.second_moments->is_published()) {
    check_published(model, problems);
  } else if (model.second_moments->corpus.empty()) {
    problems.push_back({{"models", model.name, "second_moments"},
                        "",
                        "expected corpus: a text file, or npz: the published files' path with {layer} in it"});
  }
}

/// Model and method of the cells.
using UsedMethods = std::set<std::pair<std::string, std::string>>;

UsedMethods used_methods(const ExperimentConfig& config) {
  UsedMethods used;
  for (const auto& cell : config.cells) used.emplace(cell.model, cell.method);
  return used;
}

/// What is made once for a model, by kind: for which of its methods first.
using MadeArtifacts = std::map<std::string, std::string>;

/// Two methods of a model that have something made for them share it, so they must ask for the same.
void check_artifacts(const ModelConfig& model, const std::string& label, MadeArtifacts& made, Problems& problems) {
  const auto& method = model.methods.at(label);
  for (const auto& use : method->artifacts()) {
    if (use.file) continue;
    const auto [first, is_new] = made.emplace(use.kind, label);
    if (is_new || method->shares_artifacts_with(model.methods.at(first->second).settings())) continue;
    problems.push_back(
        {{"models", model.name, "methods", label},
         "",
         "needs another " + use.kind + " than " + first->second +
             ", and a model has one of a kind; expected the same settings of it, or a config of its own"});
  }
}

/// Every cell's model must bring what its method needs.
void check_model(const UsedMethods& used, const ModelConfig& model, Problems& problems) {
  std::string needy;
  MadeArtifacts made;
  for (auto one = used.lower_bound({model.name, ""}); one != used.end() && one->first == model.name; ++one) {
    const auto& method = one->second;
    const auto parameters = model.methods.find(method);
    if (parameters == model.methods.end()) {
      problems.push_back({{"models", model.name},
                          "methods." + method,
                          "is missing; expected hyper-parameters, because the grid has " + method + "/" + model.name});
      continue;
    }
    check_artifacts(model, method, made, problems);
    if (needy.empty() && !parameters->second->second_moment_layers().empty()) {
      needy = method;
    }
  }
  if (needy.empty() || model.second_moments) return;
  problems.push_back({{"models", model.name},
                      "second_moments",
                      "is missing; expected {corpus: FILE} or {npz: FILES}, because " + needy + " needs it"});
}

/// What reports call the mean over the tasks, beside the curve of each.
constexpr const char* kMeanOfTasks = "mean";

void check_tasks(const ExperimentConfig& config, Problems& problems) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < config.tasks.size(); ++i) {
    const auto& name = config.tasks[i].name;
    if (name == kMeanOfTasks) {
      problems.push_back(
          {{"tasks", "[" + std::to_string(i) + "]"},
           "name",
           "is \"" + name + "\", as the curve of the tasks' mean is called (f1.mean); expected another"});
    }
    if (name.empty() || names.insert(name).second) continue;
    problems.push_back({{"tasks", "[" + std::to_string(i) + "]"},
                        "",
                        "is a second task named \"" + name + "\"; expected distinct names"});
  }
}

void check_intervals(const ExperimentConfig& config, Problems& problems) {
  const auto check = [&](const char* key, std::int64_t interval) {
    if (const auto text = interval_problem(config, interval); !text.empty()) problems.push_back({{key}, "", text});
  };
  check("checkpoint_every", config.checkpoint_every);
  check("forgetting_every", config.forgetting_every);
  // Without tasks their interval makes no checkpoints.
  if (!config.tasks.empty()) check("tasks_every", config.tasks_every);
  if (config.scores_every.value_or(0) > 0) check("scores_every", *config.scores_every);
  if (config.texts_every.value_or(0) > 0) check("texts_every", *config.texts_every);
  if (config.monitor_every.value_or(0) > 0) check("monitor_every", *config.monitor_every);
}

}  // namespace

std::string key_path(std::span<const std::string> keys) {
  std::string path;
  for (const auto& key : keys) {
    if (key.empty()) continue;
    path += (path.empty() || key.starts_with('[') ? "" : ".") + key;
  }
  return path;
}

std::string ConfigProblem::path() const { return key_path(std::vector{key_path(keys), inside}); }

ConfigProblem problem_beside_npz(const std::string& model, const std::string& key) {
  return {{"models", model, "second_moments", key}, "", "is for second moments of a corpus; expected npz alone"};
}

std::string cells_problem(std::span<const GridCell> cells, std::span<const SkippedCell> skipped) {
  if (cells.empty()) {
    return std::string(skipped.empty() ? "holds no cell" : "every cell is excluded") +
           "; expected at least one to be left";
  }
  std::set<GridCell> known;
  for (const auto& cell : cells) {
    if (!known.insert(cell).second) return cell.name() + " is there twice; expected distinct cells";
  }
  for (const auto& [cell, reason] : skipped) {
    if (!known.insert(cell).second) return cell.name() + " is left out and there as well; expected one of both";
  }
  return "";
}

std::vector<ConfigProblem> experiment_problems(const ExperimentConfig& config) {
  Problems problems;
  if (!config.dataset.completions.empty() && config.dataset.format != "zsre") {
    problems.push_back({{"dataset", "completions"}, "", "is for format: zsre; expected no such key"});
  }
  const auto used = used_methods(config);
  for (const auto& model : config.models) {
    check_second_moments(model, problems);
    check_model(used, model, problems);
  }
  check_intervals(config, problems);
  check_tasks(config, problems);
  if (config.reducers == 0 && !config.elastic_roles) {
    problems.push_back(
        {{"reducers"}, "", "nobody would reduce with 0 reducers and elastic_roles: false; expected at least 1"});
  }
  return problems;
}

}  // namespace lethe::core::inline config
