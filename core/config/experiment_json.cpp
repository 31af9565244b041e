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

namespace lethe::core::inline config {
namespace {

using nlohmann::json;
using ConfigObject = JsonObject<ConfigError>;

json model_to_json(const ModelConfig& model) {
  auto fields = fields_to_json(model);
  fields["name"] = model.name;
  fields["methods"] = json::object();
  for (const auto& [name, config] : model.methods) fields["methods"][name] = method_to_json(config);
  return fields;
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
    model.methods.emplace(method, method_from_json(methods, method, value, object.place_of("methods." + method)));
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

void read_cells(ConfigObject& object, ExperimentConfig& config) {
  object.each("cells", [&](ConfigObject item) {
    const auto cell = GridCell::from_name(item.text("cell"));
    config.cells.push_back(cell);
    if (!config.edits.emplace(cell, item.integer("edits", 1, kMaxEdits)).second) {
      item.fail(cell.name() + " is there twice");
    }
    item.finish();
    static_cast<void>(config.method_of(cell));  // throws if the model or its hyper-parameters are not there
  });
  object.each("skipped", [&](ConfigObject item) {
    config.skipped.push_back({GridCell::from_name(item.text("cell")), item.text("reason")});
    item.finish();
  });
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
  document.emplace("scores_every", 0);
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
  read_cells(object, config);
  object.finish();
  for (const auto& problem : experiment_problems(config, methods)) object.fail(problem.path() + ": " + problem.text);
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
