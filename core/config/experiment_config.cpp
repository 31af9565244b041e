#include "core/config/experiment_config.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "core/config/experiment_fields.h"
#include "core/config/experiment_problems.h"
#include "core/config/field_json.h"
#include "core/config/field_yaml.h"
#include "core/config/grid_reader.h"
#include "core/config/method_yaml.h"
#include "core/config/task_reader.h"
#include "core/config/yaml_map.h"
#include "core/error.h"
#include "core/file_text.h"
#include "core/nearest_word.h"
#include "core/strict_json.h"

namespace lethe::core::inline config {
namespace {

/// The value that the keys lead to, or the last one on the way, and then the key path of what it lacks.
struct Place {
  YamlValue value;
  std::string lacking;
};

/// A value with the index of its children, so that as many problems as models are placed in the time of both, not of
/// their product.
class Placed {
 public:
  explicit Placed(YamlValue value) : value_(std::move(value)) {}

  /// A walk by recursion: assigning a YAML::Node would change the document.
  Place place_of(std::span<const std::string> keys) {
    if (keys.empty()) return {value_, ""};
    if (!children_) index();
    const auto next = children_->find(keys.front());
    if (next == children_->end()) return {value_, key_path(keys)};
    return next->second.place_of(keys.subspan(1));
  }

 private:
  YamlValue value_;
  std::optional<std::map<std::string, Placed>> children_;

  void index() {
    children_.emplace();
    for (auto& [key, child] : value_.children()) children_->try_emplace(key, std::move(child));
  }
};

class ExperimentReader {
 public:
  ExperimentReader(const YamlFile& file, const std::filesystem::path& path, const MethodCatalogue& methods,
                   ProblemList& problems)
      : methods_(methods), map_(YamlValue{&file, file.root, "", &problems}, "a map of an experiment's settings") {
    config_.source = std::filesystem::absolute(path).lexically_normal();
    config_.name = path.stem().string();
  }

  ExperimentConfig read() {
    YamlFieldReader fields(map_);
    visit_fields(fields, config_);
    check_name();
    read_models();
    read_cells();
    read_tasks();
    map_.finish();
    if (map_.is_map()) {
      places_.emplace(map_.value());
      for (const auto& problem : experiment_problems(config_)) report(problem);
      for (const auto& model : config_.models) refuse_keys_beside_npz(model);
    }
    return std::move(config_);
  }

 private:
  const MethodCatalogue& methods_;
  YamlMap map_;
  std::optional<Placed> places_;  ///< of the whole config, once it is read
  ExperimentConfig config_;

  void check_name() {
    if (map_.value().child("name") || is_path_safe_name(config_.name)) return;
    map_.value().inner_problem("name: is missing, and the file's name \"" + config_.name +
                               "\" cannot take its place; expected letters, digits, '.', '_' and '-'");
  }

  void read_models() {
    const auto value = map_.find("models", Presence::kRequired, "a map of models by name");
    if (!value) return;
    YamlMap models(*value, "a map of models by name");
    for (const auto& [key, model] : models.entries()) {
      if (const auto name = key.name()) config_.models.push_back(read_model(*name, model));
    }
    models.finish();
    if (models.is_map() && config_.models.empty()) value->problem("expected at least one model, found none");
  }

  ModelConfig read_model(const std::string& name, const YamlValue& value) const {
    ModelConfig model;
    model.name = name;
    YamlMap map(value, kModelMap);
    YamlFieldReader fields(map);
    visit_fields(fields, model);
    if (const auto methods = map.find("methods", Presence::kRequired, "a map of hyper-parameters by method")) {
      model.methods = read_methods(*methods);
    }
    map.finish();
    return model;
  }

  std::map<std::string, MethodConfig> read_methods(const YamlValue& value) const {
    std::map<std::string, MethodConfig> methods;
    YamlMap map(value, "a map of hyper-parameters by method");
    for (const auto& method : methods_.names()) {
      const auto entry = map.find(method);
      if (!entry) continue;
      std::optional<YamlFile> file;
      const auto resolved = resolve(*entry, file);
      // A file that cannot be read has its problem already; the method counts as given.
      methods.emplace(method, resolved ? read_method_config(methods_, method, config_.fidelity, *resolved)
                                       : MethodConfig(method, methods_.defaults(method, config_.fidelity)));
    }
    read_variants(map, methods);
    map.finish();
    return methods;
  }

  /// Keys that are no methods' names, of maps that say whose variant they are.
  void read_variants(YamlMap& map, std::map<std::string, MethodConfig>& methods) const {
    for (const auto& [label, value] : map.value().children()) {
      if (methods.contains(label) || !is_variant(value) || std::ranges::count(methods_.names(), label) > 0) continue;
      static_cast<void>(map.find(label));
      if (!is_path_safe_name(label)) {
        value.problem("expected a label of letters, digits, '.', '_' and '-'");
      } else if (label == kEditsOfOthers) {
        value.problem("expected another label: that is the key of edits: for all that it does not name");
      } else if (auto variant = read_variant(methods_, config_.fidelity, value)) {
        methods.emplace(label, std::move(*variant));
      }
    }
  }

  std::vector<std::string> model_names() const {
    std::vector<std::string> names;
    for (const auto& model : config_.models) names.push_back(model.name);
    return names;
  }

