#include <algorithm>
#include <map>
#include <set>

#include "core/config/experiment_config.h"
#include "core/config/experiment_fields.h"
#include "core/config/experiment_problems.h"
#include "core/config/field_json.h"
#include "core/config/method_json.h"
#include "core/config/task_reader.h"
#include "core/error.h"
#include "core/file_text.h"
#include "core/json_object.h"
#include "core/nearest_word.h"

namespace lethe::core::inline config {
namespace {

using nlohmann::json;
using ConfigObject = JsonObject<ConfigError>;

/// Of a variant under its label: the method that it varies.
constexpr const char* kVariantOf = "method";

json model_to_json(const ModelConfig& model) {
  auto fields = fields_to_json(model);
  fields["name"] = model.name;
  fields["methods"] = json::object();
  for (const auto& [name, config] : model.methods) {
    auto& method = fields["methods"][name] = method_to_json(config);
    if (name != config.method()) method[kVariantOf] = config.method();
  }
  return fields;
}

/// The method of that label: its own name, or what a variant says.
MethodConfig labelled_method(const MethodCatalogue& methods, const std::string& label, json value,
                             const std::string& place) {
  const auto& names = methods.names();
  if (std::ranges::find(names, label) != names.end()) return method_from_json(methods, label, value, place);
  if (!is_path_safe_name(label) || !value.is_object() || !value.contains(kVariantOf)) {
    return method_from_json(methods, label, value, place);  // which says that there is no such method
  }
  const auto method = value[kVariantOf];
  value.erase(kVariantOf);
  if (!method.is_string()) throw ConfigError(place + "." + kVariantOf + ": expected a method's name");
  return method_from_json(methods, method.get<std::string>(), value, place);
}

template <typename Config>
void read_fields(ConfigObject& object, Config& config) {
  JsonFieldReader reader(object);
  visit_fields(reader, config);
}

ModelConfig model_from_json(ConfigObject object, const MethodCatalogue& methods) {
  ModelConfig model;
  JsonFieldReader reader(object);
  reader("name", model.name, NameRule{.expected = "a model's name"});
  visit_fields(reader, model);
  for (const auto& [method, value] : object.object("methods").items()) {
    model.methods.emplace(method, labelled_method(methods, method, value, object.place_of("methods." + method)));
  }
  object.finish();
  return model;
}

TaskConfig task_from_json(ConfigObject object) {
  TaskConfig task;
  read_fields(object, task);
  object.finish();
  if (const auto problem = task_config_problem(task); !problem.empty()) object.fail(problem);
  return task;
}

/// Reads cells of an experiment whose models are read.
class CellReader {
 public:
  CellReader(const ExperimentConfig& config, const MethodCatalogue& methods)
      : methods_(known_methods(config, methods)) {
    for (const auto& model : config.models) {
      names_.push_back(model.name);
      models_.emplace(model.name, &model);
    }
  }

  /// The cell that an item names. Kept ones need their method's hyper-parameters.
  GridCell read(ConfigObject& item, bool is_kept) const {
    auto cell = named_in(item);
    const auto model = models_.find(cell.model);
    if (model == models_.end()) {
      item.fail("cell: " + cell.name() + ": there is no model \"" + cell.model + "\"; expected " +
                join_alternatives(names_) + suggestion(cell.model, names_));
    }
    if (std::ranges::find(methods_, cell.method) == methods_.end()) {
      item.fail("cell: " + cell.name() + ": there is no method \"" + cell.method + "\"; expected " +
                join_alternatives(methods_) + suggestion(cell.method, methods_));
    }
    if (is_kept && !model->second->methods.contains(cell.method)) {
      item.fail("cell: " + cell.name() + ": model " + cell.model + " has no hyper-parameters of " + cell.method);
    }
    return cell;
  }

 private:
  std::vector<std::string> methods_;
  std::vector<std::string> names_;
  std::map<std::string, const ModelConfig*> models_;

