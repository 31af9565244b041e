#include <algorithm>
#include <set>

#include "core/config/experiment_config.h"
#include "core/config/method_json.h"
#include "core/config/schedule.h"
#include "core/config/task_reader.h"
#include "core/error.h"
#include "core/json_object.h"

namespace lethe::core::inline config {
namespace {

using nlohmann::json;
using ConfigObject = JsonObject<ConfigError>;

json task_to_json(const TaskConfig& task) {
  json answers = json::array();
  for (const auto& answer : task.answers) answers.push_back({{"word", answer.word}, {"label", answer.label}});
  return {{"name", task.name},
          {"title", task.title},
          {"examples", task.examples.string()},
          {"prefix", task.prefix},
          {"query", task.query},
          {"marker", task.marker},
          {"answers", answers},
          {"max_new_tokens", task.max_new_tokens}};
}

TaskConfig task_from_json(ConfigObject object) {
  TaskConfig task;
  task.name = object.text("name");
  task.title = object.text("title");
  task.examples = object.text("examples");
  task.prefix = object.text("prefix");
  task.query = object.text("query");
  task.marker = object.text("marker");
  object.each("answers", [&](ConfigObject answer) {
    task.answers.push_back({answer.text("word"), answer.small_integer("label", 0)});
    answer.finish();
  });
  task.max_new_tokens = object.small_integer("max_new_tokens", 1, 256);
  object.finish();
  if (!is_path_safe_name(task.name)) object.fail("name: \"" + task.name + "\" is no task's name");
  if (const auto problem = task_config_problem(task); !problem.empty()) object.fail(problem);
  return task;
}

json model_to_json(const ModelConfig& model) {
  json methods = json::object();
  for (const auto& [name, config] : model.methods) methods[name] = method_to_json(config);
  json moments = nullptr;
  if (model.second_moments) {
    moments = {{"corpus", model.second_moments->corpus.string()},
               {"npz", model.second_moments->npz},
               {"max_documents", model.second_moments->max_documents},
               {"max_tokens", model.second_moments->max_tokens},
               {"batch_tokens", model.second_moments->batch_tokens},
               {"documents_per_slice", model.second_moments->documents_per_slice},
               {"memory_gb", model.second_moments->memory_gb}};
  }
  const bool is_on_host = model.second_moment_placement == SecondMomentPlacement::kHost;
  return {{"name", model.name},
          {"path", model.path.string()},
          {"second_moments", moments},
          {"second_moment_placement", is_on_host ? "host" : "device"},
          {"methods", methods}};
}

SecondMomentConfig moments_from_json(ConfigObject object) {
  SecondMomentConfig moments;
  moments.corpus = object.text("corpus");
  moments.npz = object.text("npz");
  moments.max_documents = object.integer("max_documents", 1);
  moments.max_tokens = object.integer("max_tokens", 0);
  moments.batch_tokens = object.integer("batch_tokens", 1, 1 << 24);
  moments.documents_per_slice = object.integer("documents_per_slice", 1);
  moments.memory_gb = object.real("memory_gb");
  if (!(moments.memory_gb >= 0.0)) object.fail("memory_gb: expected a number of at least 0");
  object.finish();
  return moments;
}

std::string choose(ConfigObject& object, const char* key, const std::set<std::string>& words) {
  auto word = object.text(key);
  if (words.count(word) == 0) object.fail(std::string(key) + ": \"" + word + "\" is none of its words");
  return word;
}

ModelConfig model_from_json(ConfigObject object, const MethodCatalogue& methods) {
  ModelConfig model;
  model.name = object.text("name");
  if (!is_path_safe_name(model.name)) object.fail("name: \"" + model.name + "\" is no model's name");
  model.path = object.text("path");
  const auto& moments = object.at("second_moments");
  if (!moments.is_null()) model.second_moments = moments_from_json({moments, object.place_of("second_moments")});
  const auto placement = choose(object, "second_moment_placement", {"device", "host"});
  if (placement == "host") model.second_moment_placement = SecondMomentPlacement::kHost;
  for (const auto& [method, value] : object.object("methods").items()) {
    model.methods.emplace(method, method_from_json(methods, method, value, object.place_of("methods." + method)));
  }
  object.finish();
  return model;
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

void read_choices(ConfigObject& object, ExperimentConfig& config) {
  config.fidelity = choose(object, "fidelity", {"code", "paper"}) == "paper" ? Fidelity::kPaper : Fidelity::kCode;
  config.device = choose(object, "device", {"cpu", "cuda"});
  config.keep_snapshots = choose(object, "keep_snapshots", {"all", "newest"});
  const auto& dataset = object.at("dataset");
  ConfigObject fields(dataset, object.place_of("dataset"));
  config.dataset = {fields.text("format"), fields.text("records"), fields.text("samples"), std::nullopt};
  const auto completions = fields.text("completions");
  if (!completions.empty()) config.dataset.completions = completions;
  fields.finish();
  if (config.dataset.format != "counterfact" && config.dataset.format != "zsre") {
    fields.fail("format: expected counterfact or zsre");
  }
}

void read_numbers(ConfigObject& object, ExperimentConfig& config) {
  config.threads = object.small_integer("threads", 1, 1024);
  config.seed = static_cast<std::uint64_t>(object.integer("seed", 0));
  config.checkpoint_every = object.integer("checkpoint_every", 1, kMaxEdits);
  config.forgetting_every = object.integer("forgetting_every", 1, kMaxEdits);
  config.tasks_every = object.integer("tasks_every", 1, kMaxEdits);
  config.elastic_roles = object.boolean("elastic_roles");
  config.executors_per_gpu = object.small_integer("executors_per_gpu", 1, 64);
  config.reducer_cache_gb = object.real("reducer_cache_gb");
  if (object.is_null("reducers")) {
    object.at("reducers");
  } else {
    config.reducers = object.small_integer("reducers", 0, 1'000'000);
  }
}

}  // namespace

std::string to_json(const ExperimentConfig& config) {
  json models = json::array();
  for (const auto& model : config.models) models.push_back(model_to_json(model));
  json tasks = json::array();
  for (const auto& task : config.tasks) tasks.push_back(task_to_json(task));
  json cells = json::array();
  for (const auto& cell : config.cells) cells.push_back({{"cell", cell.name()}, {"edits", config.edits.at(cell)}});
  json skipped = json::array();
  for (const auto& [cell, reason] : config.skipped) skipped.push_back({{"cell", cell.name()}, {"reason", reason}});

  const json document{{"name", config.name},
                      {"source", config.source.string()},
                      {"fidelity", config.fidelity == Fidelity::kPaper ? "paper" : "code"},
                      {"device", config.device},
                      {"threads", config.threads},
                      {"seed", config.seed},
                      {"dataset",
                       {{"format", config.dataset.format},
                        {"records", config.dataset.records.string()},
                        {"samples", config.dataset.samples.string()},
                        {"completions", config.dataset.completions.value_or("").string()}}},
                      {"models", models},
                      {"cells", cells},
                      {"skipped", skipped},
                      {"checkpoint_every", config.checkpoint_every},
                      {"forgetting_every", config.forgetting_every},
                      {"tasks_every", config.tasks_every},
                      {"tasks", tasks},
                      {"reducers", config.reducers ? json(*config.reducers) : json(nullptr)},
                      {"elastic_roles", config.elastic_roles},
                      {"executors_per_gpu", config.executors_per_gpu},
                      {"keep_snapshots", config.keep_snapshots},
                      {"reducer_cache_gb", config.reducer_cache_gb}};
  return dump_json(document, 1) + "\n";
}

ExperimentConfig experiment_config_from_json(const std::string& text, const MethodCatalogue& methods) {
  const auto document = parse_json<ConfigError>(text, "experiment.json");
  ConfigObject object(document, "experiment.json");
  ExperimentConfig config;
  config.name = object.text("name");
  if (!is_path_safe_name(config.name)) object.fail("name: \"" + config.name + "\" is no experiment's name");
  config.source = object.text("source");
  read_choices(object, config);
  read_numbers(object, config);
  object.each("models",
              [&](ConfigObject model) { config.models.push_back(model_from_json(std::move(model), methods)); });
  object.each("tasks", [&](ConfigObject task) { config.tasks.push_back(task_from_json(std::move(task))); });
  read_cells(object, config);
  object.finish();
  // Without tasks their interval makes no checkpoints.
  const auto tasks_every = config.tasks.empty() ? config.checkpoint_every : config.tasks_every;
  for (const auto interval : {config.checkpoint_every, config.forgetting_every, tasks_every}) {
    if (const auto problem = interval_problem(config, interval); !problem.empty()) object.fail(problem);
  }
  return config;
}

}  // namespace lethe::core::inline config
