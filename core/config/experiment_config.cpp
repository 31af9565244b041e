#include "core/config/experiment_config.h"

#include <algorithm>
#include <limits>

#include "core/config/grid_reader.h"
#include "core/config/method_yaml.h"
#include "core/config/schedule.h"
#include "core/config/task_reader.h"
#include "core/config/yaml_map.h"
#include "core/error.h"
#include "core/nearest_word.h"

namespace lethe::core::inline config {
namespace {

constexpr IntegerRange kIntervalRange{1, kMaxEdits};
constexpr IntegerRange kThreadsRange{1, 1024};

/// A map that stands inline, or in a file that is named instead. The file must outlive the value.
std::optional<YamlValue> resolve(const YamlValue& value, std::optional<YamlFile>& file) {
  if (!value.node.IsScalar()) return value;
  const auto path = value.file_path();
  if (!path) return std::nullopt;
  std::error_code error;
  if (!std::filesystem::exists(*path, error)) {
    value.problem("expected a file, found no " + path->string());
    return std::nullopt;
  }
  // Shown as the user would reach it: from where the naming file was reached.
  const std::filesystem::path named(value.node.Scalar());
  const auto shown = named.is_absolute() ? named : std::filesystem::path(value.file->display).parent_path() / named;
  file = read_yaml_file(shown, *value.problems);
  if (!file) return std::nullopt;
  return YamlValue{&*file, file->root, "", value.problems, file->root.Mark()};
}

class ExperimentReader {
 public:
  ExperimentReader(const YamlFile& file, const std::filesystem::path& path, const MethodCatalogue& methods,
                   ProblemList& problems)
      : methods_(methods), map_(YamlValue{&file, file.root, "", &problems}, "a map of an experiment's settings") {
    config_.source = std::filesystem::absolute(path).lexically_normal();
    config_.name = path.stem().string();
  }

  ExperimentConfig read() {
    read_run_settings();
    read_dataset();
    read_models();
    read_cells();
    read_intervals();
    read_tasks();
    read_roles();
    map_.finish();
    if (map_.is_map()) check_cells();
    return std::move(config_);
  }

 private:
  const MethodCatalogue& methods_;
  YamlMap map_;
  ExperimentConfig config_;
  /// Where a model's problems belong.
  std::map<std::string, YamlValue> model_places_;

  void read_run_settings() {
    const auto name = map_.find("name");
    if (name) {
      assign(config_.name, name->name());
    } else if (!is_path_safe_name(config_.name)) {
      map_.value().inner_problem("name: is missing, and the file's name \"" + config_.name +
                                 "\" cannot take its place; expected letters, digits, '.', '_' and '-'");
    }
    if (const auto value = map_.find("fidelity")) {
      const auto word = value->word(std::vector<std::string>{"code", "paper"});
      if (word) config_.fidelity = *word == "paper" ? Fidelity::kPaper : Fidelity::kCode;
    }
    if (const auto value = map_.find("device")) {
      assign(config_.device, value->word(std::vector<std::string>{"cpu", "cuda"}));
    }
    if (const auto value = map_.find("threads")) assign(config_.threads, value->integer(kThreadsRange));
    if (const auto value = map_.find("seed")) assign(config_.seed, value->integer({}));
  }