  static GridCell named_in(ConfigObject& item) {
    const auto name = item.text("cell");
    try {
      return GridCell::from_name(name);
    } catch (const ConfigError& error) {
      item.fail(std::string("cell: ") + error.what());
    }
  }
};

void read_cells(ConfigObject& object, const MethodCatalogue& methods, ExperimentConfig& config) {
  const CellReader reader(config, methods);
  object.each("cells", [&](ConfigObject item) {
    const auto cell = reader.read(item, true);
    config.cells.push_back(cell);
    config.edits[cell] = item.integer("edits", 1, kMaxEdits);
    item.finish();
  });
  object.each("skipped", [&](ConfigObject item) {
    auto cell = reader.read(item, false);
    config.skipped.push_back({std::move(cell), item.text("reason")});
    item.finish();
  });
  if (const auto problem = cells_problem(config.cells, config.skipped); !problem.empty()) {
    object.fail("cells: " + problem);
  }
}

}  // namespace

std::string to_json(const ExperimentConfig& config) {
  auto document = fields_to_json(config);
  document["source"] = config.source.string();
  for (auto* key : {"models", "tasks", "cells", "skipped"}) document[key] = json::array();
  for (const auto& model : config.models) document["models"].push_back(model_to_json(model));
  for (const auto& task : config.tasks) document["tasks"].push_back(fields_to_json(task));
  for (const auto& cell : config.cells) {
    document["cells"].push_back({{"cell", cell.name()}, {"edits", config.edits.at(cell)}});
  }
  for (const auto& [cell, reason] : config.skipped) {
    document["skipped"].push_back({{"cell", cell.name()}, {"reason", reason}});
  }
  return dump_json(document, 1) + "\n";
}

namespace {

/// Adds the keys that older versions did not write, with what they did. Any other key that lacks is an error: a file
/// that lost one would go on with another meaning.
nlohmann::json with_later_keys(nlohmann::json document) {
  if (!document.is_object()) return document;
  const ExperimentConfig defaults;
  document.emplace("scores_every", 0);
  document.emplace("texts_every", 0);
  document.emplace("texts_facts", defaults.texts_facts);
  document.emplace("texts_tokens", defaults.texts_tokens);
  document.emplace("monitor_every", 0);
  document.emplace("monitor_text", "");
  document.emplace("monitor_tokens", defaults.monitor_tokens);
  document.emplace("stop_at_collapse", nullptr);
  const auto models = document.find("models");
  if (models == document.end() || !models->is_array()) return document;
  for (auto& model : *models) {
    if (model.is_object()) model.emplace("weights", "fp32");
  }
  return document;
}

}  // namespace

ExperimentConfig experiment_config_from_json(const std::string& text, const MethodCatalogue& methods,
                                             const std::string& place) {
  const auto document = with_later_keys(parse_json<ConfigError>(text, place));
  ConfigObject object(document, place);
  ExperimentConfig config;
  read_fields(object, config);
  config.source = object.text("source");
  std::set<std::string> names;
  object.each("models", [&](const ConfigObject& model) {
    config.models.push_back(model_from_json(model, methods));
    if (!names.insert(config.models.back().name).second) model.fail("is there twice");
  });
  if (config.models.empty()) object.fail("models: expected at least one model, found none");
  object.each("tasks", [&](ConfigObject task) { config.tasks.push_back(task_from_json(std::move(task))); });
  read_cells(object, methods, config);
  object.finish();
  for (const auto& problem : experiment_problems(config)) object.fail(problem.path() + ": " + problem.text);
  return config;
}

ExperimentConfig read_experiment_config(const std::filesystem::path& path, const MethodCatalogue& methods) {
  std::string text;
  try {
    text = text_of_file(path);
  } catch (const StorageError& error) {
    throw StorageError(std::string(error.what()) +
                       "; name the folder of a sweep (`lethe sweep CONFIG --out DIR` makes one)");
  }
  try {
    return experiment_config_from_json(text, methods, path.string());
  } catch (const ConfigError& error) {
    throw StorageError(std::string(error.what()) +
                       "; `lethe sweep CONFIG --out DIR` with the sweep's config writes the file anew");
  }
}

}  // namespace lethe::core::inline config