  void read_cells() {
    const auto methods = known_methods(config_, methods_);
    if (const auto grid = map_.find("grid", Presence::kRequired, "a map with methods, models and samples")) {
      auto [cells, skipped] = read_grid(*grid, methods, model_names());
      config_.cells = std::move(cells);
      config_.skipped = std::move(skipped);
    }
    if (const auto edits = map_.find("edits", Presence::kRequired, "a whole number of edits per cell, or a map")) {
      config_.edits = read_edits(*edits, config_.cells, methods, model_names());
    }
  }

  void read_tasks() {
    const auto value = map_.find("tasks");
    const auto items = value ? value->list("a list of task files, tasks, or {file: ..., examples: ...}") : std::nullopt;
    if (!items) return;
    for (const auto& item : *items) {
      // One that cannot be read has its problem already, and keeps its place in the list.
      config_.tasks.push_back(read_task(item).value_or(TaskConfig{}));
    }
  }

  /// Whatever they hold: defaults written out mean as little there, and only the YAML tells them from those left out.
  void refuse_keys_beside_npz(const ModelConfig& model) {
    if (!model.second_moments || !model.second_moments->is_published()) return;
    const auto defaults = fields_to_json(SecondMomentConfig{});
    for (const auto& [key, value] : defaults.items()) {
      const auto problem = problem_beside_npz(model.name, key);
      if (key != "npz" && places_->place_of(problem.keys).lacking.empty()) report(problem);
    }
  }

  void report(const ConfigProblem& problem) {
    const auto [value, lacking] = places_->place_of(problem.keys);
    const bool is_whole = lacking.empty() && problem.inside.empty();
    if (!is_whole) {
      const auto separator = lacking.empty() || problem.inside.empty() ? "" : ".";
      value.inner_problem(lacking + separator + problem.inside + ": " + problem.text);
    } else if (!value.has_problem()) {  // else it is not what was judged
      value.problem(problem.text);
    }
  }
};

/// The text of a file in the form of experiment.json, told by its name and by the cells, which no YAML lists.
std::optional<std::string> resolved_text(const std::filesystem::path& path) {
  if (path.extension() != ".json") return std::nullopt;
  try {
    auto text = text_of_file(path);
    const auto value = json_if_sound(text);
    if (value && value->is_object() && value->contains("cells")) return text;
  } catch (const StorageError&) {
    // The YAML's reader says it in the words of a config.
  }
  return std::nullopt;
}

}  // namespace

const ModelConfig& ExperimentConfig::model(const std::string& wanted) const {
  for (const auto& candidate : models) {
    if (candidate.name == wanted) return candidate;
  }
  std::vector<std::string> names;
  for (const auto& candidate : models) names.push_back(candidate.name);
  throw ConfigError(source.string() + ": has no model \"" + wanted + "\"; it has " + join_alternatives(names) +
                    suggestion(wanted, names));
}

const MethodConfig& ExperimentConfig::method_of(const GridCell& cell) const {
  const auto& methods = model(cell.model).methods;
  const auto found = methods.find(cell.method);
  if (found != methods.end()) return found->second;
  throw ConfigError(source.string() + ": model " + cell.model + " has no hyper-parameters of " + cell.method);
}

bool ExperimentConfig::has_cell_of(const std::string& method, const std::string& model) const {
  return std::ranges::any_of(cells, [&](const GridCell& cell) { return cell.model == model && cell.method == method; });
}

std::vector<std::string> known_methods(const ExperimentConfig& config, const MethodCatalogue& methods) {
  auto names = methods.names();
  std::set<std::string> known(names.begin(), names.end());
  for (const auto& model : config.models) {
    for (const auto& [label, method] : model.methods) {
      if (known.insert(label).second) names.push_back(label);
    }
  }
  return names;
}

std::vector<std::pair<std::string, const MethodConfig*>> used_first(const ExperimentConfig& config,
                                                                    const ModelConfig& model) {
  std::vector<std::pair<std::string, const MethodConfig*>> methods;
  for (const auto& [label, method] : model.methods) methods.emplace_back(label, &method);
  std::stable_partition(methods.begin(), methods.end(),
                        [&](const auto& one) { return config.has_cell_of(one.first, model.name); });
  return methods;
}

ExperimentConfig narrowed_to(ExperimentConfig config, const std::string& model) {
  std::erase_if(config.models, [&](const ModelConfig& other) { return other.name != model; });
  config.cells.clear();
  config.edits.clear();
  return config;
}

ExperimentConfig narrowed_to(ExperimentConfig config, const GridCell& cell) {
  const auto edits = config.edits.at(cell);
  config = narrowed_to(std::move(config), cell.model);
  for (auto& model : config.models) {
    std::erase_if(model.methods, [&](const auto& method) { return method.first != cell.method; });
  }
  config.cells = {cell};
  config.edits = {{cell, edits}};
  return config;
}

bool keeps_factors_on_host(const ExperimentConfig& config, const ModelConfig& model) {
  return config.device != "cpu" && model.second_moment_placement == SecondMomentPlacement::kHost;
}

ExperimentConfig load_experiment_config(const std::filesystem::path& path, const MethodCatalogue& methods) {
  if (const auto text = resolved_text(path)) return experiment_config_from_json(*text, methods, path.string());
  ProblemList problems;
  const auto file = read_yaml_file(path, problems);
  problems.throw_if_any(path.string());
  auto config = ExperimentReader(*file, path, methods, problems).read();
  problems.throw_if_any(path.string());
  return config;
}

}  // namespace lethe::core::inline config