  void read_dataset() {
    const auto value = map_.find("dataset", Presence::kRequired, "a map with records and samples");
    if (!value) return;
    YamlMap dataset(*value, "a map with format, records, samples and completions");
    if (const auto format = dataset.find("format")) {
      assign(config_.dataset.format, format->word(std::vector<std::string>{"counterfact", "zsre"}));
    }
    if (const auto records = dataset.find("records", Presence::kRequired, "a path")) {
      assign(config_.dataset.records, records->file_path());
    }
    if (const auto samples = dataset.find("samples", Presence::kRequired, "a path, or the word published")) {
      const bool is_published = samples->node.IsScalar() && samples->node.Scalar() == "published";
      if (!is_published) assign(config_.dataset.samples, samples->file_path());
    }
    if (const auto completions = dataset.find("completions")) {
      assign(config_.dataset.completions, completions->file_path());
      if (config_.dataset.format != "zsre") completions->problem("is for format: zsre; expected no such key");
    }
    dataset.finish();
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

  ModelConfig read_model(const std::string& name, const YamlValue& value) {
    ModelConfig model;
    model.name = name;
    model_places_.emplace(name, value);
    YamlMap map(value, "a map with path, second_moments, second_moment_placement and methods");
    if (const auto path = map.find("path", Presence::kRequired, "a path of a Hugging Face model folder")) {
      assign(model.path, path->file_path());
    }
    if (const auto moments = map.find("second_moments")) model.second_moments = read_second_moments(*moments);
    if (const auto placement = map.find("second_moment_placement")) {
      const auto word = placement->word(std::vector<std::string>{"device", "host"});
      if (word == "host") model.second_moment_placement = SecondMomentPlacement::kHost;
    }
    if (const auto methods = map.find("methods", Presence::kRequired, "a map of hyper-parameters by method")) {
      model.methods = read_methods(*methods);
    }
    map.finish();
    return model;
  }

  static void read_published_moments(const YamlValue& npz, YamlMap& map, SecondMomentConfig& moments) {
    const auto path = npz.file_path();
    if (!path) return;
    moments.npz = path->string();
    const auto slot = moments.npz.find("{layer}");
    if (slot == std::string::npos || moments.npz.find("{layer}", slot + 1) != std::string::npos) {
      npz.problem("expected a path with {layer} once, where the layer's number stands");
    }
    for (const auto* key :
         {"corpus", "max_documents", "max_tokens", "batch_tokens", "documents_per_slice", "memory_gb"}) {
      if (const auto other = map.find(key)) other->problem("is for second moments of a corpus; expected npz alone");
    }
  }

  static SecondMomentConfig read_second_moments(const YamlValue& value) {
    SecondMomentConfig moments;
    YamlMap map(value,
                "a map with npz, or with corpus, max_documents, max_tokens, batch_tokens, documents_per_slice and "
                "memory_gb");
    if (const auto corpus = map.find("corpus")) assign(moments.corpus, corpus->file_path());
    if (const auto npz = map.find("npz")) read_published_moments(*npz, map, moments);
    if (map.is_map() && moments.corpus.empty() && moments.npz.empty()) {
      value.problem("expected corpus: a text file, or npz: the published files' path with {layer} in it");
    }
    if (const auto count = map.find("max_documents")) assign(moments.max_documents, count->integer({1}));
    if (const auto count = map.find("max_tokens")) assign(moments.max_tokens, count->integer({0}));
    if (const auto count = map.find("batch_tokens")) assign(moments.batch_tokens, count->integer({1, 1 << 24}));
    if (const auto count = map.find("documents_per_slice")) assign(moments.documents_per_slice, count->integer({1}));
    if (const auto size = map.find("memory_gb")) assign(moments.memory_gb, size->real({0.0}));
    map.finish();
    return moments;
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
    map.finish();
    return methods;
  }

  std::vector<std::string> model_names() const {
    std::vector<std::string> names;
    for (const auto& model : config_.models) names.push_back(model.name);
    return names;
  }

  void read_cells() {
    if (const auto grid = map_.find("grid", Presence::kRequired, "a map with methods, models and samples")) {
      auto [cells, skipped] = read_grid(*grid, methods_.names(), model_names());
      config_.cells = std::move(cells);
      config_.skipped = std::move(skipped);
    }
    if (const auto edits = map_.find("edits", Presence::kRequired, "a whole number of edits per cell, or a map")) {
      config_.edits = read_edits(*edits, config_.cells, methods_.names(), model_names());
    }
  }

  void read_intervals() {
    read_interval("checkpoint_every", config_.checkpoint_every);
    read_interval("forgetting_every", config_.forgetting_every);
    read_interval("tasks_every", config_.tasks_every);
  }

  void read_interval(const char* name, std::int64_t& interval) {
    const auto value = map_.find(name);
    if (value) assign(interval, value->integer(kIntervalRange));
    const auto problem = interval_problem(config_, interval);
    if (problem.empty()) return;
    if (value) {
      value->problem(problem);
    } else {
      map_.value().inner_problem(std::string(name) + ": " + problem);
    }
  }

  void read_tasks() {
    const auto value = map_.find("tasks");
    const auto items = value ? value->list("a list of task files") : std::nullopt;
    if (!items) return;
    for (const auto& item : *items) {
      std::optional<YamlFile> file;
      const auto resolved = resolve(item, file);
      if (!resolved) continue;
      auto task = read_task_config(*resolved);
      const bool is_known = std::any_of(config_.tasks.begin(), config_.tasks.end(),
                                        [&](const TaskConfig& other) { return other.name == task.name; });
      if (is_known && !task.name.empty()) {
        item.problem("is a second task named \"" + task.name + "\"; expected distinct names");
      }
      config_.tasks.push_back(std::move(task));
    }
  }

  void read_roles() {
    const auto reducers = map_.find("reducers");
    if (reducers && !(reducers->node.IsScalar() && reducers->node.Scalar() == "auto")) read_reducer_count(*reducers);
    if (const auto value = map_.find("elastic_roles")) assign(config_.elastic_roles, value->boolean());
    if (const auto value = map_.find("executors_per_gpu")) {
      assign(config_.executors_per_gpu, value->integer({1, 64}));
    }
    if (const auto value = map_.find("keep_snapshots")) {
      assign(config_.keep_snapshots, value->word(std::vector<std::string>{"all", "newest"}));
    }
    if (const auto value = map_.find("reducer_cache_gb")) assign(config_.reducer_cache_gb, value->real({0.0}));
    if (config_.reducers == 0 && !config_.elastic_roles) {
      reducers->problem("nobody would reduce with 0 reducers and elastic_roles: false; expected at least 1");
    }
  }

  void read_reducer_count(const YamlValue& value) {
    const auto text = value.node.IsScalar() ? value.node.Scalar() : std::string();
    const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (!is_number) {
      value.unexpected("auto or a whole number of at least 0", std::vector<std::string>{"auto"});
    } else if (const auto number = value.integer({0, 1'000'000})) {
      config_.reducers = static_cast<int>(*number);
    }
  }

  /// Every cell's model must bring what its method needs.
  void check_cells() {
    for (const auto& model : config_.models) {
      const auto& place = model_places_.at(model.name);
      std::string needy;
      for (const auto& method : methods_.names()) {
        const bool is_used = std::any_of(config_.cells.begin(), config_.cells.end(), [&](const GridCell& cell) {
          return cell.model == model.name && cell.method == method;
        });
        if (!is_used) continue;
        const auto parameters = model.methods.find(method);
        if (parameters == model.methods.end()) {
          place.inner_problem("methods." + method + ": is missing; expected hyper-parameters, because the grid has " +
                              method + "/" + model.name);
        } else if (needy.empty() && !parameters->second->second_moment_layers().empty()) {
          needy = method;
        }
      }
      if (!needy.empty() && !model.second_moments) {
        place.inner_problem("second_moments: is missing; expected {corpus: FILE} or {npz: FILES}, because " + needy +
                            " needs it");
      }
    }
  }
};

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
  ProblemList problems;
  const auto file = read_yaml_file(path, problems);
  problems.throw_if_any(path.string());
  auto config = ExperimentReader(*file, path, methods, problems).read();
  problems.throw_if_any(path.string());
  return config;
}

}  // namespace lethe::core::inline config
